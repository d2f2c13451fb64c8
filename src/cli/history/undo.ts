import type { CliCommand } from '../command.ts'

export const undo: CliCommand = {
  name: 'undo',
  summary: 'Take changes of the tables back, as a new change.',
  details: [
    'Without arguments: the last change that is not undone; called again, the one before it. An undo can be undone by its own revision.',
    'The result is checked like any edit. When a later change touched the same cells, nothing is done and the rows are named; --force takes them back all the same (a row that is gone stays gone).',
  ],
  examples: [
    { says: 'see what it would do', run: 'liteboot undo --dry-run 17' },
    { says: 'take back two changes together', run: 'liteboot undo 17 19' },
  ],
  changes: true,
  define(program, run) {
    program
      .argument('[revisions...]', 'as `liteboot history` lists them')
      .option('-f, --force', 'also cells that were changed again since')
      .action((revisions: string[], { force }: { force?: boolean }) => {
        run(({ api }) => api.call('history.undo', { revisions, force: force === true }))
      })
  },
}
