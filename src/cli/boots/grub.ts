import { resolve } from 'node:path'
import { OperatorError } from '../../api/errors.ts'
import type { CliCommand } from '../command.ts'

export const grub: CliCommand = {
  name: 'grub',
  summary: 'The GRUB program that POWER machines with Open Firmware (PowerVM, KVM guests) load from the network.',
  details: [
    'make builds <tftpdir>/boot/grub2/grub2.ppc, which every boot/grub2/grub2-<node> is, from modules for powerpc-ieee1275: those in ppc64le images, on the media they are built from (pkgdir), on this machine, or where --from says: a directory of modules, a tree, copied media, a directory of packages, a .deb or an .rpm. It needs grub-mkimage (Debian: grub-common), and rpm2cpio for RPMs.',
    'Modules of several distributions find no network card since a security patch of 2025. They are recognised and refused; --force takes them nevertheless.',
    'ls shows the program in use and the modules that are found, and says of each whether its network driver is good.',
  ],
  examples: [
    { says: 'Which modules there are', run: 'liteboot grub ls' },
    { says: 'From the first good ones', run: 'liteboot grub make' },
    { says: 'From copied media', run: 'liteboot grub make --from /install/rhels9.2/ppc64le' },
  ],
  completes: { action: ['make', 'ls'] },
  nothingGiven: 1,
  changes: true,
  define(program, run) {
    program
      .usage('ls\n       liteboot grub make [--from <place>] [--force]')
      .argument('<action>', 'make or ls')
      .option('--from <place>', 'make: directory or package with the modules')
      .option('--force', 'make: also from modules whose network driver finds no card')
      .action((action: string, { from, force }: { from?: string; force?: boolean }) => {
        run(({ api, onProgress }) => {
          if (action === 'ls' && from === undefined && force === undefined) return api.call('grub.list', {})
          if (action !== 'make')
            throw new OperatorError('LB_USAGE', 'liteboot grub ls, or liteboot grub make [--from <place>]')
          return api.call('grub.make', { from: from === undefined ? undefined : resolve(from), force }, onProgress)
        })
      })
  },
}
