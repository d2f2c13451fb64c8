/** Which program lies behind `boot/efi/<node>/…`: what the disk has to choose from, for whoever serves it or writes it out. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { chooseEfiFile, type EfiChoice, type EfiFileName, grubProgramNames, ipxeProgram } from '../boot/efi-files.ts'
import type { Snapshot } from '../cluster/model.ts'
import { findEfiLoaders } from '../image/efi-loaders.ts'
import { currentPlace } from '../image/generations/layout.ts'

/**
 * @param protocol by which the firmware asks
 * @param common where a loader is that is the same for all nodes
 */
export async function findEfiFile(
  { node, machine, part }: EfiFileName,
  protocol: 'tftp' | 'http',
  snapshot: Snapshot,
  common: (name: string) => string | undefined,
): Promise<EfiChoice | undefined> {
  const image = node.imageName === undefined ? undefined : snapshot.images.get(node.imageName)
  const found = image && (await findEfiLoaders(currentPlace(image.rootimgdir).rootimg, machine))
  const ownGrub = grubProgramNames(node.name, machine)
    .map((name) => join(snapshot.site.tftpdir, name))
    .find((path) => existsSync(path))
  return chooseEfiFile(part, protocol, image?.name ?? 'the node', {
    image: found,
    ownGrub,
    ipxe: common(ipxeProgram(machine)),
  })
}
