/**
 * What came from a medium is made safe to serve: readable by everybody, no set-id bits, no device files, and no link that
 * leads out of the tree.
 */
import { chmod, lstat, readdir, readlink, unlink } from 'node:fs/promises'
import { join } from 'node:path'

const SYMLINK_LIMIT = 40

/** @returns one sentence for each thing that was taken out */
export async function tidyTree(top: string): Promise<readonly string[]> {
  const removed: string[] = []
  const links: string[] = []
  await chmod(top, 0o700)
  await walk(top, '', async (path, kind) => {
    const full = join(top, path)
    if (kind === 'symlink') links.push(path)
    else if (kind === 'other') {
      await unlink(full)
      removed.push(`${path} is no file, directory or link: left out`)
    } else {
      const { mode } = await lstat(full)
      await chmod(full, kind === 'directory' || (mode & 0o111) !== 0 ? 0o755 : 0o644)
    }
  })
  for (const path of links) {
    if (!(await leaves(top, path))) continue
    await unlink(join(top, path))
    removed.push(`the link ${path} leads out of the medium: left out`)
  }
  return removed
}

/** Relative paths of links that lead out of the tree. */
export async function leavingLinks(top: string): Promise<readonly string[]> {
  const leaving: string[] = []
  await walk(top, '', async (path, kind) => {
    if (kind === 'symlink' && (await leaves(top, path))) leaving.push(path)
  })
  return leaving
}

type Kind = 'file' | 'directory' | 'symlink' | 'other'

/** A directory before what is in it, so that it can be made readable first. */
async function walk(top: string, directory: string, visit: (path: string, kind: Kind) => Promise<void>): Promise<void> {
  for (const found of await readdir(join(top, directory), { withFileTypes: true })) {
    const path = directory === '' ? found.name : `${directory}/${found.name}`
    const kind = found.isDirectory()
      ? 'directory'
      : found.isFile()
        ? 'file'
        : found.isSymbolicLink()
          ? 'symlink'
          : 'other'
    await visit(path, kind)
    if (kind === 'directory') await walk(top, path, visit)
  }
}

/** Walks as the kernel would, and stops where that steps out: an absolute target, or `..` at the top. */
async function leaves(top: string, link: string): Promise<boolean> {
  let pending = link.split('/')
  const real: string[] = []
  for (let links = 0; pending.length > 0; ) {
    const part = pending.shift() ?? ''
    if (part === '' || part === '.') continue
    if (part === '..') {
      if (real.length === 0) return true
      real.pop()
      continue
    }
    const target = await readlink(join(top, ...real, part)).catch(() => undefined)
    if (target === undefined) {
      real.push(part)
      continue
    }
    // A loop leads nowhere, and is of no use to anybody.
    if (target.startsWith('/') || ++links > SYMLINK_LIMIT) return true
    pending = [...target.split('/'), ...pending]
  }
  return false
}
