/** mkdef -u: the attributes of an osimage that follow from its profile, distribution and architecture. */

export interface FileSearch {
  readonly installdir: string
  /** Directory that holds xCAT's own lists: …/share/xcat. */
  readonly share: string
  isFile(path: string): boolean
  isExecutable(path: string): boolean
}

export interface Machine {
  /** As in osimage.osvers: rhels9.2, sles15.4, ubuntu22.04.1. */
  readonly osvers: string
  readonly osarch: string
}

export type Filled = { readonly attributes: (readonly [string, string])[] } | { readonly fault: string }

const METHODS = ['install', 'netboot', 'statelite']

/** Attributes given stay as they are; those that can be worked out, or found as files, are added. */
export function fillImage(given: ReadonlyMap<string, string>, machine: Machine, search: FileSearch): Filled {
  const profile = given.get('profile')
  const provmethod = given.get('provmethod')
  if (!profile || !provmethod)
    return { fault: "The attributes 'provmethod' and 'profile' must be specified when using the '-u' option." }
  if (!METHODS.includes(provmethod))
    return { fault: `The provmethod '${provmethod}' is not one of ${METHODS.join(', ')}, which the '-u' option needs.` }
  const osvers = given.get('osvers') || machine.osvers
  const osarch = given.get('osarch') || machine.osarch
  const { installdir } = search
  const fixed: Record<string, string> = {
    imagetype: 'linux',
    osname: 'Linux',
    osvers,
    osarch,
    osdistroname: `${osvers}-${osarch}`,
    pkgdir: `${installdir}/${osvers}/${osarch}`,
    otherpkgdir: `${installdir}/post/otherpkgs/${osvers}/${osarch}`,
    ...(provmethod === 'install' ? {} : { rootimgdir: `${installdir}/netboot/${osvers}/${osarch}/${profile}` }),
  }
  const found = findLists({ profile, osvers, osarch, provmethod }, search)
  return { attributes: [...new Map([...Object.entries(fixed), ...found, ...given])] }
}

interface Wanted {
  readonly profile: string
  readonly osvers: string
  readonly osarch: string
  readonly provmethod: string
}

function findLists(wanted: Wanted, search: FileSearch): [string, string][] {
  const lists: [attribute: string, extension: string][] = [
    ['pkglist', 'pkglist'],
    ['otherpkglist', 'otherpkgs.pkglist'],
    ['synclists', 'synclist'],
    ...(wanted.provmethod === 'install'
      ? []
      : ([
          ['exlist', 'exlist'],
          ['postinstall', 'postinstall'],
        ] as [string, string][])),
  ]
  return lists.flatMap(([attribute, extension]) => {
    const test = extension === 'postinstall' ? search.isExecutable : search.isFile
    const path = candidatePaths(wanted, extension, search).find((each) => test(each))
    return path === undefined ? [] : [[attribute, path]]
  })
}

/** The site's own files first, then those that came with xCAT; in each, the most exact name first. */
export function candidatePaths(wanted: Wanted, extension: string, { installdir, share }: FileSearch): string[] {
  const kind = wanted.provmethod === 'install' ? 'install' : 'netboot'
  const family = osFamily(wanted.osvers)
  return [`${installdir}/custom/${kind}/${family}`, `${share}/${kind}/${family}`].flatMap((directory) =>
    candidateNames(wanted, extension).map((name) => `${directory}/${name}`),
  )
}

/** os.arch, os, the same for older versions counted down, arch alone, and the bare profile. */
export function candidateNames({ profile, osvers, osarch }: Omit<Wanted, 'provmethod'>, extension: string): string[] {
  const tags = versionsDown(osvers).flatMap((version) => [`.${version}.${osarch}`, `.${version}`])
  return [...tags, `.${osarch}`, ''].map((tag) => `${profile}${tag}.${extension}`)
}

/** rhels9.2 → rhels9.2, rhels9.1, rhels9.0, rhels9, rhels8, … rhels1, rhels. */
export function versionsDown(osvers: string): string[] {
  const [, name = osvers, version = ''] = /^(.*?)(\d+(?:\.\d+)*)$/.exec(osvers) ?? []
  if (version === '') return [osvers]
  const all: string[] = []
  for (let parts = version.split('.'); parts.length > 0; parts = parts.slice(0, -1)) {
    const head = parts.slice(0, -1)
    // A leading zero is a month (ubuntu22.04): it is kept while counting down.
    const last = parts.at(-1) ?? '0'
    const lowest = head.length === 0 ? 1 : 0
    for (let number = Number(last); number >= lowest; number--)
      all.push(name + [...head, String(number).padStart(last.length, '0')].join('.'))
  }
  return [...new Set([...all, name])]
}

const FAMILIES: readonly (readonly [RegExp, string])[] = [
  [/^rh/, 'rh'],
  [/^centos/, 'centos'],
  [/^rocky/, 'rocky'],
  [/^alma/, 'alma'],
  [/^ol/, 'ol'],
  [/^fedora/, 'fedora'],
  [/^sl(?!es)/i, 'SL'],
  [/^sle/, 'sles'],
  [/^suse/, 'suse'],
  [/^ubuntu/, 'ubuntu'],
  [/^debian/, 'debian'],
]

/** Directory of the lists of a distribution. */
export function osFamily(osvers: string): string {
  return FAMILIES.find(([pattern]) => pattern.test(osvers))?.[1] ?? (/^[A-Za-z]+/.exec(osvers)?.[0] || osvers)
}
