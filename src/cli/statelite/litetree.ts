import type { CliCommand } from '../command.ts'

export const litetree: CliCommand = {
  name: 'litetree',
  summary: 'Show the litetree directories of nodes, best first.',
  examples: [{ says: 'Where the nodes of a group look for content', run: 'litetree compute' }],
  nothingGiven: 0,
  define(program, run) {
    program
      .argument('<noderange>')
      .action((noderange: string) => run(({ api }) => api.call('statelite.litetree', { noderange })))
  },
}
