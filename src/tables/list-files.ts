/**
 * Default files of an image (`compute.rhels9.x86_64.pkglist`): where they are looked for, and under which names. The site's
 * own directory is searched completely before the shipped one; the order of names is the same for every kind of file.
 */
import { archFor, osFamily, osSearchNames, packageTool } from './os-names.ts'

export interface FileSearch {
  readonly installdir: string
  /** Directories that hold shipped files as `netboot/<family>/…`, the first one first. */
  readonly shares: readonly string[]
  isFile(path: string): boolean
  isExecutable(path: string): boolean
  /** Names in a directory; empty: there is none. */
  names(directory: string): readonly string[]
}

export interface ListTarget {
  readonly osvers: string
  readonly osarch: string
  readonly provmethod: string
}

export type ListExtension = 'pkglist' | 'otherpkgs.pkglist' | 'exlist' | 'synclist' | 'postinstall' | 'tmpl'

/** A directory, and under which name it knows the distribution. */
interface ListPlace {
  readonly directory: string
  readonly osvers: string
}

/** Made from Red Hat's packages under the same names: these share its lists. */
const LIKE_RHEL: ReadonlySet<string> = new Set(['centos', 'rocky', 'alma', 'ol', 'SL'])

/** `centos-stream9`, `rhelhpc9` → `rhels9`: as the shipped lists of the family rh know it. */
function asRhel(osvers: string): string | undefined {
  const family = osFamily(osvers)
  if (!LIKE_RHEL.has(family) && (family !== 'rh' || osvers.startsWith('rhels'))) return undefined
  const version = /\d.*$/.exec(osvers)?.[0]
  return version === undefined ? undefined : `rhels${version}`
}

function listPlaces({ osvers, provmethod }: ListTarget, extension: string, search: FileSearch): ListPlace[] {
  const kind = provmethod === 'install' ? 'install' : 'netboot'
  const family = osFamily(osvers)
  const own = [{ directory: `${search.installdir}/custom/${kind}/${family}`, osvers }]
  // What is copied to nodes is nobody's default.
  if (extension === 'synclist') return own
  const rhel = asRhel(osvers)
  const shipped = search.shares.flatMap((share) => [
    { directory: `${share}/${kind}/${family}`, osvers },
    ...(rhel === undefined ? [] : [{ directory: `${share}/${kind}/rh`, osvers: rhel }]),
  ])
  return [...own, ...shipped]
}

/** What stands between profile and extension, the most exact first: `.rhels9.x86_64`, `.rhels9`, …, `.x86_64`, ``. */
export function listTags(osvers: string, osarch: string): string[] {
  const general = osvers.replace(/\..*$/, '')
  const names = [...new Set([osvers, general, ...osSearchNames(osvers)])]
  // Sites that come from xCAT have files named ppc64el.
  const dpkg = packageTool(osvers) === 'deb' ? archFor('deb', osarch) : osarch
  const arches = [...new Set([osarch, dpkg])]
  return [
    ...names.flatMap((name) => [...arches.map((arch) => `.${name}.${arch}`), `.${name}`]),
    ...arches.map((arch) => `.${arch}`),
    '',
  ]
}

/** In the order they are tried. */
export function listCandidates(
  profile: string,
  target: ListTarget,
  extension: ListExtension,
  search: FileSearch,
): string[] {
  return listPlaces(target, extension, search).flatMap(({ directory, osvers }) =>
    listTags(osvers, target.osarch).map((tag) => `${directory}/${profile}${tag}.${extension}`),
  )
}

/** undefined: there is no such file. A postinstall that is not executable is none. */
export function findListFile(
  profile: string,
  target: ListTarget,
  extension: ListExtension,
  search: FileSearch,
): string | undefined {
  const fits = extension === 'postinstall' ? search.isExecutable : search.isFile
  return listCandidates(profile, target, extension, search).find((path) => fits(path))
}

/** Profiles that have a file of this kind for the distribution, by name: `compute`, `compute-gpu`. */
export function findProfiles(target: ListTarget, extension: 'pkglist' | 'tmpl', search: FileSearch): string[] {
  const pattern = extension === 'pkglist' ? /^compute[^.]*$/ : /^(compute|service)[^.]*$/
  const found = new Set<string>()
  for (const { directory, osvers } of listPlaces(target, extension, search)) {
    const endings = listTags(osvers, target.osarch).map((tag) => `${tag}.${extension}`)
    for (const name of search.names(directory)) {
      // The first ending that fits is the longest one that leaves a profile without a dot.
      const profiles = endings.flatMap((ending) => (name.endsWith(ending) ? name.slice(0, -ending.length) : []))
      const profile = profiles.find((each) => pattern.test(each))
      if (profile !== undefined && search.isFile(`${directory}/${name}`)) found.add(profile)
    }
  }
  return [...found].sort()
}
