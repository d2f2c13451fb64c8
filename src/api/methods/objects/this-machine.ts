/** What mkdef -u takes from the machine it runs on: its distribution, its architecture, and which list files there are. */
import { accessSync, constants, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Machine } from '../../../tables/image-fill.ts'
import type { FileSearch } from '../../../tables/list-files.ts'
import { canonicalArch } from '../../../tables/os-names.ts'

/** The lists that liteboot comes with. */
const SHARE = join(import.meta.dirname, '../../../../share')
/** Where xCAT keeps those it came with: a site that moves from it may go on using them. */
const XCAT_ROOT = '/opt/xcat'

export function fileSearch(installdir: string): FileSearch {
  return {
    installdir,
    shares: [SHARE, `${process.env.XCATROOT ?? XCAT_ROOT}/share/xcat`],
    isFile,
    isExecutable,
    names,
  }
}

function names(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return isFile(path)
  } catch {
    return false
  }
}

/** os-release(5) in xCAT's words. */
const NAMES: Readonly<Record<string, string>> = { rhel: 'rhels', almalinux: 'alma', 'sle-server': 'sles' }

export function thisMachine(osRelease = readOsRelease()): Machine {
  const field = (name: string) => new RegExp(`^${name}="?([^"\\n]*)"?$`, 'm').exec(osRelease)?.[1] ?? ''
  const id = field('ID')
  return {
    osvers: `${NAMES[id] ?? id}${field('VERSION_ID')}`,
    // Of the two that Node calls ppc64, it runs on the little-endian one.
    osarch: process.arch === 'ppc64' ? 'ppc64le' : canonicalArch(process.arch),
  }
}

function readOsRelease(): string {
  try {
    return readFileSync('/etc/os-release', 'utf8')
  } catch {
    return ''
  }
}
