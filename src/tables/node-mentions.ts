/** Where a node is named by the rows of others: as their server, their switch, the host of a directory. */
import { cell, renderRowKey, type TablesView } from './row.ts'
import { TABLES } from './schema.ts'

export interface Mention {
  readonly table: string
  /** Its key, as messages name it. */
  readonly row: string
  readonly column: string
  readonly node: string
}

/** What happened, not how things are: names in there are history. */
const LOGS = new Set(['auditlog', 'eventlog'])
/** Free text, and words of the node's own life. */
const NOT_NAMES = new Set(['comments', 'disable', 'node', 'groups', 'profile', 'provmethod'])

/** Cells whose items are a node's name, or begin with it as in `n1:/export`. Rows of these nodes do not count. */
export function findMentions(view: TablesView, nodes: ReadonlySet<string>): Mention[] {
  const mentions: Mention[] = []
  for (const { name: table, columns, nodeTable, key } of TABLES.values()) {
    if (LOGS.has(table) || table === 'nodelist') continue
    const names = columns.map(({ name }) => name).filter((name) => !NOT_NAMES.has(name))
    for (const row of view.read(table)) {
      if (nodeTable && nodes.has(cell(row, 'node'))) continue
      for (const column of names) {
        const text = cell(row, column)
        const node =
          text === ''
            ? undefined
            : text
                .split(',')
                .map(hostOf)
                .find((host) => nodes.has(host))
        if (node !== undefined) mentions.push({ table, row: renderRowKey(row, key), column, node })
      }
    }
  }
  return mentions
}

/** `n1`, `n1:/export`, `n1.cluster.test` → n1; addresses stay whole. */
function hostOf(item: string): string {
  const host = item.split(':', 1)[0]?.trim() ?? ''
  return /^[\d.]+$/.test(host) ? host : (host.split('.', 1)[0] ?? '')
}
