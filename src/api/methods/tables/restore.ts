/** tabrestore: the rows of a table from CSV, all of them or none. */
import { parseCsv, renderCsv } from '../../../tables/csv.ts'
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
  const { changes, snapshot, warnings } = await edit(context, (transaction) => {
    if (digest && digest(renderCsv(schema, transaction.read(table))) !== dumped)
      throw new OperatorError('LB_CHANGED', `somebody else has changed the table ${table}; nothing was stored`)
    if (append) for (const row of parsed.rows) transaction.insertRow(table, row)
    else transaction.replaceTable(table, parsed.rows)
  })
  return commandResult([], { rows: parsed.rows.length, changes, snapshot }, warnings)
}

async function loadDigest(): Promise<(text: string) => string> {
  const { hash } = await import('node:crypto')
  return (text) => hash('sha256', text)
}
