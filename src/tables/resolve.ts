/**
 * What a node's attribute is: its own row, then its groups in the order of nodelist.groups, each column for itself;
 * then the value pattern. `value` is the fast path, `explain` says where the value came from.
 */
import { type CompiledCell, compileCell } from './cells.ts'
import { cell, enabledRows, indexRows, type Row, splitList, type TablesView } from './row.ts'

export interface Resolved {
  readonly value: string | undefined
  /** Names table, row and column. */
  readonly fault?: string
}

/** One cell that gave the value, a part of it, or would have. */
export interface CellOrigin {
  readonly table: string
  /** Key of the row: the node's name or a group's. */
  readonly key: string
  readonly from: 'node' | 'group'
  readonly column: string
  readonly cell: string
}

export interface Explained extends Resolved {
  /** Cells the value is made of, in order; more than one when values accumulate. */
  readonly origins: readonly CellOrigin[]
  /** Rows further on that have the column as well and were not asked. */
  readonly shadowed: readonly CellOrigin[]
}

export interface Resolver {
  /** nodelist.groups, in order; empty for an unknown node. */
  groups(node: string): readonly string[]
  resolve(node: string, table: string, column: string): Resolved
  value(node: string, table: string, column: string): string | undefined
  /** Key of the row that gives the value, or the first part of it. */
  source(node: string, table: string, column: string): string | undefined
  explain(node: string, table: string, column: string): Explained
}

const UNSET: Resolved = { value: undefined }

/** A value that ends so goes on with the value of the next group. */
export const NEXT_RECORD = '+=NEXTRECORD'

export function createResolver(view: TablesView): Resolver {
  const patterns = new Map<string, CompiledCell>()
  const groupLists = new Map<string, readonly string[]>()
  const delimiters = parseHierarchicalAttributes(view)

  function rowsFor(table: string, key: string): readonly Row[] {
    return indexRows(view.read(table), 'node').get(key) ?? []
  }

  function firstCell(table: string, key: string, column: string): string {
    // Where a node has several rows (switch), the first is the one that counts.
    const [row] = rowsFor(table, key)
    return row ? cell(row, column) : ''
  }

  function groups(node: string): readonly string[] {
    let list = groupLists.get(node)
    if (!list) {
      list = splitList(firstCell('nodelist', node, 'groups'))
      groupLists.set(node, list)
    }
    return list
  }

  /** Key of the first row that has the column. */
  function firstKey(node: string, table: string, column: string): string | undefined {
    if (firstCell(table, node, column) !== '') return node
    if (table === 'nodelist') return undefined
    return groups(node).find((group) => firstCell(table, group, column) !== '')
  }

  /** `visit` says for each non-empty cell whether to go on. */
  function visitCells(
    node: string,
    table: string,
    column: string,
    visit: (key: string, text: string) => boolean,
  ): void {
    const own = firstCell(table, node, column)
    if (own !== '' && !visit(node, own)) return
    if (table === 'nodelist') return
    for (const group of groups(node)) {
      if (group === node) continue
      const text = firstCell(table, group, column)
      if (text !== '' && !visit(group, text)) return
    }
  }

  function evaluate(node: string, table: string, key: string, column: string, text: string): Resolved {
    if (text === '') return UNSET
    // Patterns start with one of two characters: most cells need no look-up.
    if (text[0] !== '|' && text[0] !== '/') return { value: text }
    let compiled = patterns.get(text)
    if (!compiled) {
      compiled = compileCell(text)
      patterns.set(text, compiled)
    }
    const result = compiled.evaluate(node)
    const value = result.value === '' ? undefined : result.value
    return result.fault === undefined
      ? { value }
      : { value, fault: `${table} row node=${key}, column ${column}: ${result.fault}` }
  }

  /** Patterns are worked out cell by cell, before values are joined. */
  function gather(node: string, table: string, column: string): Resolved & { readonly origins: CellOrigin[] } {
    const delimiter = table === 'nodelist' ? undefined : delimiters.get(column)
    const origins: CellOrigin[] = []
    let text = ''
    let fault: string | undefined
    const parts = new Set<string>()
    visitCells(node, table, column, (key, found) => {
      origins.push({ table, key, from: key === node ? 'node' : 'group', column, cell: found })
      const more = delimiter === undefined && found.endsWith(NEXT_RECORD)
      const part = evaluate(node, table, key, column, more ? found.slice(0, -NEXT_RECORD.length) : found)
      fault ??= part.fault
      text += part.value ?? ''
      if (delimiter === undefined) return more
      for (const item of part.value?.split(delimiter) ?? []) parts.add(item)
      // A pattern that comes to nothing says: no more.
      return part.value !== undefined
    })
    const value = (delimiter === undefined ? text : [...parts].join(delimiter)) || undefined
    return fault === undefined ? { value, origins } : { value, fault, origins }
  }

  function resolve(node: string, table: string, column: string): Resolved {
    // Nearly every value comes whole from one cell: no lists are made for it.
    if (table === 'nodelist' || !delimiters.has(column)) {
      const first = firstKey(node, table, column)
      if (first === undefined) return UNSET
      const text = firstCell(table, first, column)
      if (!text.endsWith(NEXT_RECORD)) return evaluate(node, table, first, column, text)
    }
    return gather(node, table, column)
  }

  return {
    groups,
    resolve,
    value: (node, table, column) => resolve(node, table, column).value,
    source: firstKey,
    explain(node, table, column) {
      const gathered = gather(node, table, column)
      const { origins } = gathered
      const used = new Set(origins.map(({ key }) => key))
      const shadowed: CellOrigin[] = []
      visitCells(node, table, column, (key, found) => {
        if (!used.has(key)) shadowed.push({ table, key, from: 'group', column, cell: found })
        return true
      })
      return { ...gathered, shadowed }
    },
  }
}

/** site.hierarchicalattrs: `attr` or `attr:delimiter`, comma list. */
export function parseHierarchicalAttributes(view: TablesView): ReadonlyMap<string, string> {
  const setting = enabledRows(view, 'site').find((row) => cell(row, 'key') === 'hierarchicalattrs')
  const delimiters = new Map<string, string>()
  for (const item of splitList(setting ? cell(setting, 'value') : '')) {
    const colon = item.indexOf(':')
    if (colon === -1) delimiters.set(item, ',')
    else delimiters.set(item.slice(0, colon), item.slice(colon + 1) || ',')
  }
  return delimiters
}
