/** Programs that firmware and shim load for one node, written out: shim, GRUB, MokManager of its image, GRUB for POWER. */
import { existsSync, linkSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type ExportProgram, exportPrograms, GRUB_COMMON } from '../../../boot/export-names.ts'
import { renderGrubByHardwareAddress } from '../../../boot/grub.ts'
import { loaderFor } from '../../../boot/loader-files.ts'
import { bootStateOf } from '../../../boot/state.ts'
import type { ClusterNode, Snapshot } from '../../../cluster/model.ts'
import { CORE_PROGRAM, GRUB_PROGRAM } from '../../../image/grub/make.ts'
import { hashFile } from '../../../image/pack/output-file.ts'
import { findEfiFile } from '../../efi-choice.ts'
import { placeCopy, readIfThere, replaceFile } from './file-write.ts'

export interface ExportedFiles {
  readonly written: string[]
  readonly unchanged: string[]
  readonly removed: string[]
}

export interface ProgramExport {
  /** Puts what was done into `exported`. */
  add(node: ClusterNode, exported: ExportedFiles): Promise<void>
  /** What all nodes share, and what no node has any more. @returns lines for the operator */
  finish(): { readonly output: readonly string[]; readonly errors: readonly string[] }
}

/** One copy of each program: nodes of an image have links to it, thousands of nodes or not. */
const PROGRAMS = 'boot/.programs'

export function openProgramExport(directory: string, snapshot: Snapshot, dryRun: boolean): ProgramExport {
  // What lies there goes before the image's loaders, also for this server: a copy would never be renewed.
  const isOwn = resolve(directory) === resolve(snapshot.site.tftpdir)
  const digests = new Map<string, Promise<string>>()
  let needsCommon = false

  async function sharedCopy(source: string): Promise<string> {
    const { ino, mtimeMs, size } = statSync(source)
    const key = `${source} ${ino} ${mtimeMs} ${size}`
    const digest = digests.get(key) ?? hashFile(source).then(({ sha256 }) => sha256.slice(0, 16))
    digests.set(key, digest)
    return join(directory, PROGRAMS, await digest)
  }

  return {
    async add(node, exported) {
      const programs = isOwn ? [] : exportPrograms(node)
      const isOff = bootStateOf(node) === 'none'
      for (const program of programs) {
        const place = join(directory, program.path)
        const source = isOff ? undefined : await sourceOf(program, node, snapshot)
        if (source === undefined) {
          if (!existsSync(place)) continue
          if (!dryRun) rmSync(place)
          exported.removed.push(program.path)
          continue
        }
        const copy = await sharedCopy(source)
        const isSame = await isProgram(place, copy)
        if (!isSame && !dryRun) placeLink(source, copy, place)
        exported[isSame ? 'unchanged' : 'written'].push(program.path)
        if (program.machine !== 'ppc64') needsCommon = true
      }
    },
    finish() {
      if (!dryRun) removeUnused(join(directory, PROGRAMS))
      return needsCommon ? placeCommon(directory, dryRun) : { output: [], errors: [] }
    },
  }
}

/** As this server would answer a client that asks by TFTP. */
async function sourceOf(program: ExportProgram, node: ClusterNode, snapshot: Snapshot): Promise<string | undefined> {
  const names = program.machine === 'ppc64' ? [GRUB_PROGRAM, CORE_PROGRAM] : [program.path]
  const own = names.map((name) => existing(join(snapshot.site.tftpdir, name))).find((path) => path !== undefined)
  if (own !== undefined || program.machine === 'ppc64') return own
  const common = (name: string) => existing(join(snapshot.site.tftpdir, name)) ?? loaderFor(name, existsSync)
  return (await findEfiFile({ ...program, node }, 'tftp', snapshot, common))?.path
}

function existing(path: string): string | undefined {
  return existsSync(path) ? path : undefined
}

async function isProgram(place: string, copy: string): Promise<boolean> {
  const [there, shared] = [place, copy].map((path) => statSync(path, { throwIfNoEntry: false }))
  if (!there || !shared || there.size !== shared.size) return false
  if (there.ino === shared.ino && there.dev === shared.dev) return true
  return copy.endsWith((await hashFile(place)).sha256.slice(0, 16))
}

function placeLink(source: string, copy: string, place: string): void {
  if (!existsSync(copy)) placeCopy(source, copy)
  mkdirSync(dirname(place), { recursive: true })
  const temporary = `${place}.liteboot-${process.pid}`
  rmSync(temporary, { force: true })
  try {
    linkSync(copy, temporary)
    renameSync(temporary, place)
  } catch {
    // A file system without links, or with too many of this one.
    rmSync(temporary, { force: true })
    placeCopy(copy, place)
  }
}

function removeUnused(programs: string): void {
  if (!existsSync(programs)) return
  for (const name of readdirSync(programs)) if (statSync(join(programs, name)).nlink === 1) rmSync(join(programs, name))
}

/** A distribution's GRUB keeps its own configuration under such names: what is not ours is left. */
function placeCommon(directory: string, dryRun: boolean): ReturnType<ProgramExport['finish']> {
  const text = renderGrubByHardwareAddress()
  const written: string[] = []
  const errors: string[] = []
  for (const name of GRUB_COMMON) {
    const place = join(directory, name)
    const old = readIfThere(place)
    if (old === text) continue
    if (old !== undefined && !old.includes('liteboot')) {
      errors.push(`Warning: ${place} is not ours and stays: it has to say ${text.split('\n', 1)[0]}`)
      continue
    }
    if (!dryRun) replaceFile(place, text, false)
    written.push(name)
  }
  return { output: written.length > 0 ? [`for every GRUB: wrote ${written.join(' ')}`] : [], errors }
}
