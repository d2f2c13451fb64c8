import type { CliCommand } from '../command.ts'

export const plan: CliCommand = {
  name: 'plan',
  summary: 'Print the plan a node will be given at its next boot, or why it has none.',
  nothingGiven: 1,
  define(program, run) {
    program.argument('<node>').action((node: string) => run(({ api }) => api.call('statelite.plan', { node })))
  },
}
