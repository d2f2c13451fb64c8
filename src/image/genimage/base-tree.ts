/** An image that starts from a tree or an archive instead of an empty directory. */
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { BuildPlaces, BuildStep } from './steps.ts'

const ARCHIVE = /\.(tar|tgz|tbz2|txz|tar\.(gz|bz2|xz|zst))$/

/** pkgdir entries that are no repository: a root tree (etc and usr, no metadata), or a tar archive of one. */
export function isBaseTree(entry: string): boolean {
  if (!entry.startsWith('/')) return false
  const stat = statSync(entry, { throwIfNoEntry: false })
  if (stat?.isFile()) return ARCHIVE.test(entry)
  const has = (name: string) => existsSync(join(entry, name))
  return stat?.isDirectory() === true && has('etc') && has('usr') && !has('repodata') && !has('dists')
}

export function planBaseTree(base: string, { root }: BuildPlaces): BuildStep[] {
  const isArchive = statSync(base).isFile()
  const make: BuildStep = { kind: 'command', what: 'making the root directory', words: ['mkdir', '-m', '755', root] }
  const tar = ['tar', '--numeric-owner', '--xattrs', '--xattrs-include=*', '--acls', '--selinux', '-x', '-p']
  const copy = isArchive
    ? [...tar, '-C', root, '-f', base]
    : ['cp', '-a', '--reflink=auto', '--sparse=auto', '-T', '--', `${base}/.`, root]
  return [make, { kind: 'command', what: `${isArchive ? 'unpacking' : 'copying'} ${base}`, words: copy }]
}
