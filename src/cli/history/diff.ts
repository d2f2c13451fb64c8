import type { CliCommand } from '../command.ts'

export const diff: CliCommand = {
  name: 'diff',
  summary: 'Show what a change changed, or what differs between two revisions: table, row, column, before and after.',
  details: [
    'Without arguments: the last change. With one revision: what that one changed. With two: how the tables as they were after the second differ from those after the first; `now` is the newest.',
    'Passwords and other secrets are masked.',
  ],
  examples: [
    { says: 'what revision 17 did', run: 'liteboot diff 17' },
    { says: 'everything since revision 17', run: 'liteboot diff 17 now' },
  ],
  define(program, run) {
    program
      .argument('[revisions...]', 'none, one or two; `liteboot history` lists them')
      .action((revisions: string[]) => {
        run(({ api }) => api.call('history.diff', { revisions }))
      })
  },
}
