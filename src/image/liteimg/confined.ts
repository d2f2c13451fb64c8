/**
 * Paths resolved inside the image root, component by component, with `lstat` and `readlink` only.
 *
 * The kernel's own path walk would follow an absolute symlink of the image to the server's files. Nothing here does:
 * absolute targets start again at the image root, `..` stops there, and callers get a physical path whose every
 * component is a real directory.
 */
import type { BigIntStats } from 'node:fs'
import { lstat, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { errnoOf } from '../image-error.ts'

/** As many as Linux follows before ELOOP. */
const SYMLINK_LIMIT = 40

export async function lstatOrMissing(path: string | Buffer): Promise<BigIntStats | undefined> {
  try {
    return await lstat(path, { bigint: true })
  } catch (error) {
    const code = errnoOf(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
}

export type WalkResult =
  /** Everything above is a real directory; the last component may be anything, or missing. */
  | { readonly kind: 'found'; readonly rel: string; readonly stat: BigIntStats }
  | { readonly kind: 'missing'; readonly rel: string; readonly firstMissing: string }
  /** `at` (a component before the last) is a symlink or not a directory. */
  | { readonly kind: 'blocked'; readonly at: string; readonly isSymlink: boolean }

/** Walks `rel` below `root` without following anything. */
export async function walkReal(root: string, rel: string): Promise<WalkResult> {
  const parts = rel.split('/').filter((part) => part !== '')
  let here = ''
  for (const [index, part] of parts.entries()) {
    here = here === '' ? part : `${here}/${part}`
    const stat = await lstatOrMissing(join(root, here))
    if (stat === undefined) return { kind: 'missing', rel, firstMissing: here }
    if (index === parts.length - 1) return { kind: 'found', rel, stat }
    if (!stat.isDirectory()) return { kind: 'blocked', at: here, isSymlink: stat.isSymbolicLink() }
  }
  const stat = await lstatOrMissing(root)
  return stat === undefined ? { kind: 'missing', rel, firstMissing: '' } : { kind: 'found', rel, stat }
}

/**
 * Follows symlinks as a process chrooted into the image would; answers the real path (relative to the root), whose
 * last components may be missing, or undefined for a loop.
 */
export async function resolveInside(root: string, rel: string): Promise<string | undefined> {
  let pending = rel.split('/').filter((part) => part !== '' && part !== '.')
  const real: string[] = []
  for (let links = 0; pending.length > 0; ) {
    const part = pending.shift() ?? ''
    if (part === '' || part === '.') continue
    if (part === '..') {
      real.pop()
      continue
    }
    const path = join(root, ...real, part)
    const stat = await lstatOrMissing(path)
    if (!stat?.isSymbolicLink()) {
      real.push(part)
      continue
    }
    if (++links > SYMLINK_LIMIT) return undefined
    const target = await readlink(path)
    if (target.startsWith('/')) real.length = 0
    pending = [...target.split('/'), ...pending]
  }
  return real.join('/')
}
