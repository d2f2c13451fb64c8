import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { OperatorError } from '../../api/errors.ts'
import type { CliCommand } from '../command.ts'

export const initrd: CliCommand = {
  name: 'initrd',
  summary: 'What is in an initrd: its files, modules and firmware, or one file of it.',
  examples: [
    { says: 'Files, kernel version, modules, firmware', run: 'liteboot initrd ls el9-lite' },
    { says: 'One file', run: 'liteboot initrd show el9-lite /liteboot/steps/root.sh' },
    { says: 'A file on this machine', run: 'liteboot initrd ls ./initrd-statelite.gz' },
  ],
  completes: { action: ['ls', 'show'], target: 'images' },
  nothingGiven: 1,
  define(program, run) {
    program
      .usage('ls <image|file>\n       liteboot initrd show <image|file> <path>')
      .argument('<action>', 'ls or show')
      .argument('[target]', 'name of the osimage, or a file (with a slash in its name)')
      .argument('[path]', 'show: the file in it')
      .action((action: string, given: string | undefined, path: string | undefined) => {
        run(({ api }) => {
          if (given === undefined) throw new OperatorError('LB_USAGE', 'Name an image or a file.')
          // An image's name has no slash, and a file that is here is meant before an image that is not.
          const target = given.includes('/') || (given.includes('.gz') && existsSync(given)) ? resolve(given) : given
          if (action === 'ls' && path === undefined) return api.call('image.initrdList', { target })
          if (action === 'show' && path !== undefined) return api.call('image.initrdShow', { target, path })
          throw new OperatorError(
            'LB_USAGE',
            'liteboot initrd ls <image|file>, or liteboot initrd show <image|file> <path>',
          )
        })
      })
  },
}
