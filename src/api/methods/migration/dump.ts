/** dumpdb: every table as CSV, so that a site can be kept, compared and restored. */
import { renderCsv } from '../../../tables/csv.ts'
import { TABLES } from '../../../tables/schema.ts'
import { commandResult } from '../../protocol.ts'
import type { Method } from '../context.ts'

/** Logs, which belong to the server and not to the site. */
const LOG_TABLES = new Set(['auditlog', 'eventlog'])

export const dump: Method<'migration.dump'> = ({ store }) => {
  const tables = [...TABLES.values()].filter(({ name }) => !LOG_TABLES.has(name))
  return commandResult(
    [],
    tables.map((table) => ({
      table: table.name,
      rows: store.read(table.name).length,
      csv: renderCsv(table, store.read(table.name)),
    })),
  )
}
