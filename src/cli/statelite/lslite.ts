import type { CliCommand } from '../command.ts'

export const lslite: CliCommand = {
  name: 'lslite',
  summary: 'Show all statelite settings of nodes, or the entries of an image.',
  examples: [
    { says: 'What a node gets', run: 'lslite cn01' },
    { says: 'Which rows that comes from', run: 'lslite -V cn01' },
    { says: 'What an image says', run: 'lslite -i el9-lite' },
  ],
  nothingGiven: 0,
  define(program, run) {
    program
      .argument('[noderange]')
      .option('-i, --image <image>', 'show the entries of this image')
      .option('-V, --verbose', 'which table row each entry comes from, and which rows it shadows')
      .action((noderange: string | undefined, options: { image?: string; verbose?: boolean }) => {
        run(({ api }) =>
          api.call('statelite.lslite', { noderange, image: options.image, verbose: options.verbose === true }),
        )
      })
  },
}
