import type { CliCommand } from '../command.ts'

export const presets: CliCommand = {
  name: 'presets',
  summary: 'List the recommended litefile rows of each family, with the reason of each row.',
  examples: [
    { says: 'All of them', run: 'liteboot presets' },
    { says: 'One of them', run: 'liteboot presets debian' },
  ],
  define(program, run) {
    program
      .argument('[name]', 'rh, sles, debian or postscripts')
      .action((preset: string | undefined) => run(({ api }) => api.call('suggest.presets', { preset })))
  },
}
