import { resolve } from 'node:path'
import { Option } from 'commander'
import { OperatorError } from '../../api/errors.ts'
import type { CliCommand } from '../command.ts'

interface Options {
  all?: boolean
  export?: string
  verbose?: boolean
  json?: boolean
}

export const nodeset: CliCommand = {
  name: 'nodeset',
  summary: 'Set what nodes do at their next boot.',
  details: [
    'osimage=IMAGE boots that image, osimage or statelite alone the one the node has. learn boots the image as osimage does, lets the node write everywhere, and keeps what it wrote for `litefile suggest`; osimage ends it. boot goes on with the next device, offline gives an address and nothing else, shell starts kernel and initrd of the image and opens a shell on the console, shutdown starts them and switches off. stat shows the state.',
    'Only tables change: the next boot is answered from them at once. A node that cannot boot what it is told keeps every value it has, and never stops the others.',
  ],
  examples: [
    { says: 'Boot an image.', run: 'nodeset cn1-cn3 osimage=el9-lite' },
    { says: 'Look at a node that does not boot.', run: 'nodeset cn1 shell' },
    { says: 'Write the boot files for another TFTP server.', run: 'nodeset compute --export /srv/tftp' },
  ],
  nothingGiven: 0,
  changes: true,
  completes: { action: ['osimage=', 'statelite=', 'learn', 'boot', 'offline', 'shell', 'shutdown', 'stat'] },
  define(program, run) {
    program
      .argument('<noderange>')
      .argument(
        '[action...]',
        'osimage[=IMAGE], statelite[=IMAGE], learn[=IMAGE], boot, offline, shell, shutdown or stat; may be left out with --export',
      )
      .option('-a, --all', 'with stat: every boot method (here all of them say the same)')
      .option('--export <directory>', 'write boot files, kernels and initrds below this directory of the server')
      .option('-V, --verbose', 'name each prescript as it is run')
      .addOption(new Option('--noupdateinitrd').hideHelp())
      .addOption(new Option('--ignorekernelchk').hideHelp())
      .action((noderange: string, words: string[], { export: directory, verbose }: Options) => {
        run(({ api }) => {
          const [action] = words
          if (words.length > 1 || (action === undefined && directory === undefined))
            throw new OperatorError('LB_USAGE', `Invalid argument: '${words.join(' ')}'`)
          if (action === 'stat') return api.call('nodeset.stat', { noderange })
          const exportDirectory = directory === undefined ? undefined : resolve(directory)
          return api.call('nodeset.set', { noderange, action, exportDirectory, verbose })
        })
      })
  },
}
