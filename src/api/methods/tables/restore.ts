/** tabrestore: the rows of a table from CSV, all of them or none. */
import { parseCsv } from '../../../tables/csv.ts'
import { renderHint } from '../../../tables/nearest-name.ts'
import { TABLE_NAMES, tableSchema } from '../../../tables/schema.ts'
import { commandResult } from '../../protocol.ts'
import type { Method } from '../context.ts'
import { edit } from '../edit.ts'

export const restore: Method<'tables.restore'> = async (context, { table, csv, append }) => {
  const schema = tableSchema(table)
  if (!schema) return commandResult([], null, [`Error: Unable to open ${table}${renderHint(table, TABLE_NAMES)}`], 4)
  const parsed = parseCsv(schema, csv)
  if ('fault' in parsed) return commandResult([], null, [`Error: ${parsed.fault}`], parsed.exitStatus)
  const { changes, snapshot, warnings } = await edit(context, (transaction) => {
    if (append) for (const row of parsed.rows) transaction.insertRow(table, row)
    else transaction.replaceTable(table, parsed.rows)
  })
  return commandResult([], { rows: parsed.rows.length, changes, snapshot }, warnings)
}
