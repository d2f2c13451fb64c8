import type { CliCommand } from '../command.ts'

export const gennr: CliCommand = {
  name: 'gennr',
  summary: 'Expand a noderange, one name a line. Names that are neither node nor group are kept as they are.',
  examples: [
    { says: 'Four names', run: 'gennr cn[01-04]' },
    { says: 'The nodes of a group in the shortest form', run: 'gennr --fold compute' },
  ],
  nothingGiven: 1,
  define(program, run) {
    program
      .argument('<noderange>')
      .option('-f, --fold', 'the other way round: print all names as one range, such as cn[001-120],gpu[1-4]')
      .action((noderange: string, { fold }: { fold?: boolean }) => {
        run(({ api }) => api.call('nodes.expand', { noderange, fold }))
      })
  },
}
