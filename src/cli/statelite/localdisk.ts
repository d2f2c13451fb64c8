import { OperatorError } from '../../api/errors.ts'
import type { CliCommand } from '../command.ts'

export const localdisk: CliCommand = {
  name: 'localdisk',
  summary: 'Show what nodes do with their local disk, or have it formatted once more.',
  details: [
    'The partition file of the image (linuximage.partitionfile) says which disk and which parts. A node formats a disk by itself only when it is blank and the file says clear=yes.',
    'reformat orders it for the next boot, whatever is on the disk, once: the node remembers the order on the disk, and the server takes it back when the node has reported. The file must say clear=yes all the same. keep takes an order back before that.',
  ],
  examples: [
    { says: 'What a node does with its disk', run: 'liteboot localdisk show cn01' },
    {
      says: 'Format the disks of a group at their next boot, and lose what is on them',
      run: 'liteboot localdisk reformat rack1',
    },
    { says: 'Rather not', run: 'liteboot localdisk keep rack1' },
  ],
  completes: { action: ['show', 'reformat', 'keep'] },
  nothingGiven: 1,
  changes: true,
  define(program, run) {
    program
      .argument('<action>', 'show, reformat or keep')
      .argument('<noderange>', 'the nodes')
      .action((action: string, noderange: string) => {
        run(({ api }) => {
          switch (action) {
            case 'show':
              return api.call('localdisk.show', { noderange })
            case 'reformat':
              return api.call('localdisk.reformat', { noderange })
            case 'keep':
              return api.call('localdisk.keep', { noderange })
            default:
              throw new OperatorError('LB_USAGE', `there is no action ${action}: show, reformat or keep`)
          }
        })
      })
  },
}
