/** Under which names a node's firmware and loaders ask for its boot file: what a plain TFTP or HTTP server must have. */
import type { ClusterNode } from '../cluster/model.ts'
import type { EfiMachine, EfiPart } from './efi-files.ts'
import { type BootFileKind, hexFromIp } from './names.ts'
import { netbootMethod } from './netboot.ts'

export interface ExportName {
  readonly kind: BootFileKind
  /** Below the directory of the other server. */
  readonly path: string
}

/** xCAT's names; with noderes.netboot unset, all that its kind of machine can ask for. */
export function exportNames(node: ClusterNode): readonly ExportName[] {
  return dialectsOf(node).flatMap((kind) => NAMES[kind](node).map((path) => ({ kind, path })))
}

function dialectsOf(node: ClusterNode): readonly BootFileKind[] {
  const { netboot } = node
  if (netboot === undefined) return isPower(node) ? ['petitboot', 'grub'] : ['ipxe']
  if (netboot === 'petitboot') return ['petitboot']
  if (netbootMethod(netboot)?.startsWith('pxelinux')) return ['pxelinux']
  return netboot.startsWith('grub2') ? ['grub'] : ['ipxe']
}

const NAMES: Readonly<Record<BootFileKind, (node: ClusterNode) => readonly string[]>> = {
  ipxe: ({ name }) => [`boot/ipxe/${name}`, `xcat/xnba/nodes/${name}`, `xcat/xnba/nodes/${name}.uefi`],
  petitboot: (node) => [
    `boot/petitboot/${node.name}`,
    `petitboot/${node.name}`,
    ...addresses(node).map(hexFromIp),
    ...macs(node).map((mac) => `pxelinux.cfg/${mac}`),
  ],
  pxelinux: (node) => [
    `pxelinux.cfg/${node.name}`,
    ...[...macs(node), ...addresses(node).map(hexFromIp)].map((name) => `pxelinux.cfg/${name}`),
  ],
  // GRUB builds differ on whether the hardware address has the 01- in front; what GRUB_COMMON says has colons in it.
  grub: (node) => [
    `boot/grub2/${node.name}`,
    ...[
      ...macs(node).flatMap((mac) => [mac, mac.slice(3), mac.slice(3).replaceAll('-', ':')]),
      ...addresses(node).map(hexFromIp),
    ].map((name) => `boot/grub2/grub.cfg-${name}`),
    // GRUB of the RHEL and SUSE families looks beside itself.
    ...(isPower(node) ? [] : [`boot/efi/${node.name}/grub.cfg`]),
  ],
}

/** The same text for all nodes: for a GRUB that asks for no name of its node, Debian's signed one among them. */
export const GRUB_COMMON = ['grub/grub.cfg', 'boot/grub2/grub.cfg'] as const

export type ExportProgram =
  | { readonly path: string; readonly machine: EfiMachine; readonly part: EfiPart }
  /** The one GRUB that this server made for POWER machines. */
  | { readonly path: string; readonly machine: 'ppc64' }

/** Programs that are a node's own, all names that may be asked for. Those that are the same for all nodes are not among them. */
export function exportPrograms(node: ClusterNode): readonly ExportProgram[] {
  if (!dialectsOf(node).includes('grub')) return []
  if (isPower(node)) return [{ path: `boot/grub2/grub2-${node.name}`, machine: 'ppc64' }]
  const [machine, short] = /^(aarch64|arm64)$/.test(node.arch ?? '')
    ? (['arm64', 'aa64'] as const)
    : (['x86_64', 'x64'] as const)
  const names: readonly (readonly [string, EfiPart])[] = [
    [`netboot${short}.efi`, 'first'],
    // shim asks for these; that of the SUSE family for the shorter ones.
    [`grub${short}.efi`, 'grub'],
    ['grub.efi', 'grub'],
    [`mm${short}.efi`, 'mokManager'],
    ['MokManager.efi', 'mokManager'],
  ]
  return names.map(([file, part]) => ({ path: `boot/efi/${node.name}/${file}`, machine, part }))
}

function isPower({ arch }: ClusterNode): boolean {
  return arch?.startsWith('ppc64') ?? false
}

/** `01-0c-42-…`; InfiniBand addresses have no such name. */
function macs(node: ClusterNode): string[] {
  const cards = node.ports.filter((port) => !port.refused && port.mac.length === 17)
  return [...new Set(cards.map((port) => `01-${port.mac.replaceAll(':', '-')}`))]
}

function addresses(node: ClusterNode): string[] {
  return [...new Set([node.ip, ...node.ports.map((port) => port.ip)].filter((ip) => ip !== undefined))]
}
