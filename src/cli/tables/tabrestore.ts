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
          const bytes = await readFile(file).catch(() => undefined)
          if (bytes === undefined) return commandResult([], null, [`Error: Unable to open ${file} for reading.`], 3)
          const csv = decodeText(bytes)
          if (csv === undefined) {
            const advice = `convert it first, for example with iconv -f latin1 -t utf-8 ${file}`
            return commandResult([], null, [`Error: ${file} is not UTF-8 text: ${advice}`], 4)
          }
          const table = basename(file).split('.')[0] ?? ''
          return api.call('tables.restore', { table, csv, append: options.append === true })
        })
      })
  },
}

/** Other encodings would be read without complaint, and every letter beyond ASCII be lost. */
function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}
