/** What an OS version says about its packages: which tools install them, and what these must be told. */
import { osFamily, splitOsvers } from '../../tables/os-names.ts'
import { ImageError } from '../image-error.ts'

export type PackageTool = 'dnf' | 'zypper' | 'apt'
export type OsFamily = 'el' | 'fedora' | 'suse' | 'debian' | 'ubuntu'

export interface OsTools {
  readonly family: OsFamily
  readonly tool: PackageTool
  /** `9` of rocky9.4. */
  readonly major: number
  /** `platform:el9`: what modules are resolved for. */
  readonly modulePlatform?: string
  /** Where the image's own rpm looks for its database, relative to the root. */
  readonly rpmDatabase?: string
  /** `bookworm`. */
  readonly suite?: string
}

/** Directory of list files → how its packages are installed. */
const FAMILIES: Readonly<Record<string, OsFamily>> = {
  ...{ rh: 'el', centos: 'el', rocky: 'el', alma: 'el', ol: 'el', SL: 'el' },
  ...{ fedora: 'fedora', sles: 'suse', suse: 'suse', debian: 'debian', ubuntu: 'ubuntu' },
}

const SUITES: Readonly<Record<string, string>> = {
  debian10: 'buster',
  debian11: 'bullseye',
  debian12: 'bookworm',
  debian13: 'trixie',
  'ubuntu18.04': 'bionic',
  'ubuntu20.04': 'focal',
  'ubuntu22.04': 'jammy',
  'ubuntu24.04': 'noble',
  'ubuntu26.04': 'resolute',
}

/** @throws ImageError image-sources when nobody knows how to build it */
export function osTools(os: string): OsTools {
  const { major: first, minor } = splitOsvers(os)
  const family = FAMILIES[osFamily(os)]
  const major = Number.parseInt(first, 10)
  if (family === undefined || Number.isNaN(major))
    throw new ImageError(
      'image-sources',
      `'${os}' is no OS that genimage can build: osvers is a name and a version, as in rocky9.4, rhels8.10, sle15.5, debian12 or ubuntu24.04`,
    )
  switch (family) {
    case 'el':
      return {
        family,
        tool: 'dnf',
        major,
        rpmDatabase: major >= 10 ? SYSIMAGE : VAR_LIB,
        ...(major >= 8 ? { modulePlatform: `platform:el${major}` } : {}),
      }
    case 'fedora':
      return {
        family,
        tool: 'dnf',
        major,
        rpmDatabase: major >= 36 ? SYSIMAGE : VAR_LIB,
        modulePlatform: `platform:f${major}`,
      }
    case 'suse':
      return { family, tool: 'zypper', major, rpmDatabase: major >= 15 ? SYSIMAGE : VAR_LIB }
    case 'debian':
    case 'ubuntu': {
      const key = family === 'debian' ? `debian${first}` : `ubuntu${first}.${minor}`
      const suite = SUITES[key]
      return { family, tool: 'apt', major, ...(suite === undefined ? {} : { suite }) }
    }
  }
}

const VAR_LIB = 'var/lib/rpm'
const SYSIMAGE = 'usr/lib/sysimage/rpm'

/** Debian package of this build machine that has a program. */
export const PACKAGE_OF_TOOL: Readonly<Record<string, string>> = {
  dnf: 'dnf',
  rpm: 'rpm',
  zypper: 'zypper',
  mmdebstrap: 'mmdebstrap',
  'apt-get': 'apt',
  createrepo_c: 'createrepo-c',
  depmod: 'kmod',
  unshare: 'util-linux',
  nsenter: 'util-linux',
  mount: 'mount',
  openssl: 'openssl',
  tar: 'tar',
  'dpkg-scanpackages': 'dpkg-dev',
}
