/** grub make and ls: the program that POWER machines with Open Firmware load, from modules that images and media have. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Snapshot } from '../../../cluster/model.ts'
import { currentPlace } from '../../../image/generations/layout.ts'
import { CORE_PROGRAM, GRUB_PROGRAM, makeGrubProgram, openModules } from '../../../image/grub/make.ts'
import { findModuleSources, type ModuleSource } from '../../../image/grub/module-places.ts'
import type { NetworkDriver } from '../../../image/grub/network-driver.ts'
import { readGrubProgramFile } from '../../../image/grub/program.ts'
import { canonicalArch } from '../../../tables/os-names.ts'
import { OperatorError } from '../../errors.ts'
import { commandResult } from '../../protocol.ts'
import type { Method } from '../context.ts'
import { makeForEfi } from './grub-efi.ts'
import { inImageFiles } from './image-errors.ts'

interface Candidate {
  /** For people: which image or medium. */
  readonly of: string
  readonly source: ModuleSource
}

const SAYS: Readonly<Record<NetworkDriver, string>> = {
  sound: 'good',
  'finds-no-card': 'finds no network card',
}
const BROKEN =
  'their network driver finds no card (a security patch of 2025 broke it; coreos/fedora-coreos-tracker 1886)'
const ADVICE =
  'Take modules of an older or a mended release: liteboot grub make --from DIRECTORY|PACKAGE, from media of RHEL or SLES, or from a build of your own.'

export const grubList: Method<'grub.list'> = async (context) => {
  const { snapshot } = await context.compiled()
  const modules = []
  for (const { of, source } of candidates(snapshot)) {
    const state = await inImageFiles(() => judge(source))
    modules.push({ of, path: source.path, state })
  }
  const programs = [GRUB_PROGRAM, CORE_PROGRAM]
    .map((name) => join(snapshot.site.tftpdir, name))
    .filter((path) => existsSync(path))
    .map((path) => ({ path, state: programState(path) }))
  return commandResult(
    [
      ...programs.map(({ path, state }) => `program  ${path}: ${state}`),
      ...modules.map(({ of, path, state }) => `modules  ${path} (${of}): ${state}`),
      ...(modules.length + programs.length === 0
        ? ['There are neither a program nor modules for powerpc-ieee1275.']
        : []),
    ],
    { programs, modules },
  )
}

function programState(path: string): string {
  const program = readGrubProgramFile(path)
  if (program === undefined) return 'no GRUB for powerpc-ieee1275'
  return program.networkDriver === undefined ? 'its network driver is not inside' : SAYS[program.networkDriver]
}

export const grubMake: Method<'grub.make'> = async (context, { from, force, arch }, onProgress) => {
  const { snapshot } = await context.compiled()
  if (arch === 'x86_64' || arch === 'aarch64')
    return makeForEfi(snapshot, { arch, from, dryRun: context.dryRun }, onProgress)
  const { tftpdir } = snapshot.site
  const places =
    from === undefined ? candidates(snapshot) : findModuleSources(from).map((source) => ({ of: from, source }))
  if (places.length === 0) {
    const fault =
      from === undefined
        ? "no image, medium or package of this machine has GRUB's modules for powerpc-ieee1275"
        : `${from} has none of GRUB's modules for powerpc-ieee1275`
    throw new OperatorError('LB_FILE', fault, ADVICE)
  }
  const refused: string[] = []
  for (const { of, source } of places) {
    const opened = await inImageFiles(() => openModules(source))
    try {
      const isSound = opened.networkDriver === 'sound'
      if (!isSound && !force) {
        const why = opened.networkDriver === undefined ? 'ofnet.mod is none of GRUB’s modules for POWER' : BROKEN
        refused.push(`${source.path}: ${why}`)
        continue
      }
      if (context.dryRun)
        return commandResult([`Would make ${join(tftpdir, GRUB_PROGRAM)} from ${source.path} (${of}).`], {})
      onProgress(`Making GRUB from ${source.path} ...`)
      const { program } = await inImageFiles(() => makeGrubProgram(opened.directory, tftpdir))
      const warnings = isSound ? [] : [`Warning: ${source.path}: ${BROKEN}`]
      return commandResult(
        [`${program}: made from ${source.path} (${of})`],
        { program, from: source.path, warnings },
        warnings,
      )
    } finally {
      await opened.close()
    }
  }
  throw new OperatorError('LB_IMAGE', refused.join('\n       '), ADVICE)
}

async function judge(source: ModuleSource): Promise<string> {
  const opened = await openModules(source)
  await opened.close()
  return opened.networkDriver === undefined ? 'not for POWER' : SAYS[opened.networkDriver]
}

/** Trees of POWER images, the media they are built from, this machine: each place once. */
function candidates(snapshot: Snapshot): Candidate[] {
  const found = new Map<string, Candidate>()
  const look = (of: string, place: string) => {
    for (const source of findModuleSources(place)) if (!found.has(source.path)) found.set(source.path, { of, source })
  }
  const images = [...snapshot.images.values()].filter(({ osarch }) => canonicalArch(osarch ?? '').startsWith('ppc64'))
  for (const image of images) look(`image ${image.name}`, currentPlace(image.rootimgdir).rootimg)
  for (const image of images)
    for (const entry of (image.attribute('pkgdir') ?? '').split(','))
      if (entry.trim().startsWith('/')) look(`pkgdir of ${image.name}`, entry.trim())
  look('this machine', '/')
  return [...found.values()]
}
