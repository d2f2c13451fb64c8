/**
 * Names of distributions and architectures, in one place: `rhels9.4` → family, version, and under which names its default
 * files are looked for; `ppc64le` → what dpkg, rpm, QEMU and the kernel call it. Tables hold one name for each.
 */

/** Name of the distribution → directory of its list files; a distribution not named here has its leading letters. */
const FAMILIES: readonly (readonly [RegExp, string])[] = [
  [/^rh/, 'rh'],
  [/^centos/, 'centos'],
  [/^rocky/, 'rocky'],
  [/^alma/, 'alma'],
  [/^ol(?=\d|$)/, 'ol'],
  [/^fedora/, 'fedora'],
  [/^SL/, 'SL'],
  [/^sle/, 'sles'],
  [/^(leap|opensuse)/, 'sles'],
  [/^suse/, 'suse'],
  [/^ubuntu/, 'ubuntu'],
  [/^debian/, 'debian'],
]

/** `rhels9.4`, `rhelhpc7.6` → rh; `sle15.4`, `sles12.3`, `leap15.5` → sles. */
export function osFamily(osvers: string): string {
  return FAMILIES.find(([pattern]) => pattern.test(osvers))?.[1] ?? (/^[A-Za-z]+/.exec(osvers)?.[0] || osvers)
}

export type PackageTool = 'rpm' | 'zypper' | 'deb'

const TOOLS: Readonly<Record<string, PackageTool>> = { sles: 'zypper', suse: 'zypper', ubuntu: 'deb', debian: 'deb' }

/** What installs its packages. Whoever gives a distribution a name of his own most likely made it from one with rpm. */
export function packageTool(osvers: string): PackageTool {
  return TOOLS[osFamily(osvers)] ?? 'rpm'
}

export interface OsVersion {
  readonly basename: string
  /** First number; '' when the name has none. */
  readonly major: string
  /** Second number, as written: 04 of ubuntu24.04.1. */
  readonly minor: string
}

/** `demolinux9.1` → demolinux, 9, 1; `centos-stream9` → centos-stream, 9, ''. */
export function splitOsvers(osvers: string): OsVersion {
  const [, basename = osvers, major = '', minor = ''] = /^(\D+?)(\d+)(?:\.(\d+))?/.exec(osvers) ?? []
  return { basename, major, minor }
}

/** Nobody counts minor releases further down than this; a longer number is a date. */
const MOST_MINORS = 999

/**
 * Names whose default files fit a distribution, the closest first: `rocky9.2` → rocky9.2, rocky9.1, rocky9.0, rocky9.
 * A number of two digits is also written with a leading zero (rhels8.09), and one that has a leading zero is a month,
 * which is not counted down (ubuntu24.04).
 */
export function osSearchNames(osvers: string): string[] {
  const names: string[] = []
  let parts = (osvers.split('-')[0] ?? '').split('.')
  for (let last = parts.at(-1) ?? ''; parts.length > 1 && /^\d+$/.test(last); last = parts.at(-1) ?? '') {
    const head = parts.slice(0, -1)
    const add = (number: string) => names.push([...head, number].join('.'))
    if (/^0\d/.test(last) || Number(last) > MOST_MINORS) {
      add(last)
      return [...new Set(names)]
    }
    for (let number = Number(last); number >= 0; number--) {
      add(String(number).padStart(last.length, '0'))
      add(String(number))
    }
    parts = head
  }
  names.push(parts.join('.'))
  if (/^leap15(\.|$)/.test(osvers)) names.push('sle15')
  return [...new Set(names)]
}

/** Canonical name → what the field's tools call it, where they differ. */
const SPELLINGS: Readonly<Record<string, Partial<Record<ArchTool, string>>>> = {
  x86_64: { deb: 'amd64', kernel: 'x86' },
  x86: { deb: 'i386', rpm: 'i686', qemu: 'i386', kernel: 'x86' },
  ppc64le: { deb: 'ppc64el', kernel: 'powerpc' },
  ppc64: { kernel: 'powerpc' },
  aarch64: { deb: 'arm64', kernel: 'arm64' },
  s390x: { kernel: 's390' },
}

/** `kernel`: the directory of its sources. */
export type ArchTool = 'rpm' | 'deb' | 'qemu' | 'kernel'

export function archFor(tool: ArchTool, arch: string): string {
  return SPELLINGS[arch]?.[tool] ?? arch
}

/** Other spellings → the one that tables hold. `ppc` on media means ppc64. */
const CANONICAL: Readonly<Record<string, string>> = {
  amd64: 'x86_64',
  x64: 'x86_64',
  ppc: 'ppc64',
  ppc64el: 'ppc64le',
  powerpc64le: 'ppc64le',
  arm64: 'aarch64',
}

export function canonicalArch(written: string): string {
  return /^i[3-6]86$/.test(written) ? 'x86' : (CANONICAL[written] ?? written)
}
