/** What an edit does to rows, net: a row that is removed and put back as it was has not changed. */
import type { RowChange } from '../../store/store.ts'
import { cell, type Row, renderRowKey } from '../../tables/row.ts'
import { TABLES, type TableSchema } from '../../tables/schema.ts'
import { isSecret, MASK } from '../../tables/secrets.ts'

export interface ColumnChange {
  readonly column: string
  readonly before: string
  readonly after: string
}

export interface NetRowChange {
  readonly table: string
  /** `node=cn01` */
  readonly row: string
  /** The value of the one key column; undefined when the key has several. */
  readonly name: string | undefined
  readonly kind: 'added' | 'changed' | 'removed'
  /** Secrets are masked. */
  readonly columns: readonly ColumnChange[]
}

export function netRowChanges(changes: readonly RowChange[]): NetRowChange[] {
  const byTable = new Map<string, Map<string, { before: Row | undefined; after: Row | undefined }>>()
  for (const { table, before, after } of changes) {
    const schema = TABLES.get(table)
    if (schema === undefined) continue
    const rows = byTable.get(table) ?? new Map<string, { before: Row | undefined; after: Row | undefined }>()
    byTable.set(table, rows)
    const note = (row: Row, what: 'before' | 'after') => {
      const key = JSON.stringify(schema.key.map((column) => cell(row, column)))
      const known = rows.get(key)
      if (known === undefined)
        rows.set(key, what === 'before' ? { before: row, after: undefined } : { before: undefined, after: row })
      // The first state of a row is its state before; the last one counts as after.
      else known.after = what === 'after' ? row : undefined
    }
    if (before !== undefined) note(before, 'before')
    if (after !== undefined) note(after, 'after')
  }
  return [...byTable].flatMap(([table, rows]) => {
    const schema = TABLES.get(table) as TableSchema
    return [...rows.values()].flatMap(({ before, after }) => netChange(schema, before, after) ?? [])
  })
}

function netChange(schema: TableSchema, before: Row | undefined, after: Row | undefined): NetRowChange | undefined {
  const row = after ?? before
  if (row === undefined) return undefined
  const columns: ColumnChange[] = []
  for (const { name } of schema.columns) {
    const [was, is] = [before === undefined ? '' : cell(before, name), after === undefined ? '' : cell(after, name)]
    if (was === is || schema.key.includes(name)) continue
    const shown = (text: string) => (text !== '' && isSecret(schema.name, name, row) ? MASK : text)
    columns.push({ column: name, before: shown(was), after: shown(is) })
  }
  if (before !== undefined && after !== undefined && columns.length === 0) return undefined
  const kind = before === undefined ? 'added' : after === undefined ? 'removed' : 'changed'
  const [only, second] = schema.key
  const name = only !== undefined && second === undefined ? cell(row, only) : undefined
  return { table: schema.name, row: renderRowKey(row, schema.key), name, kind, columns }
}
