/**
 * Where a listed path physically is: in its own place, or below `/.default` when a listed directory above it was moved.
 *
 * Only links that the manifest knows and that have exactly our target are passed through; any other symlink blocks.
 */
import type { BigIntStats } from 'node:fs'
import { readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { lstatOrMissing, resolveInside } from './confined.ts'
import { linkTargets } from './entry.ts'
import type { Manifest } from './manifest.ts'

export const DEFAULT_DIR = '.default'
export const TMPFS_DIR = '.statelite/tmpfs'
export const SAVED_DIR = '.statelite/saved'

export type Located =
  | {
      readonly kind: 'at'
      /** Physical path relative to the root. */
      readonly rel: string
      readonly stat: BigIntStats | undefined
      /** Logical paths of the missing directories above it, outermost first. */
      readonly missingAbove: readonly string[]
    }
  | { readonly kind: 'blocked'; readonly at: string; readonly isSymlink: boolean }

/** With `through`, a link of ours at the very end is passed as well (the path is wanted as a directory). */
export async function locate(root: string, manifest: Manifest, rel: string, through = false): Promise<Located> {
  const parts = rel.split('/').filter((part) => part !== '')
  const missingAbove: string[] = []
  let physical = ''
  for (const [index, part] of parts.entries()) {
    const logical = parts.slice(0, index + 1).join('/')
    const isLast = index === parts.length - 1
    physical = physical === '' ? part : `${physical}/${part}`
    let stat = await lstatOrMissing(join(root, physical))
    if ((!isLast || through) && manifest.entries[logical]?.role === 'move') {
      const moved = `${DEFAULT_DIR}/${logical}`
      const movedStat = await lstatOrMissing(join(root, moved))
      // A missing path with its content in /.default: a run was interrupted between the move and the link.
      if (stat === undefined ? movedStat !== undefined : await isOurLink(root, physical, stat, logical)) {
        physical = moved
        stat = movedStat
      }
    }
    if (isLast) return { kind: 'at', rel: physical, stat, missingAbove }
    if (stat === undefined) missingAbove.push(logical)
    else if (!stat.isDirectory()) return { kind: 'blocked', at: logical, isSymlink: stat.isSymbolicLink() }
  }
  return { kind: 'at', rel: '', stat: await lstatOrMissing(root), missingAbove }
}

export async function isOurLink(root: string, physical: string, stat: BigIntStats, logical: string): Promise<boolean> {
  return stat.isSymbolicLink() && (await readlink(join(root, physical))) === linkTargets(logical).image
}

/** `/usr/lib/x` for `/lib/x` in an image with a merged /usr; undefined for a loop. */
export async function realPathInImage(root: string, rel: string): Promise<string | undefined> {
  const real = await resolveInside(root, rel)
  return real === undefined ? undefined : `/${real}`
}
