import { Option } from 'commander'
import { OperatorError } from '../../api/errors.ts'
import type { CliCommand } from '../command.ts'

interface Options {
  method?: 'cpio' | 'tar' | 'squashfs'
  compressor?: 'gzip' | 'pigz' | 'xz' | 'zstd'
  osver?: string
  profile?: string
  arch?: string
}

export const packimage: CliCommand = {
  name: 'packimage',
  summary: 'Pack an image for stateless nodes into one file.',
  details: [
    'The packed root is put into a new generation of the image; its tree stays as it is, also for nodes that have it mounted.',
  ],
  examples: [
    { says: 'A compressed cpio archive', run: 'packimage el9-netboot' },
    { says: 'Smaller, and quicker to unpack', run: 'packimage -c zstd el9-netboot' },
  ],
  completes: { image: 'images' },
  nothingGiven: 0,
  changes: true,
  define(program, run) {
    program
      .argument('[image]')
      .addOption(
        new Option('-m, --method <method>', 'form of the packed root (default: cpio)').choices([
          'cpio',
          'tar',
          'squashfs',
        ]),
      )
      .addOption(
        new Option('-c, --compressor <program>', 'default: pigz if installed, else gzip').choices([
          'gzip',
          'pigz',
          'xz',
          'zstd',
        ]),
      )
      .option('--nosyncfiles', 'leave out the files of the synclists')
      .addOption(new Option('-o, --osver <osver>').hideHelp())
      .addOption(new Option('-p, --profile <profile>').hideHelp())
      .addOption(new Option('-a, --arch <arch>').hideHelp())
      .action((image: string | undefined, options: Options & { nosyncfiles?: boolean }) => {
        const { method, compressor, nosyncfiles, osver, profile, arch } = options
        run(({ api, onProgress }) => {
          if (osver !== undefined || profile !== undefined || arch !== undefined)
            throw new OperatorError(
              'LB_USAGE',
              "-o, -p and -a options are obsoleted, please use 'packimage <osimage name>' instead.",
            )
          if (image === undefined) throw new OperatorError('LB_USAGE', 'Name the image.')
          return api.call('image.pack', { image, method, compressor, noSyncFiles: nosyncfiles }, onProgress)
        })
      })
  },
}
