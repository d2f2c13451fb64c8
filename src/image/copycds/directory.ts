/** A mounted medium, or a copy of one: read file by file. */
import { constants, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { copyFile, lstat, mkdir, readdir, readlink, symlink, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { ImageError } from '../image-error.ts'
import {
  type CopyOptions,
  isDescription,
  MAX_DESCRIPTION_BYTES,
  MAX_ENTRIES,
  type MediumEntry,
  type MediumSource,
} from './source.ts'

export async function openDirectorySource(top: string): Promise<MediumSource> {
  const entries = await listDirectory(top)
  return {
    entries,
    read(path) {
      const stat = isDescription(path) ? lstatSync(join(top, path), { throwIfNoEntry: false }) : undefined
      if (!stat?.isFile() || stat.size > MAX_DESCRIPTION_BYTES) return undefined
      return readFileSync(join(top, path), 'utf8')
    },
    names(directory) {
      try {
        return readdirSync(join(top, directory))
      } catch {
        return []
      }
    },
    copyTo: (directory, options) => copyEntries(top, entries, directory, options),
  }
}

/** A directory before what is in it. `.fingerprint` is no part of a medium: a copy of one is recognised as that medium. */
async function listDirectory(top: string): Promise<readonly MediumEntry[]> {
  const entries: MediumEntry[] = []
  const pending = ['']
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    for (const found of await readdir(join(top, directory), { withFileTypes: true })) {
      const path = directory === '' ? found.name : `${directory}/${found.name}`
      if (path === '.fingerprint') continue
      if (entries.length >= MAX_ENTRIES)
        throw new ImageError('image-medium', `${top} has more than ${MAX_ENTRIES} files: it is no medium`)
      if (found.isDirectory()) {
        entries.push({ path, kind: 'directory', sizeBytes: 0 })
        pending.push(path)
      } else if (found.isFile()) {
        entries.push({ path, kind: 'file', sizeBytes: (await lstat(join(top, path))).size })
      } else entries.push({ path, kind: found.isSymbolicLink() ? 'symlink' : 'other', sizeBytes: 0 })
    }
  }
  return entries
}

async function copyEntries(
  top: string,
  entries: readonly MediumEntry[],
  directory: string,
  { onBytes, signal }: CopyOptions,
): Promise<void> {
  let copied = 0
  for (const { path, kind, sizeBytes } of entries) {
    if (signal?.aborted) throw new ImageError('image-medium', 'Media copy operation was interrupted')
    const [from, to] = [join(top, path), join(directory, path)]
    if (kind === 'directory') await mkdir(to, { recursive: true })
    else if (kind === 'symlink') await symlink(await readlink(from), to)
    else if (kind === 'file') {
      await copyFile(from, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL)
      const { atime, mtime } = await lstat(from)
      await utimes(to, atime, mtime)
      copied += sizeBytes
      onBytes(copied)
    }
  }
}
