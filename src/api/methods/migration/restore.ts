/** restoredb: the tables exactly as dumpdb wrote them, all of them or none. */
import type { Transaction } from '../../../store/store.ts'
import { parseCsv } from '../../../tables/csv.ts'
import type { Row } from '../../../tables/row.ts'
import { type TableSchema, tableSchema } from '../../../tables/schema.ts'
import { OperatorError } from '../../errors.ts'
import { findingLine } from '../../findings.ts'
import { commandResult } from '../../protocol.ts'
import type { Method, MethodContext } from '../context.ts'
import { type Edit, edit } from '../edit.ts'
import { refuseOccupied } from './occupied.ts'

export const restore: Method<'migration.restore'> = async (context, { files, replace, withFaults }) => {
  const tables = files.map(readTable)
  if (tables.length === 0)
    throw new OperatorError('LB_BAD_INPUT', 'there are no tables in it', 'Name a directory that dumpdb wrote.')
  const load = (transaction: Transaction) => {
    if (!replace)
      refuseOccupied(transaction, tables, 'Restore with --replace: the tables take the place of those that are here.')
    for (const { schema, rows } of tables) if (replace || rows.length > 0) transaction.replaceTable(schema.name, rows)
  }
  const { changes, snapshot, warnings } = await restoreRows(context, load, withFaults === true)
  const rows = tables.reduce((sum, table) => sum + table.rows.length, 0)
  const done = `${rows} rows in ${tables.length} tables restored.`
  return commandResult([done], { tables: tables.length, rows, changes, snapshot }, warnings)
}

async function restoreRows(
  context: MethodContext,
  load: (transaction: Transaction) => void,
  withFaults: boolean,
): Promise<Edit<void>> {
  try {
    const restored = await edit(context, load, [], withFaults ? 'keep' : 'refuse')
    return withFaults ? { ...restored, warnings: await faultsOf(context) } : restored
  } catch (error) {
    if (!(error instanceof OperatorError) || error.code !== 'LB_BAD_EDIT') throw error
    const advice = 'Nothing was changed. A backup comes back as it was, faults and all, with --with-faults.'
    throw new OperatorError('LB_BAD_EDIT', error.message, advice)
  }
}

/** What stands in the tables now and would not have been let in. */
async function faultsOf({ store, dryRun }: MethodContext): Promise<readonly string[]> {
  if (dryRun) return []
  const { EDIT_CHECKERS } = await import('../../checkers.ts')
  const findings = EDIT_CHECKERS.flatMap((check) => check(store))
  return findings.map((finding) => findingLine({ ...finding, severity: 'warning' }))
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
