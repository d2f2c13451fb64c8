import { Option } from 'commander'
import { OperatorError } from '../../api/errors.ts'
import type { CliCommand } from '../command.ts'

export const makedhcp: CliCommand = {
  name: 'makedhcp',
  summary: 'Nothing to make: DHCP is answered from the tables. -q shows the answers.',
  examples: [{ says: 'What DHCP answers to nodes', run: 'makedhcp -q cn01,cn02' }],
  nothingGiven: 0,
  define(program, run) {
    program
      .argument('[noderange]')
      .option('-q, --query', 'show address and hardware address of nodes')
      .option('-n, --new', 'accepted')
      .option('-a, --all', 'accepted')
      .option('-d, --delete', 'accepted')
      .addOption(new Option('-l, --localonly').hideHelp())
      .action((noderange: string | undefined, { query }: { query?: boolean }) => {
        run(({ api }) => {
          if (!query) return api.call('dhcp.make', { noderange })
          if (noderange === undefined) throw new OperatorError('LB_USAGE', '-q needs a noderange')
          return api.call('dhcp.query', { noderange })
        })
      })
  },
}
