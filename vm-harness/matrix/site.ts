/** The demonstration's site for a matrix of firmware: the image of one architecture, with the loaders of every way in it. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { placeRoot } from '../demo/root.ts'
import {
  addImageContent,
  IMAGE,
  type SitePaths,
  siteCommands,
  sitePaths,
  writeExlist,
  writeTree,
} from '../demo/site.ts'
import type { FirmwareRow } from '../firmware.ts'
import { placeForeignRoot } from '../foreign/image.ts'
import { mendedModules } from '../grub/modules.ts'
import type { Rehearsal } from '../rehearsal.ts'

/** shim, MokManager, GRUB and its modules. */
const SIGNED_LOADERS = ['shim-signed', 'shim-helpers-amd64-signed', 'grub-efi-amd64-signed', 'grub-efi-amd64-bin']

export type Arch = FirmwareRow['arch']

/** Tables and a pristine image tree; liteimg has not run. */
export async function prepareSite(rehearsal: Rehearsal, arch: Arch): Promise<SitePaths> {
  const { directory } = rehearsal
  const paths = { ...sitePaths(directory), image: join(directory, `install/netboot/debian12/${arch}/compute`) }
  rehearsal.begin('lite', 'persistent', 'install', 'tftpboot')
  for (const words of siteCommands(paths)) await rehearsal.command(...words)
  // Of the lab alone: what stands in the machine's own /tftpboot must not help.
  await rehearsal.command('chdef', '-t', 'site', `tftpdir=${join(directory, 'tftpboot')}`)
  await rehearsal.command('chdef', '-t', 'osimage', IMAGE, `exlist=${writeExlist(directory)}`)
  rehearsal.say(`a Debian 12 root file system for ${arch} from Debian packages`)
  if (arch === 'ppc64le') await placePower(rehearsal, paths.image)
  else if (arch === 'aarch64') await placeArm(rehearsal, paths.image)
  else await placeX86(rehearsal, paths.image)
  writeTree(paths)
  addImageContent(paths)
  return paths
}

async function placeX86(rehearsal: Rehearsal, image: string): Promise<void> {
  placeRoot(image)
  unpackPackages(image, SIGNED_LOADERS)
  await rehearsal.shown('grub', 'make', '--arch', 'x86_64')
}

/** Debian packages of this machine's architecture, their programs and libraries only, into the image's tree. */
export function unpackPackages(image: string, packages: readonly string[]): void {
  const script = join(import.meta.dirname, '../demo/unpack-packages.sh')
  execFileSync('sh', [script, join(image, 'rootimg'), ...packages])
}

async function placeArm(rehearsal: Rehearsal, image: string): Promise<void> {
  await placeForeignRoot(rehearsal, 'aarch64', IMAGE, image)
  await rehearsal.command('chdef', '-t', 'group', 'compute', 'arch=aarch64')
  await rehearsal.shown('grub', 'make', '--arch', 'aarch64')
}

async function placePower(rehearsal: Rehearsal, image: string): Promise<void> {
  await placeForeignRoot(rehearsal, 'ppc64le', IMAGE, image)
  await rehearsal.command('chdef', '-t', 'group', 'compute', 'arch=ppc64le', 'netboot=grub2')
  // GRUB receives half a megabyte a second: drivers of the cards that these machines have, and no others.
  await rehearsal.command('chdef', '-t', 'osimage', IMAGE, 'netdrivers=virtio_net,ibmveth,e1000e')
  rehearsal.say("GRUB's modules, mended")
  await rehearsal.shown('grub', 'make', '--from', mendedModules())
}
