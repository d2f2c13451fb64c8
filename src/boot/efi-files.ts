/**
 * Programs that UEFI firmware loads for one node: `boot/efi/<node>/<file>`. Each node has a directory of its own, because
 * shim and GRUB ask for what lies beside them, and what lies there is of the node's own image.
 *
 * The firmware is told one name, `netbootx64.efi`; what it gets is decided when it asks. So a shim that is added to the
 * image counts at the next boot.
 */
import type { ClusterNode, Ipv4, Snapshot } from '../cluster/model.ts'

export type EfiMachine = 'x86_64' | 'arm64'

/** `first`: what the firmware loads. The others are asked for by shim. */
export type EfiPart = 'first' | 'grub' | 'mokManager'

export interface EfiFileName {
  readonly node: ClusterNode
  readonly machine: EfiMachine
  readonly part: EfiPart
}

export function efiFileName(node: string, machine: EfiMachine): string {
  return `boot/efi/${node}/netboot${machine === 'x86_64' ? 'x64' : 'aa64'}.efi`
}

/** shim of the SUSE family asks for `grub.efi` and `MokManager.efi`. */
const PARTS: readonly { readonly pattern: RegExp; readonly part: EfiPart }[] = [
  { pattern: /^netboot(x64|aa64)\.efi$/i, part: 'first' },
  { pattern: /^grub(?:x64|aa64)?\.efi$/i, part: 'grub' },
  { pattern: /^(?:mm(?:x64|aa64)|MokManager)\.efi$/i, part: 'mokManager' },
]

/**
 * @param path without leading slashes. Without a directory it is what shim asks for where it could not tell its own (rhboot/shim
 * issues 524 and 710): then the client's address says whose it is
 */
export function parseEfiFileName(path: string, snapshot: Snapshot, clientIp?: string): EfiFileName | undefined {
  const found = /^(?:boot\/efi\/([^/]+)\/)?([^/]+)$/.exec(path)
  if (!found) return undefined
  const [, name, file = ''] = found
  const part = PARTS.find(({ pattern }) => pattern.test(file))?.part
  // The firmware is told the whole name.
  if (part === undefined || (name === undefined && part === 'first')) return undefined
  const node = name === undefined ? snapshot.nodeByIp(clientIp as Ipv4) : snapshot.node(name)
  if (!node) return undefined
  const says64 = /aa64/i.test(file) || (!/x64/i.test(file) && /^(aarch64|arm64)$/.test(node.arch ?? ''))
  return { node, part, machine: says64 ? 'arm64' : 'x86_64' }
}

/**
 * A module or list that GRUB asks for below its prefix: Debian's signed GRUB below `/grub`, the others beside themselves, or below
 * the prefix that was built in. Which image they are of, the client's address says where the name does not.
 */
export function parseGrubModuleName(
  path: string,
): { readonly node: string | undefined; readonly platform: string; readonly file: string } | undefined {
  const found =
    /^(?:grub|EFI\/[^/]+|boot\/efi\/([^/]+)(?:\/grub)?)\/((?:x86_64|arm64)-efi)\/([a-z0-9_]+\.(?:mod|lst))$/.exec(path)
  return found ? { node: found[1], platform: found[2] ?? '', file: found[3] ?? '' } : undefined
}

/** Below the TFTP directory: xCAT's names of a GRUB for one node and for an architecture. */
export function grubProgramNames(node: string, machine: EfiMachine): readonly string[] {
  const common = `boot/grub2/grub2.${machine === 'arm64' ? 'aarch64' : 'x86_64'}`
  return node === '' ? [common] : [`boot/grub2/grub2-${node}`, common]
}

export function ipxeProgram(machine: EfiMachine): string {
  return machine === 'arm64' ? 'snponly-arm64.efi' : 'snponly.efi'
}

/** What there is to choose from; paths of files that are there. */
export interface EfiChoices {
  /** Of the node's image. */
  readonly image: ImageLoaders | undefined
  /** GRUB that the site put into its TFTP directory, or that liteboot made: not signed. */
  readonly ownGrub: string | undefined
  readonly ipxe: string | undefined
}

export interface ImageLoaders {
  readonly shim: string | undefined
  readonly grub: string
  readonly mokManager: string | undefined
  readonly bootsByHttp: boolean
}

export interface EfiChoice {
  readonly path: string
  /** One phrase for the timeline. */
  readonly why: string
}

/** @param protocol by which the firmware asks: a loader must find its own files by the same */
export function chooseEfiFile(
  part: EfiPart,
  protocol: 'tftp' | 'http',
  imageName: string,
  { image, ownGrub, ipxe }: EfiChoices,
): EfiChoice | undefined {
  if (part === 'mokManager')
    return image?.mokManager === undefined ? undefined : { path: image.mokManager, why: `MokManager of ${imageName}` }
  const usable = image !== undefined && (protocol === 'tftp' || image.bootsByHttp) ? image : undefined
  if (part === 'grub') {
    // Whoever asks for it has loaded shim: of this image, or one that the site put there.
    const path = image?.grub ?? ownGrub
    return path === undefined ? undefined : { path, why: image ? `GRUB of ${imageName}` : 'GRUB of this server' }
  }
  if (usable?.shim !== undefined) return { path: usable.shim, why: `shim of ${imageName}` }
  const lack =
    image === undefined
      ? `${imageName} has no GRUB for UEFI`
      : usable === undefined
        ? `the signed GRUB of ${imageName} has no HTTP in it`
        : `${imageName} has no shim`
  if (ownGrub !== undefined) return { path: ownGrub, why: `GRUB of this server, without Secure Boot: ${lack}` }
  if (usable !== undefined) return { path: usable.grub, why: `GRUB of ${imageName}, without Secure Boot: ${lack}` }
  return ipxe === undefined
    ? undefined
    : { path: ipxe, why: `iPXE, without Secure Boot: ${lack}, and there is no other` }
}
