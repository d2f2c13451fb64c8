/** tabprune: removes old rows of auditlog and eventlog, or all rows of a table. */
import type { OldRows } from '../../../store/logs.ts'
import { renderCsv } from '../../../tables/csv.ts'
import type { Row } from '../../../tables/row.ts'
import { LOG_TABLES, TABLE_NAMES, type TableSchema, tableSchema } from '../../../tables/schema.ts'
import { OperatorError } from '../../errors.ts'
import type { MethodParams } from '../../params.ts'
import { type CommandResult, commandResult } from '../../protocol.ts'
import { unknownName } from '../../suggest.ts'
import type { Method, MethodContext } from '../context.ts'
import { edit } from '../edit.ts'
import { renderLocalTime } from './render.ts'

const DAY_MS = 86_400_000

export const prune: Method<'history.prune'> = async (context, params) => {
  const { table, verbose = false } = params
  const schema = tableSchema(table)
  if (!schema)
    throw unknownName('LB_NO_TABLE', `No such table: ${table}`, table, [...LOG_TABLES.keys(), ...TABLE_NAMES])
  const which = chosen(params)
  if (LOG_TABLES.has(table)) {
    const rows = context.store.logs.prune(table, which, { dryRun: context.dryRun })
    return answer(context, schema, rows, verbose)
  }
  if (which !== 'all')
    throw new OperatorError(
      'LB_USAGE',
      `Table ${table} not supported: only -a can be used on a table that is not a log.`,
    )
  const rows = context.store.read(table)
  const { snapshot, warnings } = await edit(context, (transaction) => transaction.deleteRows(table, {}))
  return { ...answer(context, schema, rows, verbose, snapshot), errors: warnings }
}

function chosen({ all, number, percent, recid, days }: MethodParams['history.prune']): OldRows {
  const given = [all || undefined, number, percent, recid, days].filter((option) => option !== undefined)
  if (given.length === 0) throw new OperatorError('LB_USAGE', 'One option -p or -i or -n or -a or -d must be supplied.')
  if (given.length > 1)
    throw new OperatorError('LB_USAGE', 'Only one option -p or -i or -n or -a or -d may be used at a time.')
  if (number !== undefined) return { count: number }
  if (percent !== undefined) return { percent }
  if (recid !== undefined) return { belowRecid: recid }
  if (days !== undefined) return { before: renderLocalTime(Date.now() - days * DAY_MS) }
  return 'all'
}

/** With -V, only the rows: they are meant for a file. */
function answer(
  { dryRun }: MethodContext,
  schema: TableSchema,
  rows: readonly Row[],
  verbose: boolean,
  snapshot: number | null = null,
): CommandResult {
  const { name } = schema
  const data = verbose ? { removed: rows.length, rows, snapshot } : { removed: rows.length, snapshot }
  if (verbose) return commandResult(renderCsv(schema, rows).trimEnd().split('\n'), data)
  if (dryRun) return commandResult([`tabprune would remove ${rows.length} rows of ${name}.`], data)
  return commandResult([`tabprune of ${name} complete.`], data)
}
