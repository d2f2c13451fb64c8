/** Media in a cache: made when what they would be made of has changed, else taken as they are. */
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { type Control, closureOf } from './control.ts'
import { openDebianArchive } from './debian-archive.ts'
import { debianWanted, makeDebianTree, makeExtraDeb } from './debian-medium.ts'
import { makeIso } from './iso.ts'
import { makeExtraRpm, makeRpmTree } from './rpm-medium.ts'
import { isLeftOut, KERNELS, WANTED, WANTED_BY_ARCH } from './rpm-names.ts'

export type Family = 'rpm' | 'debian'
export type MediumArch = 'x86_64' | 'ppc64le'

export const DEFAULT_CACHE = '/var/tmp/liteboot-media'
const DEB_ARCH = { x86_64: 'amd64', ppc64le: 'ppc64el' } as const
/** What a medium is called that copycds shall know: as its maker would. */
const NAMES = { rpm: 'rhels7.3', debian: 'debian12' } as const

export interface Medium {
  readonly iso: string
  /** Directory with packages that are not on the medium: one of the site's own, and Debian's static busybox. */
  readonly extra: string
}

export interface MediumOptions {
  readonly cache?: string
  readonly onProgress: (text: string) => void
}

export async function makeMedium(family: Family, arch: MediumArch, options: MediumOptions): Promise<Medium> {
  const cache = options.cache ?? DEFAULT_CACHE
  mkdirSync(cache, { recursive: true })
  const archive = await openDebianArchive(join(cache, `archive-${DEB_ARCH[arch]}`), DEB_ARCH[arch])
  const resolved = await archive.resolve(wantedOf(family, arch))
  const packages = family === 'rpm' ? repacked(resolved, arch) : resolved
  // No RPM family has one, and the initrd of another architecture is made of it.
  const busybox = (await archive.resolve(['busybox-static'])).get('busybox-static') ?? {}
  const place = join(cache, `${NAMES[family]}-${arch}-${keyOf(new Map([...packages, ['busybox-static', busybox]]))}`)
  const medium = { iso: join(place, `${NAMES[family]}-${arch}.iso`), extra: join(place, 'extra') }
  forgetOld(cache)
  if (existsSync(medium.iso)) {
    utimesSync(place, new Date(), new Date())
    return medium
  }

  options.onProgress(`making a ${NAMES[family]} medium for ${arch} from ${packages.size} Debian packages`)
  // One that is killed leaves a directory that nobody takes for a medium.
  const work = mkdtempSync(join(cache, '.new-'))
  try {
    const debs = await archive.download([...packages.values()])
    const ready = join(work, 'ready')
    mkdirSync(join(ready, 'extra'), { recursive: true })
    const request = { arch, packages, debs, work, onProgress: options.onProgress }
    const top = family === 'rpm' ? await makeRpmTree(request) : await makeDebianTree(request)
    await (family === 'rpm' ? makeExtraRpm : makeExtraDeb)(work, join(ready, 'extra'))
    for (const deb of (await archive.download([busybox])).values())
      copyFileSync(deb, join(ready, 'extra', basename(deb)))
    await makeIso(top, join(ready, `${NAMES[family]}-${arch}.iso`), `${NAMES[family]}-${arch}`)
    rmSync(place, { recursive: true, force: true })
    renameSync(ready, place)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  return medium
}

/** What nobody has asked for in two weeks, and what a killed run left. */
function forgetOld(cache: string): void {
  for (const name of readdirSync(cache)) {
    if (!/^(\.new-|(rhels|debian)\S+-[0-9a-f]{16}$)/.test(name)) continue
    const ageMs = Date.now() - statSync(join(cache, name)).mtimeMs
    if (ageMs > 14 * 86_400_000) rmSync(join(cache, name), { recursive: true, force: true })
  }
}

function wantedOf(family: Family, arch: MediumArch): string[] {
  const names = family === 'rpm' ? [...WANTED, ...WANTED_BY_ARCH[arch]] : debianWanted()
  return [...names, KERNELS[arch]]
}

function repacked(resolved: ReadonlyMap<string, Control>, arch: MediumArch): ReadonlyMap<string, Control> {
  // Debian's own name of the kernel's package depends on the one with the kernel in it.
  const kernel = [...resolved.keys()].filter((name) => /^linux-image-\d/.test(name))
  return closureOf([...WANTED, ...WANTED_BY_ARCH[arch], ...kernel], resolved, isLeftOut)
}

/** Of the packages and of the programs that make the medium. */
function keyOf(packages: ReadonlyMap<string, Control>): string {
  const hash = createHash('sha256')
  for (const [name, { SHA256 = '' }] of [...packages].sort()) hash.update(`${name} ${SHA256}\n`)
  for (const name of readdirSync(import.meta.dirname).sort())
    if (name.endsWith('.ts')) hash.update(readFileSync(join(import.meta.dirname, name)))
  return hash.digest('hex').slice(0, 16)
}
