import { resolve } from 'node:path'
import { Option } from 'commander'
import { OperatorError } from '../../api/errors.ts'
import type { CliCommand } from '../command.ts'

interface GrubOptions {
  readonly from?: string
  readonly force?: boolean
  readonly arch?: 'ppc64le' | 'x86_64' | 'aarch64'
}

export const grub: CliCommand = {
  name: 'grub',
  summary:
    'The GRUB programs that POWER machines with Open Firmware (PowerVM, KVM guests) and UEFI machines load from the network.',
  details: [
    'make builds <tftpdir>/boot/grub2/grub2.ppc, which every boot/grub2/grub2-<node> is, from modules for powerpc-ieee1275: those in ppc64le images, on the media they are built from (pkgdir), on this machine, or where --from says: a directory of modules, a tree, copied media, a directory of packages, a .deb or an .rpm. It needs grub-mkimage (Debian: grub-common), and rpm2cpio for RPMs.',
    'make --arch x86_64 or aarch64 builds <tftpdir>/boot/grub2/grub2.x86_64 or grub2.aarch64 for UEFI. Nodes with netboot=grub2 are given it when their image has no signed GRUB, or, for UEFI HTTP boot, one that has no HTTP in it (Debian, Ubuntu). It is not signed: Secure Boot refuses it.',
    'Modules of several distributions find no network card since a security patch of 2025. They are recognised and refused; --force takes them nevertheless.',
    'ls shows the program in use and the modules that are found, and says of each whether its network driver is good.',
  ],
  examples: [
    { says: 'Which modules there are', run: 'liteboot grub ls' },
    { says: 'From the first good ones', run: 'liteboot grub make' },
    { says: 'For UEFI HTTP boot of Debian images', run: 'liteboot grub make --arch x86_64' },
    { says: 'From copied media', run: 'liteboot grub make --from /install/rhels9.2/ppc64le' },
  ],
  completes: { action: ['make', 'ls'] },
  nothingGiven: 1,
  changes: true,
  define(program, run) {
    program
      .usage('ls\n       liteboot grub make [--arch <arch>] [--from <place>] [--force]')
      .argument('<action>', 'make or ls')
      .addOption(
        new Option('--arch <arch>', 'make: architecture of the nodes (default: ppc64le)').choices([
          'ppc64le',
          'x86_64',
          'aarch64',
        ]),
      )
      .option('--from <place>', 'make: directory or package with the modules')
      .option('--force', 'make: also from modules whose network driver finds no card')
      .action((action: string, { from, force, arch }: GrubOptions) => {
        run(({ api, onProgress }) => {
          if (action === 'ls' && from === undefined && force === undefined && arch === undefined)
            return api.call('grub.list', {})
          if (action !== 'make')
            throw new OperatorError(
              'LB_USAGE',
              'liteboot grub ls, or liteboot grub make [--arch <arch>] [--from <place>]',
            )
          return api.call(
            'grub.make',
            { from: from === undefined ? undefined : resolve(from), force, arch },
            onProgress,
          )
        })
      })
  },
}
