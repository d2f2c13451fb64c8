import { Option } from 'commander'
import { OperatorError } from '../../api/errors.ts'
import type { CliCommand } from '../command.ts'

type Compressor = 'gzip' | 'pigz' | 'xz' | 'zstd'

interface Options {
  profile?: string
  arch?: string
  osver?: string
  force?: string
  inPlace?: boolean
  type?: 'nfs' | 'ramdisk'
  method?: 'cpio' | 'squashfs'
  compressor?: Compressor
  initrd?: 'lean' | 'dracut'
  promote: boolean
  verbose?: boolean
}

export const liteimg: CliCommand = {
  name: 'liteimg',
  summary: "Prepare an image's root tree for the statelite tables as they are now, and its kernel and initrd.",
  examples: [
    { says: 'Prepare an image', run: 'liteimg el9-lite' },
    { says: 'See first what would be done', run: 'liteimg --dry-run -V el9-lite' },
  ],
  nothingGiven: 0,
  changes: true,
  define(program, run) {
    program
      .argument('[image]')
      .option('-p, --profile <profile>', 'with -a and -o: the image <osver>-<arch>-statelite-<profile>')
      .option('-a, --arch <arch>', 'see -p')
      .option('-o, --osver <osver>', 'see -p')
      .addOption(
        new Option('-t, --type <rootfstype>', 'instead of osimage.rootfstype, which is set to it').choices([
          'nfs',
          'ramdisk',
        ]),
      )
      .addOption(
        new Option('-m, --method <method>', 'of a ramdisk image; default: as it was packed before, else cpio').choices([
          'cpio',
          'squashfs',
        ]),
      )
      .addOption(
        new Option('-c, --compressor <program>', 'see -m; at first pigz or gzip').choices([
          'gzip',
          'pigz',
          'xz',
          'zstd',
        ]),
      )
      .addOption(
        new Option('--initrd <kind>', "lean, or made by the image's own dracut; default: as before, else lean").choices(
          ['lean', 'dracut'],
        ),
      )
      .option('--no-promote', 'make the new generation and leave the current one current')
      .option('--in-place', 'change the current generation instead of making a new one')
      .option('--force <noderange>', 'with --in-place: these nodes run from it, and may see files vanish')
      .option('-V, --verbose', 'print every step')
      .action((image: string | undefined, options: Options) => {
        const { verbose, force, inPlace, type: rootfstype, method, compressor, initrd } = options
        const keepCurrent = options.promote ? undefined : true
        run(({ api, onProgress }) =>
          api.call(
            'image.liteimg',
            {
              image: image ?? imageName(options),
              verbose,
              force,
              inPlace,
              keepCurrent,
              rootfstype,
              method,
              compressor,
              initrd,
            },
            onProgress,
          ),
        )
      })
  },
}

function imageName({ profile, arch, osver }: Options): string {
  if (profile === undefined || arch === undefined || osver === undefined)
    throw new OperatorError('LB_USAGE', 'Name the image, or give -p, -a and -o.')
  return `${osver}-${arch}-statelite-${profile}`
}
