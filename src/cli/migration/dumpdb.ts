import { commandResult } from '../../api/protocol.ts'
import type { CliCommand } from '../command.ts'
import { OWN_MARK } from './dump-files.ts'
import { writeDirectoryWhole } from './write-files.ts'

export const dumpdb: CliCommand = {
  name: 'dumpdb',
  summary:
    'Write every table into a directory, one <table>.csv each, as tabdump -f does. `restoredb` loads them again.',
  examples: [{ says: 'Keep a copy of all tables', run: 'liteboot dumpdb /root/tables' }],
  nothingGiven: 1,
  define(program, run) {
    program
      .argument('<directory>', 'is made; must be empty when it is there')
      .option('--force', 'replace files in a directory that has some')
      .action((directory: string, options: { force?: boolean }) => {
        run(async ({ api }) => {
          const { data } = await api.call('migration.dump', {})
          const tables = data as readonly { readonly table: string; readonly rows: number; readonly csv: string }[]
          const files = new Map(tables.map(({ table, csv }) => [`${table}.csv`, csv]))
          files.set(OWN_MARK, `${JSON.stringify({ format: 1 })}\n`)
          await writeDirectoryWhole(directory, files, options.force === true)
          const rows = tables.reduce((sum, table) => sum + table.rows, 0)
          const counts = Object.fromEntries(tables.map((table) => [table.table, table.rows]))
          return commandResult([`${rows} rows in ${tables.length} tables: ${directory}`], { directory, tables: counts })
        })
      })
  },
}
