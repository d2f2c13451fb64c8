import type { CliCommand } from '../command.ts'

export const tabgrep: CliCommand = {
  name: 'tabgrep',
  summary: 'List the tables that have rows for a node, under its own name or one of its groups.',
  examples: [{ says: 'Where a node is written down', run: 'tabgrep cn01' }],
  nothingGiven: 1,
  define(program, run) {
    program.argument('<noderange>').action((noderange: string) => {
      run(({ api }) => api.call('nodes.tables', { noderange }))
    })
  },
}
