/** grub make --arch x86_64 or aarch64: the GRUB program for UEFI nodes whose image has no signed one that boots their way. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Snapshot } from '../../../cluster/model.ts'
import { currentPlace } from '../../../image/generations/layout.ts'
import {
  EFI_PLATFORMS,
  type EfiArch,
  efiModuleDirectories,
  efiProgramName,
  makeEfiGrub,
} from '../../../image/grub/make-efi.ts'
import { OperatorError } from '../../errors.ts'
import type { OnProgress } from '../../protocol.ts'
import { type CommandResult, commandResult } from '../../protocol.ts'
import { inImageFiles } from './image-errors.ts'

export interface EfiGrubWish {
  readonly arch: EfiArch
  readonly from: string | undefined
  readonly dryRun: boolean
}

export async function makeForEfi(
  snapshot: Snapshot,
  { arch, from, dryRun }: EfiGrubWish,
  onProgress: OnProgress,
): Promise<CommandResult> {
  const places = from === undefined ? [...imageRoots(snapshot, arch), '/'] : [from]
  const modules = places.flatMap((place) => efiModuleDirectories(place, arch)).find(isModuleDirectory)
  if (modules === undefined) {
    const fault = `${from ?? 'neither an image nor this machine'} has GRUB's modules for ${EFI_PLATFORMS[arch]}`
    const advice = `${installAdvice(arch)}, or liteboot grub make --arch ${arch} --from DIRECTORY`
    throw new OperatorError('LB_FILE', from === undefined ? fault : fault.replace(' has ', ' has none of '), advice)
  }
  const { tftpdir, httpport } = snapshot.site
  const program = join(tftpdir, efiProgramName(arch))
  if (dryRun) return commandResult([`Would make ${program} from ${modules}.`], {})
  onProgress(`Making GRUB from ${modules} ...`)
  await inImageFiles(() => makeEfiGrub(modules, arch, tftpdir, httpport))
  return commandResult([`${program}: made from ${modules}`], { program, from: modules })
}

/** Debian has this package on machines of the same architecture only. */
function installAdvice(arch: EfiArch): string {
  const [debian, host] = arch === 'x86_64' ? ['amd64', 'x64'] : ['arm64', 'arm64']
  const name = `grub-efi-${debian}-bin`
  return process.arch === host ? `apt-get install ${name}` : `install ${name} in an image with osarch=${arch}`
}

function imageRoots(snapshot: Snapshot, arch: EfiArch): string[] {
  return [...snapshot.images.values()]
    .filter(({ osarch }) => osarch === arch)
    .map(({ rootimgdir }) => currentPlace(rootimgdir).rootimg)
}

function isModuleDirectory(path: string): boolean {
  return ['kernel.img', 'moddep.lst', 'efinet.mod', 'modinfo.sh'].every((name) => existsSync(join(path, name)))
}
