import type { CliCommand } from '../command.ts'

export const ilitefile: CliCommand = {
  name: 'ilitefile',
  summary: 'Show the statelite entries of an image: option and path.',
  examples: [{ says: 'The entries of an image', run: 'ilitefile el9-lite' }],
  nothingGiven: 0,
  define(program, run) {
    program.argument('<image>').action((image: string) => run(({ api }) => api.call('statelite.ilitefile', { image })))
  },
}
