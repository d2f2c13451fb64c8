/** What mkdef -u takes from the machine it runs on: its distribution, its architecture, and which list files there are. */
import { accessSync, constants, readFileSync, statSync } from 'node:fs'
import type { FileSearch, Machine } from '../../../tables/image-fill.ts'

/** Where xCAT keeps the lists it came with. */
const XCAT_ROOT = '/opt/xcat'

export function fileSearch(installdir: string): FileSearch {
  return { installdir, share: `${process.env.XCATROOT ?? XCAT_ROOT}/share/xcat`, isFile, isExecutable }
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

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64', ppc64: 'ppc64le' }

/** os-release(5) in xCAT's words. */
const NAMES: Readonly<Record<string, string>> = { rhel: 'rhels', almalinux: 'alma', 'sle-server': 'sles' }

export function thisMachine(osRelease = readOsRelease()): Machine {
  const field = (name: string) => new RegExp(`^${name}="?([^"\\n]*)"?$`, 'm').exec(osRelease)?.[1] ?? ''
  const id = field('ID')
  return {
    osvers: `${NAMES[id] ?? id}${field('VERSION_ID')}`,
    osarch: ARCHITECTURES[process.arch] ?? process.arch,
  }
}

function readOsRelease(): string {
  try {
    return readFileSync('/etc/os-release', 'utf8')
  } catch {
    return ''
  }
}
