/** pkgdir of an RPM image → repositories: URLs as they are, directories searched for their metadata. */
import { readdirSync, realpathSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'

export interface RpmRepository {
  /** One word, unique in a build. */
  readonly id: string
  readonly baseurl: string
}

export interface FoundSources<T> {
  readonly sources: readonly T[]
  readonly faults: readonly string[]
  readonly warnings: readonly string[]
}

const URL = /^(https?|ftp|file):\/\//
/** Copied media have BaseOS/repodata or Module-Basesystem/repodata, nothing deeper. */
const SEARCH_DEPTH = 4

export function isUrl(entry: string): boolean {
  return URL.test(entry)
}

/** @param prefix of the ids: they show in progress lines and errors */
export function findRpmRepositories(entries: readonly string[], prefix: string): FoundSources<RpmRepository> {
  const sources: RpmRepository[] = []
  const faults: string[] = []
  const warnings: string[] = []
  const add = (baseurl: string, name: string) => {
    if (sources.some((known) => known.baseurl === baseurl)) return
    sources.push({ id: `${prefix}${sources.length + 1}-${name.replace(/[^\w.-]+/g, '-')}`, baseurl })
  }
  for (const entry of entries) {
    if (isUrl(entry)) {
      add(entry, basename(entry.replace(/\/+$/, '')))
      continue
    }
    if (!entry.startsWith('/')) {
      faults.push(`pkgdir '${entry}' is neither an absolute path nor a URL`)
      continue
    }
    if (statSync(entry, { throwIfNoEntry: false })?.isDirectory() !== true) {
      faults.push(`the directory ${entry} of pkgdir does not exist: copy the media with copycds, or correct pkgdir`)
      continue
    }
    const found = findMetadata(entry)
    if (found.length === 0) warnings.push(`${entry} has no repository (no repodata in it or below)`)
    for (const directory of found) add(`file://${encodeURI(directory)}`, basename(directory))
  }
  return { sources, faults, warnings }
}

/** Directories with `repodata` in them, in alphabetical order; links are followed, each place once. */
function findMetadata(top: string): string[] {
  const found: string[] = []
  const seen = new Set<string>()
  const search = (directory: string, depth: number) => {
    const real = realpathSync(directory)
    if (seen.has(real)) return
    seen.add(real)
    if (statSync(join(directory, 'repodata/repomd.xml'), { throwIfNoEntry: false })?.isFile()) found.push(directory)
    if (depth === 0) return
    for (const name of readdirSync(directory).sort()) {
      if (name === 'repodata' || name === 'Packages') continue
      const path = join(directory, name)
      if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) search(path, depth - 1)
    }
  }
  search(top, SEARCH_DEPTH)
  return found
}

/** The rpm files that stand in a directory itself. */
export function hasPackages(directory: string, extension: '.rpm' | '.deb'): boolean {
  try {
    return readdirSync(directory, { recursive: true }).some((name) => String(name).endsWith(extension))
  } catch {
    return false
  }
}
