import type { CliCommand } from '../command.ts'
import { parseCount } from './count.ts'

interface Options {
  V?: boolean
  all?: boolean
  number?: number
  percent?: number
  recid?: number
  days?: number
}

export const tabprune: CliCommand = {
  name: 'tabprune',
  summary: 'Remove old rows of auditlog or eventlog.',
  details: ['One of -a, -n, -p, -i and -d says which. -a can be used on any table.'],
  examples: [{ says: 'keep a week, and the rest in a file', run: 'tabprune auditlog -V -d 7 > old.csv' }],
  nothingGiven: 1,
  changes: true,
  define(program, run) {
    program
      .argument('<table>', 'auditlog or eventlog; with -a any table')
      .option('-V', 'print the removed rows as CSV')
      .option('-a, --all', 'remove all rows')
      .option('-n, --number <count>', 'remove so many of the oldest rows', parseCount)
      .option('-p, --percent <percent>', 'remove so many percent, the oldest', parseCount)
      .option('-i, --recid <recid>', 'remove rows whose recid is less', parseCount)
      .option('-d, --days <days>', 'remove rows older than so many days', parseCount)
      .action((table: string, { V, ...options }: Options) => {
        const { all, number, percent, recid, days } = options
        run(({ api }) => api.call('history.prune', { table, all, number, percent, recid, days, verbose: V === true }))
      })
  },
}
