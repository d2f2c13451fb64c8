import { Option } from 'commander'
import { OperatorError } from '../../api/errors.ts'
import type { CliCommand } from '../command.ts'

interface Options {
  by: 'order' | 'serial' | 'switch'
  mac?: string
  uuid?: string
  serial?: string
  replace?: boolean
}

export const adopt: CliCommand = {
  name: 'adopt',
  summary: 'Make machines that wait the nodes of a range: their hardware addresses are written into the table mac.',
  details: [
    'By order: the machine that was seen first becomes the first node of the range, and so on; nodes that have a hardware address already are left out. By serial: each node becomes the machine with its vpd.serial (and vpd.mtm, where set). By switch: the machine that is plugged into its switch port (table switch), as the switch said by LLDP. One machine for one node: --mac, --uuid or --serial.',
    'The nodes must be defined. Nothing is ever adopted by itself, and nothing is guessed: a machine that fits two nodes becomes neither. Serial number, model and UUID are written into vpd where it does not say otherwise.',
    'The waiting machine notices within some 15 seconds (a minute, when it has waited for an hour), boots again, and comes up as its node.',
  ],
  examples: [
    { says: 'Ten machines that were switched on one after the other', run: 'liteboot adopt n[1-10]' },
    { says: 'Only look', run: 'liteboot adopt n[1-10] --dry-run' },
    { says: 'By the serial numbers in vpd', run: 'liteboot adopt rack1 --by serial' },
    { says: 'By the cables', run: 'liteboot adopt rack1 --by switch' },
    { says: 'This one', run: 'liteboot adopt --mac 52:54:00:77:00:0b n7' },
    { says: 'A new machine in the place of a broken one', run: 'liteboot adopt --serial S4711 n7 --replace' },
  ],
  nothingGiven: 0,
  changes: true,
  exitStatuses: { 1: 'no machine was adopted' },
  define(program, run) {
    program
      .argument('<noderange>', 'nodes that are defined, in this order')
      .addOption(
        new Option('-b, --by <how>', 'how machines are told apart')
          .choices(['order', 'serial', 'switch'])
          .default('order'),
      )
      .option('-m, --mac <address>', 'this machine: the hardware address of any of its ports')
      .option('-u, --uuid <uuid>', 'this machine, by its UUID')
      .option('-s, --serial <number>', 'this machine, by its serial number')
      .option('--replace', 'the node has a hardware address: the machine takes the place of the other one')
      .action((noderange: string, { by, mac, uuid, serial, replace }: Options, command) => {
        run(({ api }) => {
          const named = [mac, uuid, serial].filter((name) => name !== undefined)
          if (named.length > 1 || (named.length > 0 && command.getOptionValueSource('by') === 'cli'))
            throw new OperatorError('LB_USAGE', 'Give one of --by, --mac, --uuid and --serial.')
          return api.call('discovery.adopt', { noderange, by, machine: named[0], replace })
        })
      })
  },
}
