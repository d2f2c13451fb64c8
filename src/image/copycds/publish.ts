/**
 * A finished directory takes its place: by one rename where there was nothing, else by two, the old tree having been linked
 * into the new one. Whatever a killed copy left is put right by the next one (`recoverPlace`).
 */
import { chmod, lchown, link, lstat, mkdir, readdir, readlink, rename, rm, symlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { errnoOf, ImageError } from '../image-error.ts'
import { lstatOrMissing } from '../liteimg/confined.ts'
import { leavingLinks } from './tidy.ts'

export interface Place {
  /** Where the medium is to be. */
  readonly destination: string
  /** Where it is put together, beside it. */
  readonly next: string
  /** What was there before, for a moment. */
  readonly previous: string
}

export function placeOf(destination: string): Place {
  const beside = (what: string) => join(dirname(destination), `.${basename(destination)}.copycds-${what}`)
  return { destination, next: beside('new'), previous: beside('old') }
}

/** Under the lock. Only between its two renames can a killed copy have left no tree in its place. */
export async function recoverPlace({ destination, next, previous }: Place): Promise<void> {
  if (await lstatOrMissing(previous)) {
    if (await lstatOrMissing(destination)) await removeTree(previous)
    else await rename(previous, destination)
  }
  await removeTree(next)
}

/** Files only the old tree has are linked into the new one; where both have something, the new one counts. */
export async function mergeTree(old: string, next: string): Promise<readonly string[]> {
  // An administrator's links stay as they are; those that come to lead out by the union of two media go.
  const before = new Set(await leavingLinks(old))
  const replaced: string[] = []
  await mergeDirectory(old, next, '', replaced)
  for (const path of await leavingLinks(next)) {
    if (before.has(path)) continue
    await rm(join(next, path))
    replaced.push(`the link ${path} leads out of the medium: left out`)
  }
  return replaced
}

async function mergeDirectory(old: string, next: string, directory: string, replaced: string[]): Promise<void> {
  for (const found of await readdir(join(old, directory), { withFileTypes: true })) {
    const path = directory === '' ? found.name : `${directory}/${found.name}`
    const [from, to] = [join(old, path), join(next, path)]
    const there = await lstatOrMissing(to)
    if (there === undefined) await takeOver(from, to, found)
    else if (found.isDirectory() !== there.isDirectory()) {
      replaced.push(`${path} was ${found.isDirectory() ? 'a directory' : 'a file'} before, and is replaced`)
      continue
    }
    if (found.isDirectory()) await mergeDirectory(old, next, path, replaced)
  }
}

interface Found {
  isDirectory(): boolean
  isSymbolicLink(): boolean
}

async function takeOver(from: string, to: string, found: Found): Promise<void> {
  if (found.isDirectory()) {
    const { mode, uid, gid } = await lstat(from)
    await mkdir(to)
    if (process.getuid?.() === 0) await lchown(to, uid, gid)
    await chmod(to, mode & 0o7777)
    return
  }
  if (found.isSymbolicLink()) {
    await symlink(await readlink(from), to)
    return
  }
  try {
    await link(from, to)
  } catch (error) {
    if (errnoOf(error) !== 'EXDEV') throw error
    throw new ImageError('image-medium', `${from} is on another file system than ${to}: unmount it, or use -p`)
  }
}

/** @returns what has to be said about it */
export async function publishTree({ destination, next, previous }: Place): Promise<readonly string[]> {
  const before = await lstatOrMissing(destination)
  const warnings = before?.isSymbolicLink()
    ? [`${destination} was a link to ${await readlink(destination)}: a directory takes its place`]
    : []
  try {
    if (before) await rename(destination, previous)
    await rename(next, destination)
  } catch (error) {
    if (errnoOf(error) !== 'EBUSY' && errnoOf(error) !== 'EXDEV') throw error
    throw new ImageError('image-medium', `${destination} is a mount point: unmount it, or copy below it with -p`)
  }
  await removeTree(previous)
  return warnings
}

/** A link is removed, not what it leads to. */
export async function removeTree(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true })
}
