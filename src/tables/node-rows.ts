/** tabgrep: which tables hold rows for a node, under its own name or one of its groups'. */
import { isNode } from './groups.ts'
import type { Resolver } from './resolve.ts'
import { indexRows, type TablesView } from './row.ts'
import { NODE_TABLE_NAMES } from './schema.ts'

export interface TableWithRows {
  readonly table: string
  /** The nodes and groups whose rows they are. */
  readonly keys: readonly string[]
}

export interface FoundRows {
  readonly found: readonly TableWithRows[]
  /** Neither nodes nor the key of any row. */
  readonly unknown: readonly string[]
}

export function nodeRows(view: TablesView, resolver: Resolver, names: readonly string[]): FoundRows {
  const groups = new Set(names.flatMap((name) => resolver.groups(name)))
  const seen = new Set(names.filter((name) => isNode(view, name)))
  const found: TableWithRows[] = []
  for (const table of NODE_TABLE_NAMES) {
    const rows = indexRows(view.read(table), 'node')
    const own = names.filter((name) => rows.has(name))
    for (const name of own) seen.add(name)
    // Groups lend nothing of nodelist.
    const lent = table === 'nodelist' ? [] : [...groups].filter((group) => rows.has(group))
    if (own.length + lent.length > 0) found.push({ table, keys: [...own, ...lent] })
  }
  return { found, unknown: names.filter((name) => !seen.has(name)) }
}
