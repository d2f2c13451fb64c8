/** tabrestore: the rows of a table from CSV, all of them or none. */
import { StoreFault, type Transaction } from '../../../store/store.ts'
import { type CsvTable, parseCsv, renderCsv } from '../../../tables/csv.ts'
import { renderHint } from '../../../tables/nearest-name.ts'
import { LOG_TABLES, SCHEMAS, tableSchema } from '../../../tables/schema.ts'
import { OperatorError } from '../../errors.ts'
import { commandResult } from '../../protocol.ts'
import type { Method } from '../context.ts'
import { edit } from '../edit.ts'

export const restore: Method<'tables.restore'> = async (context, { table, csv, append, dumped }) => {
  const schema = tableSchema(table)
  if (!schema)
    return commandResult(
      [],
      null,
      [
        `Error: Unable to open ${table}${renderHint(
          table,
          SCHEMAS.map(({ name }) => name),
        )}`,
      ],
      4,
    )
  const parsed = parseCsv(schema, csv)
  if ('fault' in parsed) return commandResult([], null, [`Error: ${parsed.fault}`], parsed.exitStatus)
  if (LOG_TABLES.has(table)) {
    if (!context.dryRun)
      (await import('../history/log-tables.ts')).restoreLog(context.store, table, parsed.rows, append === true)
    return commandResult([], { rows: parsed.rows.length, changes: parsed.rows.length, snapshot: null })
  }
  const digest = dumped === undefined ? undefined : await loadDigest()
  const change = (transaction: Transaction) => {
    if (digest && digest(renderCsv(schema, transaction.read(table))) !== dumped)
      throw new OperatorError('LB_CHANGED', `somebody else has changed the table ${table}; nothing was stored`)
    if (!append) transaction.replaceTable(table, [])
    insertRows(transaction, table, parsed)
  }
  try {
    const { changes, snapshot, warnings } = await edit(context, change)
    return commandResult([], { rows: parsed.rows.length, changes, snapshot }, warnings)
  } catch (error) {
    if (error instanceof BadLine) return commandResult([], null, [`Error: ${error.message}`], 4)
    throw error
  }
}

/** A line that is CSV and no row of the table: its key is taken, or a value is missing. */
class BadLine extends Error {}

function insertRows(transaction: Transaction, table: string, { rows, places }: CsvTable): void {
  rows.forEach((row, at) => {
    try {
      transaction.insertRow(table, row)
    } catch (error) {
      if (error instanceof StoreFault) throw new BadLine(`DB error ${error.message} with ${places[at]}`)
      throw error
    }
  })
}

async function loadDigest(): Promise<(text: string) => string> {
  const { hash } = await import('node:crypto')
  return (text) => hash('sha256', text)
}
