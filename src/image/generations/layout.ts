/**
 * Generations of an image: `<rootimgdir>/generations/<n>/`, each a whole image (tree, kernel, initrd, packed roots) that is
 * never changed again, and `generations/current`, a symbolic link to the one that nodes boot. The disk is the truth: a
 * link that somebody sets by hand counts as much as `image promote`.
 *
 * This room works on the one directory it is given. It must not know tables, nodes or sockets: who uses a generation is
 * passed in. This file: names and places, read as often as a node asks (two system calls).
 *
 * `DEST` in the comments of this folder is the image's rootimgdir.
 */
import { lstatSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { errnoOf } from '../image-error.ts'

export const GENERATIONS = 'generations'
/** What is being made, and what is being removed: swept by whoever holds the lock next. */
export const NEW_PREFIX = '.new-'
export const GONE_PREFIX = '.gone-'

/** One generation, or the image in a DEST that has none yet (`number` undefined: DEST itself). */
export interface ImagePlace {
  readonly number: number | undefined
  /** Has kernel, initrd and packed roots. */
  readonly directory: string
  readonly rootimg: string
}

export function generationsDirectory(dest: string): string {
  return join(dest, GENERATIONS)
}

/** `3` for `3`, `./3` and `…/generations/3`: links made by hand come in all spellings. */
function numberOf(name: string): number | undefined {
  const last = name.replace(/\/+$/, '').split('/').at(-1) ?? ''
  return /^[1-9][0-9]{0,8}$/.test(last) ? Number(last) : undefined
}

/** Generations on disk, lowest first. */
export function generationNumbers(dest: string): number[] {
  let names: string[]
  try {
    names = readdirSync(generationsDirectory(dest))
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
  return names
    .map((name) => (name.includes('/') ? undefined : numberOf(name)))
    .filter((number) => number !== undefined)
    .sort((a, b) => a - b)
}

/** Number of the current generation; undefined: DEST has none. */
export function currentNumber(dest: string): number | undefined {
  try {
    return numberOf(readlinkSync(join(generationsDirectory(dest), 'current')))
  } catch (error) {
    // EINVAL: not a link.
    if (isMissing(error) || errnoOf(error) === 'EINVAL') return undefined
    throw error
  }
}

/** What nodes boot now: the current generation, or DEST itself. */
export function currentPlace(dest: string): ImagePlace {
  const number = currentNumber(dest)
  if (number === undefined) return { number: undefined, directory: dest, rootimg: join(dest, 'rootimg') }
  return { ...placeOf(dest, number), number }
}

/** Where a generation is; whether it is there at all is another question (`hasGeneration`). */
export function placeOf(dest: string, number: number): ImagePlace & { readonly number: number } {
  const directory = join(generationsDirectory(dest), String(number))
  const own = join(directory, 'rootimg')
  // While a DEST is being taken over, its tree still lies where it lay (adopt.ts).
  const rootimg = number === 1 && !isThere(own) && hasFlatTree(dest) && !isThere(own) ? join(dest, 'rootimg') : own
  return { number, directory, rootimg }
}

/** DEST/rootimg is a tree, or a link to one elsewhere, and not our link into the current generation. */
export function hasFlatTree(dest: string): boolean {
  const stat = lstatSync(join(dest, 'rootimg'), { throwIfNoEntry: false })
  if (!stat?.isSymbolicLink()) return stat?.isDirectory() === true
  try {
    return !readlinkSync(join(dest, 'rootimg')).startsWith(`${GENERATIONS}/`)
  } catch {
    return false
  }
}

export function hasGeneration(dest: string, number: number): boolean {
  return isThere(join(generationsDirectory(dest), String(number), 'generation.json'))
}

export function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}

function isMissing(error: unknown): boolean {
  const code = errnoOf(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
}
