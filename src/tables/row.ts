/**
 * The tables room: what xCAT's tables are and what their cells mean. Rows go in, values come out; everything here is
 * pure. It must not know where rows are kept (store), what a boot looks like, or any socket, clock or file.
 *
 * This file holds the words every other file here uses: a row, a view of all tables, and when a row counts.
 */

/** One row: column → text, null when unset. Key columns are never null: a blank key is ''. Never changed in place. */
export type Row = Readonly<Record<string, string | null>>

/** All tables at one moment. A table that was never written reads as no rows; the array is never changed in place. */
export interface TablesView {
  read(table: string): readonly Row[]
}

/** The text of a cell; unset and empty are the same thing to every reader. */
export function cell(row: Row, column: string): string {
  return row[column] ?? ''
}

const ENABLED = new Set(['', '0', 'n', 'no', 'false'])
const DISABLED = new Set(['1', 'y', 'yes', 'true'])

/** xCAT disables a row on any other word as well; such a word is kept out when a row is written. */
export function isEnabled(row: Row): boolean {
  return ENABLED.has(cell(row, 'disable').toLowerCase())
}

export function isDisableWord(value: string): boolean {
  const word = value.toLowerCase()
  return ENABLED.has(word) || DISABLED.has(word)
}

export function enabledRows(view: TablesView, table: string): readonly Row[] {
  const rows = view.read(table)
  return rows.every(isEnabled) ? rows : rows.filter(isEnabled)
}

/** `image=ALL,file=/etc/motd`: how messages name a row. */
export function renderRowKey(row: Row, key: readonly string[]): string {
  return key.map((column) => `${column}=${cell(row, column)}`).join(',')
}

/** Comma list → items, blanks around them dropped, empty items dropped. */
export function splitList(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

const indexes = new WeakMap<readonly Row[], Map<string, ReadonlyMap<string, readonly Row[]>>>()

/** Enabled rows by the value of one column. Kept as long as the array lives: arrays are replaced, never changed. */
export function indexRows(rows: readonly Row[], column: string): ReadonlyMap<string, readonly Row[]> {
  let byColumn = indexes.get(rows)
  if (!byColumn) {
    byColumn = new Map()
    indexes.set(rows, byColumn)
  }
  const known = byColumn.get(column)
  if (known) return known
  const index = new Map<string, Row[]>()
  for (const row of rows) {
    if (!isEnabled(row)) continue
    const value = cell(row, column)
    const same = index.get(value)
    if (same) same.push(row)
    else index.set(value, [row])
  }
  byColumn.set(column, index)
  return index
}

const presentValues = new WeakMap<readonly Row[], Map<string, ReadonlySet<string>>>()

/** Whether any row, disabled ones included, holds the value in the column. */
export function hasValue(rows: readonly Row[], column: string, value: string): boolean {
  const byColumn = presentValues.get(rows) ?? new Map<string, ReadonlySet<string>>()
  presentValues.set(rows, byColumn)
  const values = byColumn.get(column) ?? new Set(rows.map((row) => cell(row, column)))
  byColumn.set(column, values)
  return values.has(value)
}
