import type { CliCommand } from '../command.ts'

interface Options {
  all?: boolean
  long?: boolean
  remove?: boolean
}

export const discovered: CliCommand = {
  name: 'discovered',
  summary: 'List the machines that no table knows and that wait to be adopted.',
  details: [
    'They stand in the order in which they were first seen, which is the order in which `liteboot adopt` takes them. A machine is named by the hardware address of any of its ports, by its UUID or by its serial number.',
    'Machines are discovered on networks that opt in: `chdef -t site discovery=NETWORK`, and the network has a dynamicrange. Everywhere else strangers get no answer.',
    'A machine that is forgotten and still waits reports again within a minute, as a new one at the end of the list.',
  ],
  examples: [
    { says: 'Which machines wait', run: 'liteboot discovered' },
    { says: 'All that is known of one', run: 'liteboot discovered -l 52:54:00:77:00:0b' },
    { says: 'Start over before a rack is switched on in order', run: 'liteboot discovered --remove --all' },
  ],
  changes: true,
  define(program, run) {
    program
      .argument('[machines...]', 'hardware addresses, UUIDs or serial numbers (default: all that wait)')
      .option('-a, --all', 'adopted machines as well; with --remove: every machine that waits')
      .option('-l, --long', 'everything that they said of themselves')
      .option('-r, --remove', 'forget these machines')
      .action((machines: string[], { all, long, remove }: Options) => {
        run(({ api }) =>
          remove
            ? api.call('discovery.remove', { machines, all })
            : api.call('discovery.list', { machines, all, long }),
        )
      })
  },
}
