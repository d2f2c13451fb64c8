import type { CliCommand } from '../command.ts'

export const plan: CliCommand = {
  name: 'plan',
  summary: 'Print the plan a node will be given at its next boot, or why it has none.',
  examples: [{ says: 'The plan of a node', run: 'liteboot plan cn01' }],
  nothingGiven: 1,
  define(program, run) {
    program.argument('<node>').action((node: string) => run(({ api }) => api.call('statelite.plan', { node })))
  },
}
