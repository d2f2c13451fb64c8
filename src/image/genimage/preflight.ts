/** Everything that can be told before a build: nothing is touched, and all that is wrong is said at once. */
import { existsSync, statfsSync, statSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { ImageError } from '../image-error.ts'
import { parseArchitecture } from '../initrd/architecture.ts'
import { isHash } from '../root-password.ts'
import { type AptSource, findAptSources, localSources } from './apt-sources.ts'
import { isBaseTree } from './base-tree.ts'
import { type BuildLists, readBuildLists } from './build-lists.ts'
import { canRun, explainCannotRun } from './cross.ts'
import { type OsTools, osTools, PACKAGE_OF_TOOL } from './os-tools.ts'
import type { PlanContext } from './plan-context.ts'
import { postinstallFaults } from './postinstall.ts'
import type { GenimageRequest } from './request.ts'
import { findRpmRepositories, hasPackages, isUrl, type RpmRepository } from './rpm-sources.ts'

/** A small tree with a kernel, and the room that unpacking it takes. */
const LEAST_FREE_BYTES = 1024 ** 3
/** statfs(2): NFS_SUPER_MAGIC. */
const NFS = 0x6969
/** createrepo_c itself changes the directory, a moment after the index was written. */
const INDEX_GRACE_MS = 5000

export interface Preflight extends Omit<PlanContext, 'places'> {
  readonly warnings: readonly string[]
  /** Local otherpkgs directories whose metadata must be made first. */
  readonly unindexed: readonly string[]
}

/** @throws ImageError with one line for each fault */
export async function preflight(request: GenimageRequest): Promise<Preflight> {
  const tools = osTools(request.os)
  const arch = parseArchitecture(request.arch)
  const isForeign = arch !== hostArchitecture()
  const faults: string[] = []
  const warnings: string[] = []
  const lists = readBuildLists(request, tools)
  const base = request.pkgdirs.find(isBaseTree)
  const sources = request.onlyInitrd ? NO_SOURCES : findSources(request, tools, base, lists)
  if (!request.onlyInitrd) {
    faults.push(...lists.faults, ...sources.faults, ...(await postinstallFaults(request.postinstall)))
    warnings.push(...sources.warnings)
    if (base === undefined && lists.distro.length === 0 && lists.faults.length === 0)
      faults.push(`no packages in ${request.pkglists.join(', ') || 'any pkglist'}: an image without any cannot run`)
    if (isForeign) faults.push(...crossFaults(request, arch))
    faults.push(...spaceFaults(request.dest))
    if (request.driverUpdates !== undefined && request.driverUpdates.length > 0)
      faults.push(refuseDriverUpdates(request.image, request.driverUpdates))
  }
  faults.push(...toolFaults(request, tools, base, sources.unindexed.length > 0))
  faults.push(...busyboxFaults(request, arch, lists, base))
  if (faults.length > 0) throw new ImageError('image-build', [...new Set(faults)])
  return {
    ...{ request, tools, arch, isForeign, lists, base, warnings, isOnNfs: filesystemOf(request.dest)?.type === NFS },
    ...sources,
  }
}

function refuseDriverUpdates(image: string, updates: readonly string[]): string {
  return [
    `driverupdatesrc (${updates.join(', ')}): driver disks and packages are not unpacked over the tree, where no package`,
    'manager would know of them. Put the packages into a directory of otherpkgdir and their names into otherpkglist: depmod',
    `and the initrd take what they bring. Then: chdef -t osimage ${image} driverupdatesrc=`,
  ].join(' ')
}

interface Sources {
  readonly repositories: readonly RpmRepository[]
  readonly otherRepositories: readonly RpmRepository[]
  readonly aptSources: readonly AptSource[]
  readonly otherAptSources: readonly AptSource[]
  readonly unindexed: readonly string[]
  readonly faults: readonly string[]
  readonly warnings: readonly string[]
}

const NO_SOURCES: Sources = {
  ...{ repositories: [], otherRepositories: [], aptSources: [], otherAptSources: [] },
  ...{ unindexed: [], faults: [], warnings: [] },
}

function findSources(request: GenimageRequest, tools: OsTools, base: string | undefined, lists: BuildLists): Sources {
  const { kernelVersion, kernelDir } = request
  const hasKernelDir = kernelVersion !== undefined && kernelDir !== undefined && existsSync(kernelDir)
  const pkgdirs = request.pkgdirs.filter((entry) => entry !== base)
  const places = [...new Set([...lists.otherPlaces.values()].flat())]
  const local = places.filter((place) => !isUrl(place))
  const unindexed = local.filter((place) => isUnindexed(place, tools))
  const extension = tools.tool === 'apt' ? '.deb' : '.rpm'
  const empty = unindexed
    .filter((place) => !hasPackages(place, extension))
    .map((place) => `${place} (of otherpkgdir) has neither a repository nor ${extension} files in it`)
  if (tools.tool === 'apt') {
    if (base !== undefined && pkgdirs.length === 0 && lists.distro.length === 0)
      return { ...NO_SOURCES, unindexed, faults: empty }
    const found = findAptSources({ pkgdirs, aptMirror: request.aptMirror, tools, os: request.os })
    const other = places.flatMap((place): AptSource[] => {
      if (isUrl(place)) return [{ line: `deb [trusted=yes] ${place} ./`, imageLine: undefined, suite: './' }]
      const known = unindexed.includes(place) ? 'none yet' : localSources(place)
      return typeof known === 'string'
        ? [{ line: `deb [trusted=yes] copy:${place} ./`, imageLine: undefined, suite: './' }]
        : known
    })
    return {
      ...NO_SOURCES,
      ...found,
      aptSources: found.sources,
      otherAptSources: other,
      unindexed,
      faults: [...found.faults, ...empty],
    }
  }
  const found = findRpmRepositories([...pkgdirs, ...(hasKernelDir ? [kernelDir] : [])], 'pkg')
  const isNeeded = lists.distro.length > 0
  const none = found.sources.length === 0 && found.faults.length === 0 && isNeeded
  const otherRepositories = places.map((place, index) => ({
    id: `other${index + 1}`,
    baseurl: isUrl(place) ? place : `file://${encodeURI(place)}`,
  }))
  return {
    ...NO_SOURCES,
    ...{ repositories: found.sources, otherRepositories, unindexed, warnings: found.warnings },
    faults: [
      ...found.faults,
      ...(none
        ? [
            `no package repository in pkgdir (${pkgdirs.join(', ') || 'it is empty'}): copy the media with copycds, or correct pkgdir`,
          ]
        : []),
      ...empty,
    ],
  }
}

/** No metadata, or some that is older than a package. */
function isUnindexed(place: string, { tool }: OsTools): boolean {
  const index =
    tool === 'apt'
      ? ['Packages', 'Packages.gz', 'Packages.xz', 'dists']
          .map((name) => join(place, name))
          .find((path) => existsSync(path))
      : [join(place, 'repodata/repomd.xml')].find((path) => existsSync(path))
  if (index === undefined) return true
  return (
    hasPackages(place, tool === 'apt' ? '.deb' : '.rpm') &&
    statSync(place).mtimeMs > statSync(index).mtimeMs + INDEX_GRACE_MS
  )
}

function crossFaults({ cross }: GenimageRequest, arch: string): string[] {
  if (cross === 'refuse')
    return [
      `the image is for ${arch}, this machine is ${hostArchitecture()}, and --cross=refuse: build it on a machine of its kind`,
    ]
  return canRun(arch) ? [] : [explainCannotRun(arch)]
}

export function hostArchitecture(): string {
  return process.arch === 'ppc64'
    ? 'ppc64le'
    : parseArchitecture(process.arch === 'x64' ? 'x86_64' : process.arch === 'arm64' ? 'aarch64' : process.arch)
}

function filesystemOf(path: string) {
  for (let at = path; ; at = dirname(at)) {
    if (existsSync(at)) return statfsSync(at)
    if (at === '/') return undefined
  }
}

function spaceFaults(dest: string): string[] {
  const stat = filesystemOf(dest)
  if (stat === undefined || stat.bavail * stat.bsize >= LEAST_FREE_BYTES) return []
  const free = Math.floor((stat.bavail * stat.bsize) / 1024 ** 2)
  return [
    `only ${free} MiB are free for ${dest}, a build needs 1 GiB or more: remove old generations with 'liteboot image gc', or free space`,
  ]
}

function toolFaults(
  request: GenimageRequest,
  tools: OsTools,
  base: string | undefined,
  hasUnindexed: boolean,
): string[] {
  const needed = ['unshare', 'nsenter', 'mount', 'depmod']
  if (!request.onlyInitrd) {
    if (request.rootPassword !== undefined && !isHash(request.rootPassword.password)) needed.push('openssl')
    if (tools.tool === 'apt') needed.push(...(base === undefined ? ['mmdebstrap'] : []), 'apt-get')
    else needed.push(tools.tool, 'rpm')
    if (base !== undefined && statSync(base).isFile()) needed.push('tar')
    if (hasUnindexed) needed.push(tools.tool === 'apt' ? 'dpkg-scanpackages' : 'createrepo_c')
  }
  return needed
    .filter((program) => !isInstalled(program))
    .map((program) => `${program} is missing on this machine: apt-get install ${PACKAGE_OF_TOOL[program] ?? program}`)
}

function isInstalled(program: string): boolean {
  const path = `${process.env.PATH ?? ''}${delimiter}/usr/sbin${delimiter}/sbin`
  return path.split(delimiter).some((directory) => directory !== '' && existsSync(join(directory, program)))
}

/** The initrd is made last: nobody wants to hear after half an hour that it cannot be. */
function busyboxFaults(request: GenimageRequest, arch: string, lists: BuildLists, base: string | undefined): string[] {
  const isListed = [...lists.distro, ...lists.other].some(({ install }) =>
    install.some(({ name }) => name.startsWith('busybox')),
  )
  const own = arch === hostArchitecture() && (existsSync('/bin/busybox') || existsSync('/usr/bin/busybox'))
  if (isListed || own || base !== undefined || request.onlyInitrd || givenBusybox(request, arch) !== undefined)
    return []
  const place =
    request.busyboxDirectory === undefined ? '' : `, or put one to ${join(request.busyboxDirectory, arch, 'busybox')}`
  return [
    `no static busybox for ${arch}, of which the initrd is made: ${arch === hostArchitecture() ? 'apt-get install busybox-static' : 'add it to the pkglist where the distribution has one'}${place}`,
  ]
}

export function givenBusybox({ busyboxDirectory }: GenimageRequest, arch: string): string | undefined {
  const path = busyboxDirectory === undefined ? undefined : join(busyboxDirectory, arch, 'busybox')
  return path !== undefined && existsSync(path) ? path : undefined
}
