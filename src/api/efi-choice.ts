/** Which program lies behind `boot/efi/<node>/…`: what the disk has to choose from, for whoever serves it or writes it out. */
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { chooseEfiFile, type EfiChoice, type EfiFileName, grubProgramNames, ipxeProgram } from '../boot/efi-files.ts'
import { LOADER_FILES } from '../boot/loader-files.ts'
import type { Snapshot } from '../cluster/model.ts'
import { findEfiLoaders } from '../image/efi-loaders.ts'
import { currentPlace } from '../image/generations/layout.ts'

/** @param protocol by which the firmware asks */
export async function findEfiFile(
  { node, machine, part }: EfiFileName,
  protocol: 'tftp' | 'http',
  snapshot: Snapshot,
): Promise<EfiChoice | undefined> {
  const { tftpdir } = snapshot.site
  const image = node.imageName === undefined ? undefined : snapshot.images.get(node.imageName)
  const found = image && (await findEfiLoaders(currentPlace(image.rootimgdir).rootimg, machine))
  const ownGrub = grubProgramNames(node.name, machine)
    .map((name) => join(tftpdir, name))
    .find((path) => existsSync(path))
  const ipxe = commonLoader(ipxeProgram(machine), tftpdir)
  return chooseEfiFile(part, protocol, image?.name ?? 'the node', { image: found, ownGrub, ipxe })
}

/** The site's own goes before the package's. */
function commonLoader(name: string, tftpdir: string): string | undefined {
  const candidates = LOADER_FILES.find((loader) => loader.name === name)?.candidates ?? []
  return [join(tftpdir, name), ...candidates].find((path) => statSync(path, { throwIfNoEntry: false })?.isFile())
}
