/** The attributes of an osimage that follow from its profile, distribution and architecture: `mkdef -u`, copycds. */
import { type FileSearch, findListFile, type ListExtension } from './list-files.ts'

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

/** Attribute → the file it names. */
const LISTS: readonly (readonly [attribute: string, extension: ListExtension, methods: string])[] = [
  ['template', 'tmpl', 'install'],
  ['pkglist', 'pkglist', 'install netboot statelite'],
  ['otherpkglist', 'otherpkgs.pkglist', 'install netboot statelite'],
  ['synclists', 'synclist', 'install netboot statelite'],
  ['exlist', 'exlist', 'netboot statelite'],
  ['postinstall', 'postinstall', 'netboot statelite'],
]

function findLists(
  wanted: { readonly profile: string; readonly osvers: string; readonly osarch: string; readonly provmethod: string },
  search: FileSearch,
): [string, string][] {
  return LISTS.flatMap(([attribute, extension, methods]) => {
    if (!methods.split(' ').includes(wanted.provmethod)) return []
    const path = findListFile(wanted.profile, wanted, extension, search)
    return path === undefined ? [] : [[attribute, path]]
  })
}
