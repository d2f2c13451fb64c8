/** restoredb: the tables exactly as dumpdb wrote them, all of them or none. */
import { parseCsv } from '../../../tables/csv.ts'
import type { Row } from '../../../tables/row.ts'
import { type TableSchema, tableSchema } from '../../../tables/schema.ts'
import { OperatorError } from '../../errors.ts'
import { commandResult } from '../../protocol.ts'
import type { Method } from '../context.ts'
import { edit } from '../edit.ts'
import { refuseOccupied } from './occupied.ts'

export const restore: Method<'migration.restore'> = async (context, { files, replace }) => {
  const tables = files.map(readTable)
  if (tables.length === 0)
    throw new OperatorError('LB_BAD_INPUT', 'there are no tables in it', 'Name a directory that dumpdb wrote.')
  const { changes, snapshot, warnings } = await edit(context, (transaction) => {
    if (!replace)
      refuseOccupied(transaction, tables, 'Restore with --replace: the tables take the place of those that are here.')
    for (const { schema, rows } of tables) if (replace || rows.length > 0) transaction.replaceTable(schema.name, rows)
  })
  const rows = tables.reduce((sum, table) => sum + table.rows.length, 0)
  const done = `${rows} rows in ${tables.length} tables restored.`
  return commandResult([done], { tables: tables.length, rows, changes, snapshot }, warnings)
}

function readTable(file: { table: string; source: string; text: string }): {
  schema: TableSchema
  rows: readonly Row[]
} {
  const schema = tableSchema(file.table)
  if (!schema) throw new OperatorError('LB_NO_TABLE', `${file.source}: there is no table ${file.table}`)
  const parsed = parseCsv(schema, file.text)
  if ('fault' in parsed) throw new OperatorError('LB_BAD_INPUT', `${file.source}: ${parsed.fault}`)
  return { schema, rows: parsed.rows }
}
