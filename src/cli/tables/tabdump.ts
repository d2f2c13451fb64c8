import { writeFile } from 'node:fs/promises'
import { OperatorError } from '../../api/errors.ts'
import { type CliCommand, collect } from '../command.ts'
import { parseCount } from '../history/count.ts'

interface Options {
  describe?: boolean
  where?: string[]
  file?: string
  number?: number
}

export const tabdump: CliCommand = {
  name: 'tabdump',
  summary: 'Print a table as CSV; without a table, the names of all tables.',
  details: ['An empty table is its header line. Disabled rows are printed, except with -w.'],
  examples: [
    { says: 'All tables, and what they are for', run: 'tabdump -d' },
    { says: 'What the columns of a table are for', run: 'tabdump -d litefile' },
    { says: 'Keep a copy that tabrestore takes back', run: 'tabdump -f litefile.csv litefile' },
    { says: 'The rows of one image', run: 'tabdump -w image==el9-lite litefile' },
  ],
  completes: { condition: 'column-conditions' },
  define(program, run) {
    program
      .argument('[table]')
      .option('-d, --describe', 'print what the tables, or the columns of the table, are for')
      .option(
        '-w, --where <condition>',
        'only rows for which column==value (also != =~ !~ > >= < <=; =~ with % wildcards)',
        collect,
      )
      .option('-n, --number <count>', 'auditlog and eventlog: only the newest so many rows', parseCount)
      .option('-f, --file <file>', 'write to this file instead of standard output')
      .action((table: string | undefined, { describe, where, file, number }: Options) => {
        run(async ({ api }) => {
          const result = await api.call('tables.dump', { table, describe, where, newest: number })
          if (file === undefined) return result
          await writeFile(file, `${result.output.join('\n')}\n`).catch((error: Error) => {
            throw new OperatorError('LB_FILE', `cannot write the table: ${error.message}`)
          })
          return { ...result, output: [] }
        })
      })
  },
}
