/** A short digest of what liteimg prepares an image for, so that a node never boots an image prepared for another table. */
import { createHash } from 'node:crypto'
import type { EntryOption } from './options.ts'
import { comparePaths } from './paths.ts'

/** 12 hex digits over option and path of every entry; the order in which they are given does not matter. */
export function entriesRevision(entries: Iterable<{ readonly option: EntryOption; readonly path: string }>): string {
  const hash = createHash('sha256')
  const sorted = [...entries].sort((a, b) => comparePaths(a.path, b.path))
  for (const { option, path } of sorted) hash.update(`${option}\t${path}\n`)
  return hash.digest('hex').slice(0, 12)
}
