/** Architectures as `osimage.osarch` and `uname -m` call them, and how their files are recognised on any host. */
import { ImageError } from '../image-error.ts'
import { parseElf } from './elf.ts'

interface Architecture {
  readonly machine: number
  readonly isLittleEndian: boolean
  /** Debian's name, for the advice in messages. */
  readonly debian: string
}

/** e_machine numbers of the ELF specification. */
export const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  x86_64: { machine: 62, isLittleEndian: true, debian: 'amd64' },
  ppc64le: { machine: 21, isLittleEndian: true, debian: 'ppc64el' },
  ppc64: { machine: 21, isLittleEndian: false, debian: 'ppc64' },
  aarch64: { machine: 183, isLittleEndian: true, debian: 'arm64' },
  s390x: { machine: 22, isLittleEndian: false, debian: 's390x' },
}

/** Debian's names are taken too. */
export function parseArchitecture(name: string): string {
  const found = Object.entries(ARCHITECTURES).find(([own, { debian }]) => own === name || debian === name)
  if (found === undefined)
    throw new ImageError(
      'image-arch',
      `${name} is not an architecture liteboot knows (${Object.keys(ARCHITECTURES).join(' ')}): correct osimage.osarch`,
    )
  return found[0]
}

/** The architecture of an ELF file, by our names; undefined when it is none we know. */
export function architectureOfElf(bytes: Buffer): string | undefined {
  const elf = parseElf(bytes)
  if (elf === undefined) return undefined
  return Object.entries(ARCHITECTURES).find(
    ([, arch]) => arch.machine === elf.machine && arch.isLittleEndian === elf.isLittleEndian && elf.is64Bit,
  )?.[0]
}

/**
 * Kernels: ELF (ppc64), bzImage (x86: `HdrS` at 0x202, Linux/x86 boot protocol) or an arm64 Image (`ARM\x64` at 56).
 * A bzImage is also what 32-bit kernels are. undefined: compressed or unknown, and nothing can be said.
 */
export function architectureOfKernel(head: Buffer): string | undefined {
  if (head.toString('latin1', 0x202, 0x206) === 'HdrS') return 'x86_64'
  if (head.toString('latin1', 56, 60) === 'ARM\x64') return 'aarch64'
  return architectureOfElf(head)
}

export function checkElfArchitecture(bytes: Buffer, arch: string, what: string): void {
  const found = architectureOfElf(bytes)
  if (found === arch) return
  const is = parseElf(bytes) === undefined ? 'not an ELF file' : `for ${found ?? 'another machine'}`
  throw new ImageError('image-arch', `${what} is ${is}, but the image is for ${arch}`)
}
