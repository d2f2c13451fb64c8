import { Option } from 'commander'
import type { CliCommand } from '../command.ts'

export const pping: CliCommand = {
  name: 'pping',
  summary: 'Show which nodes answer.',
  examples: [{ says: 'Nodes of a group', run: 'pping compute' }],
  nothingGiven: 1,
  define(program, run) {
    program
      .argument('<noderange>')
      .option(
        '-i, --interface <names>',
        'these interfaces (hosts.otherinterfaces) instead, comma list: ib0 means node-ib0',
      )
      .addOption(new Option('-f, --use-fping').hideHelp())
      .action((noderange: string, options: { interface?: string }) => {
        run(({ api }) => api.call('pping.show', { noderange, interfaces: options.interface }))
      })
  },
}
