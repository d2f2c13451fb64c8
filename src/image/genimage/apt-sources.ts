/** pkgdir of a Debian or Ubuntu image → apt sources: copied media, directories of packages, `URL SUITE COMPONENT…`. */
import { existsSync, lstatSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { OsTools } from './os-tools.ts'
import { type FoundSources, isUrl } from './rpm-sources.ts'

export interface AptSource {
  /** `deb [options] URI SUITE COMPONENT…`; local media as `copy:`, since what runs inside the tree cannot see them. */
  readonly line: string
  /** For etc/apt/sources.list of the image: without options of this machine. undefined: of no use on a node. */
  readonly imageLine: string | undefined
  readonly suite: string
}

/** Where Debian's packages of archive keys put them on this machine. */
const KEYRINGS: Readonly<Record<'debian' | 'ubuntu', readonly [path: string, debianPackage: string]>> = {
  debian: ['/usr/share/keyrings/debian-archive-keyring.gpg', 'debian-archive-keyring'],
  ubuntu: ['/usr/share/keyrings/ubuntu-archive-keyring.gpg', 'ubuntu-keyring'],
}

export interface AptRequest {
  readonly pkgdirs: readonly string[]
  readonly aptMirror?: string | undefined
  readonly tools: OsTools
  readonly os: string
}

export function findAptSources({ pkgdirs, aptMirror, tools, os }: AptRequest): FoundSources<AptSource> {
  const sources: AptSource[] = []
  const faults: string[] = []
  const warnings: string[] = []
  const family = tools.family === 'ubuntu' ? 'ubuntu' : 'debian'
  const addUrl = (entry: string) => {
    const parsed = parseEntry(entry)
    if (parsed === undefined) {
      faults.push(`pkgdir '${entry}' is no apt source: write URL SUITE COMPONENT…, as in sources.list(5)`)
      return
    }
    const [keyring, keyPackage] = KEYRINGS[family]
    const knowsKeys = /\b(trusted|signed-by)=/.test(parsed.options)
    if (!knowsKeys && !existsSync(keyring)) {
      faults.push(
        `nobody here knows the keys of ${parsed.uri}: apt-get install ${keyPackage}, or put [trusted=yes] before it`,
      )
      return
    }
    const options = knowsKeys ? `[${parsed.options}]` : `[${`${parsed.options} signed-by=${keyring}`.trim()}]`
    const rest = `${parsed.uri} ${parsed.suite}${parsed.components === '' ? '' : ` ${parsed.components}`}`
    sources.push({ line: `deb ${options} ${rest}`, imageLine: `deb ${rest}`, suite: parsed.suite })
  }
  for (const entry of pkgdirs) {
    if (entry.startsWith('/')) {
      const local = localSources(entry)
      if (typeof local === 'string') faults.push(local)
      else sources.push(...local)
    } else addUrl(entry)
  }
  const hasUrl = pkgdirs.some((entry) => !entry.startsWith('/'))
  if (!hasUrl && aptMirror !== undefined && tools.suite !== undefined) {
    const components = family === 'ubuntu' ? 'main universe' : 'main'
    for (const pocket of pocketsOf(family, tools.suite, aptMirror)) addUrl(`${pocket} ${components}`)
  }
  if (sources.length === 0 && faults.length === 0)
    faults.push(
      tools.suite === undefined
        ? `the suite of ${os} is not known: put an entry 'URL SUITE COMPONENT…' into the image's pkgdir`
        : `no package source for ${os}: put 'URL ${tools.suite} main' into the image's pkgdir, copy media with copycds, or set site.ubuntu_apt_mirror`,
    )
  return { sources, faults, warnings }
}

/** The release, its updates and its security fixes. Debian keeps the last one beside the archive. */
function pocketsOf(family: 'debian' | 'ubuntu', suite: string, mirror: string): string[] {
  const base = mirror.replace(/\/+$/, '')
  if (family === 'ubuntu') return [suite, `${suite}-updates`, `${suite}-security`].map((pocket) => `${base} ${pocket}`)
  const security = base.replace(/\/debian$/, '/debian-security')
  return [
    `${base} ${suite}`,
    `${base} ${suite}-updates`,
    ...(security === base ? [] : [`${security} ${suite}-security`]),
  ]
}

function parseEntry(entry: string) {
  const match = /^(?:deb\s+)?(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)((?:\s+\S+)*)\s*$/.exec(entry.trim())
  if (match === null) return undefined
  const [, options = '', uri = '', suite = '', components = ''] = match
  if (!isUrl(uri) || (components.trim() === '' && !suite.endsWith('/'))) return undefined
  return { options: options.trim(), uri, suite, components: components.trim().replace(/\s+/g, ' ') }
}

/** Copied media (`dists/<suite>/Release`), or a directory with `Packages`. A text is a fault. */
export function localSources(directory: string): AptSource[] | string {
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true)
    return `the directory ${directory} does not exist: copy the media with copycds, or correct pkgdir`
  if (/\s/.test(directory)) return `apt cannot read ${directory}: its name has a blank in it`
  if (['Packages', 'Packages.gz', 'Packages.xz'].some((name) => existsSync(join(directory, name))))
    return [{ line: `deb [trusted=yes] copy:${directory} ./`, imageLine: undefined, suite: './' }]
  const dists = join(directory, 'dists')
  const found: AptSource[] = []
  for (const suite of existsSync(dists) ? readdirSync(dists).sort() : []) {
    // stable -> bookworm: the same packages under a second name.
    if (lstatSync(join(dists, suite)).isSymbolicLink()) continue
    const components = readComponents(join(dists, suite))
    if (components !== undefined)
      found.push({
        line: `deb [trusted=yes] copy:${directory} ${suite} ${components}`,
        imageLine: undefined,
        suite,
      })
  }
  return found.length > 0
    ? found
    : `${directory} is no apt repository: it has neither dists/<suite>/Release nor Packages`
}

function readComponents(dist: string): string | undefined {
  try {
    const said = /^Components:\s*(.+)$/m.exec(readFileSync(join(dist, 'Release'), 'utf8'))?.[1]
    const present = (said ?? 'main').split(/\s+/).filter((name) => existsSync(join(dist, name)))
    return present.length === 0 ? undefined : present.join(' ')
  } catch {
    return undefined
  }
}
