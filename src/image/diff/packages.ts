/** The packages of a tree, out of its own database: dpkg's text, or rpm's through the rpm of this machine. */
import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { removeWhole, runProgram } from '../generations/disk.ts'
import { ImageError } from '../image-error.ts'
import { lstatOrMissing, resolveInside } from '../liteimg/confined.ts'

/** Name (rpm: with architecture) → versions; a kernel may be there in several. */
export type Packages = ReadonlyMap<string, readonly string[]>

export interface PackageList {
  readonly packages: Packages
  /** Why there are none, if that is not plain. */
  readonly fault?: string
}

/** EL 10, Fedora and SUSE; EL up to 9. */
const RPM_PLACES = ['usr/lib/sysimage/rpm', 'var/lib/rpm']

export async function readPackages(root: string): Promise<PackageList> {
  const status = await fileInside(root, 'var/lib/dpkg/status')
  if (status !== undefined) return { packages: parseDpkgStatus(await readFile(status, 'utf8')) }
  for (const place of RPM_PLACES) {
    const real = await resolveInside(root, place)
    const directory = real === undefined ? undefined : join(root, real)
    if (directory !== undefined && (await lstatOrMissing(directory))?.isDirectory()) return await readRpm(directory)
  }
  return { packages: new Map() }
}

async function fileInside(root: string, rel: string): Promise<string | undefined> {
  const real = await resolveInside(root, rel)
  return real !== undefined && (await lstatOrMissing(join(root, real)))?.isFile() ? join(root, real) : undefined
}

export function parseDpkgStatus(text: string): Packages {
  const packages = new Map<string, string[]>()
  for (const paragraph of text.split(/\n{2,}/)) {
    const of = (field: string) => new RegExp(`^${field}: *(.*)$`, 'm').exec(paragraph)?.[1]
    const [name, version] = [of('Package'), of('Version')]
    if (name === undefined || version === undefined || !/ installed$/.test(of('Status') ?? '')) continue
    packages.set(name, [...(packages.get(name) ?? []), version])
  }
  return packages
}

/** From a copy: even a query may write lock files beside the database, and a generation never changes. */
async function readRpm(directory: string): Promise<PackageList> {
  const work = await mkdtemp(join(tmpdir(), 'liteboot-rpmdb-'))
  try {
    await runProgram(['cp', '-r', '--reflink=auto', '-T', '--', directory, join(work, 'rpm')], undefined)
    const format = '%{NAME}.%{ARCH}\t%{EPOCHNUM}:%{VERSION}-%{RELEASE}\n'
    const said = await runProgram(['rpm', '--dbpath', join(work, 'rpm'), '-qa', '--qf', format], undefined)
    return { packages: parseRpmQuery(said) }
  } catch (error) {
    if (!(error instanceof ImageError)) throw error
    return { packages: new Map(), fault: `the rpm database cannot be read: ${error.message}` }
  } finally {
    await removeWhole(work, undefined)
  }
}

export function parseRpmQuery(text: string): Packages {
  const packages = new Map<string, string[]>()
  for (const line of text.split('\n')) {
    const [name = '', version] = line.split('\t')
    if (version === undefined || name.startsWith('gpg-pubkey.')) continue
    packages.set(name, [...(packages.get(name) ?? []), version.replace(/^0:/, '')].sort())
  }
  return packages
}

export interface PackageChange {
  readonly name: string
  readonly before: string | undefined
  readonly after: string | undefined
}

export function diffPackages(a: Packages, b: Packages): PackageChange[] {
  const changes: PackageChange[] = []
  for (const name of [...new Set([...a.keys(), ...b.keys()])].sort()) {
    const [before, after] = [a.get(name)?.join(', '), b.get(name)?.join(', ')]
    if (before !== after) changes.push({ name, before, after })
  }
  return changes
}
