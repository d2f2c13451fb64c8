import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { commandResult } from '../../api/protocol.ts'
import type { CliCommand } from '../command.ts'

export const tabrestore: CliCommand = {
  name: 'tabrestore',
  summary: 'Replace the rows of a table by those of a CSV file named <table>.csv.',
  details: [
    'All rows or none: when one of them is wrong, it is named and the table stays as it was. Columns that the header line leaves out are unset.',
  ],
  examples: [
    { says: 'Replace the table litefile', run: 'tabrestore litefile.csv' },
    { says: 'See first what would change', run: 'tabrestore --dry-run litefile.csv' },
    { says: 'Add rows to those that are there', run: 'tabrestore -a litetree.more.csv' },
  ],
  exitStatuses: {
    2: 'no file was named',
    3: 'the file cannot be read',
    4: 'there is no such table, or the CSV is wrong',
  },
  nothingGiven: 2,
  changes: true,
  define(program, run) {
    program
      .argument('<file>', 'the name up to the first dot is the table')
      .option('-a, --append', 'add the rows, keep those that are there')
      .action((file: string, options: { append?: boolean }) => {
        run(async ({ api }) => {
          const csv = await readFile(file, 'utf8').catch(() => undefined)
          if (csv === undefined) return commandResult([], null, [`Error: Unable to open ${file} for reading.`], 3)
          const table = basename(file).split('.')[0] ?? ''
          return api.call('tables.restore', { table, csv, append: options.append === true })
        })
      })
  },
}
