/** Rows that the checks of an edit refuse: without the faulty cell, else disabled, else left out, until nothing is refused. */
import { type Finding, findingIdentity } from '../findings.ts'
import { cell, isEnabled, type Row, type TablesView } from '../row.ts'
import { isSecret } from '../secrets.ts'
import type { ImportedRow, ImportedTables } from './imported-tables.ts'
import { settleAddresses } from './settle-addresses.ts'

export type Check = (view: TablesView) => readonly Finding[]

/** Codes of findings that are about one cell and nothing else: the rest of the row can stay. */
const CELL_FAULTS: ReadonlySet<string> = new Set(['bad-value', 'bad-pattern', 'bad-network', 'control-character'])

/** One mended row can show the next fault; a handful of passes is what the worst sites need. */
const MOST_PASSES = 20

/** @param before findings of the tables as they are: old faults do not refuse an edit */
export function settleFindings(tables: ImportedTables, before: readonly Finding[], check: Check): void {
  settleAddresses(tables)
  const old = new Set(before.map(findingIdentity))
  for (let pass = 0; ; pass++) {
    const errors = check(tables).filter((found) => found.severity === 'error' && !old.has(findingIdentity(found)))
    if (errors.length === 0) return
    const settled = errors.map((error) => settle(tables, error))
    if (settled.includes(true) && pass < MOST_PASSES) continue
    // What is still wrong when nothing of the import is left is not the import's: the edit says it.
    const dropped = [...new Set(errors.map(({ table }) => table))].map((table) => dropTable(tables, table, errors))
    if (!dropped.includes(true)) return
  }
}

/** Whether the import could do anything about it. */
function settle(tables: ImportedTables, found: Finding): boolean {
  const row = tables.row(found.table, found.row)
  if (row?.current) return settleRow(tables, row, found)
  // The row stands here already, and clashes with one that came: that one goes, the finding names it.
  const named = tables
    .enabled(found.table)
    .filter(({ key }) => key !== '' && found.message.includes(key) && !tables.standing(found.table, key))
  for (const each of named) tables.disable(each, reason(found))
  return named.length > 0
}

function settleRow(tables: ImportedTables, row: ImportedRow, found: Finding): boolean {
  const { column } = found
  const current = row.current
  if (!current) return false
  const { key, required } = row.schema
  const isFree = column !== undefined && !key.includes(column) && !required.includes(column)
  if (isFree && CELL_FAULTS.has(found.code) && cell(current, column) !== '')
    tables.loseCell(row, column, cellReason(found, column, current))
  else if (isEnabled(current) && !(column !== undefined && CELL_FAULTS.has(found.code) && key.includes(column)))
    tables.disable(row, reason(found))
  else tables.drop(row, reason(found))
  return true
}

function reason({ message, remedy }: Finding): string {
  return remedy === undefined ? message : `${message} (${remedy})`
}

/** The account has the value already; and of one that nobody should read, no word is repeated. */
function cellReason(found: Finding, column: string, row: Row): string {
  if (isSecret(found.table, column, row)) return 'it cannot be read as a value here'
  return reason(found).replace(`"${cell(row, column)}" `, '')
}

/** Nothing else helped: the site stays sound, whatever came. */
function dropTable(tables: ImportedTables, table: string, errors: readonly Finding[]): boolean {
  const why = errors
    .filter((found) => found.table === table)
    .map(reason)
    .join('; ')
  const rows = tables.rows(table).filter(({ current }) => current !== undefined)
  for (const row of rows) tables.drop(row, why)
  return rows.length > 0
}
