import type { CliCommand } from '../command.ts'

export const litefile: CliCommand = {
  name: 'litefile',
  summary: 'Show the statelite entries of nodes: option and path.',
  examples: [{ says: 'The entries of two nodes', run: 'litefile cn01,cn02' }],
  nothingGiven: 0,
  define(program, run) {
    program
      .argument('<noderange>')
      .action((noderange: string) => run(({ api }) => api.call('statelite.litefile', { noderange })))
  },
}
