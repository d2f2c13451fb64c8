import type { CliCommand } from '../command.ts'

export const noderm: CliCommand = {
  name: 'noderm',
  summary: 'Remove nodes from every table that has rows of nodes.',
  details: [
    'A group in the noderange means its members: `noderm compute` removes the nodes of the group. Rows of other nodes that name a removed one, as their server for example, are left as they are, with a warning for each.',
  ],
  examples: [{ says: 'See what would go, then do it', run: 'noderm cn[41-44] --dry-run' }],
  nothingGiven: 0,
  changes: true,
  define(program, run) {
    program.argument('<noderange>').action((noderange: string) => {
      run(({ api }) => api.call('nodes.remove', { noderange }))
    })
  },
}
