import type { CliCommand } from '../command.ts'

export const timeline: CliCommand = {
  name: 'timeline',
  summary: 'Show the last boot of a node: every event with its time and duration, and where it stands.',
  examples: [
    { says: 'The last boot of a node', run: 'liteboot timeline cn01' },
    { says: 'A machine that is no node yet', run: 'liteboot timeline 0a:00:00:00:00:01' },
  ],
  nothingGiven: 1,
  define(program, run) {
    program
      .argument('<node>', 'node name, or the MAC of a stranger')
      .option('-a, --all', 'all boots that are kept, not only the last')
      .action((node: string, options: { all?: boolean }) => {
        run(({ api }) => api.call('timeline.show', { node, all: options.all === true }))
      })
  },
}
