import type { CliCommand } from '../command.ts'
import { parseCount } from './count.ts'

interface Options {
  number?: number
  since?: string
}

export const history: CliCommand = {
  name: 'history',
  summary: 'List the changes of the tables, newest first: revision, time, user, rows changed, command.',
  details: [
    'Words choose changes: names of tables, and names of nodes, groups, images or whatever else stands in the key of a changed row. With both, a change must be of such a row in such a table.',
    'What the server writes by itself, as the status of nodes that boot, is not listed. Old changes fall off: docs/reference/history.md.',
  ],
  examples: [
    { says: 'what happened to two nodes since yesterday', run: 'liteboot history --since 1d cn01 cn02' },
    { says: 'the last five changes of litefile', run: 'liteboot history -n 5 litefile' },
  ],
  completes: { words: 'tables' },
  define(program, run) {
    program
      .argument('[words...]', 'tables, and names of nodes, groups, images, …')
      .option('-n, --number <count>', 'show so many (default: 20)', parseCount)
      .option('--since <time>', "only changes since then: 2026-11-20, '2026-11-20 18:30', or 30m, 2h, 3d, 1w ago")
      .action((filters: string[], { number, since }: Options) => {
        run(({ api }) => api.call('history.list', { filters, number, since }))
      })
  },
}
