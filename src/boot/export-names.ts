/** Under which names a node's firmware and loaders ask for its boot file: what a plain TFTP or HTTP server must have. */
import type { ClusterNode } from '../cluster/model.ts'
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

function dialectsOf({ netboot, arch }: ClusterNode): readonly BootFileKind[] {
  if (netboot === undefined) return arch?.startsWith('ppc64') ? ['petitboot', 'grub'] : ['ipxe']
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
  // GRUB builds differ on whether the hardware address has the 01- in front.
  grub: (node) => [
    `boot/grub2/${node.name}`,
    ...[...macs(node).flatMap((mac) => [mac, mac.slice(3)]), ...addresses(node).map(hexFromIp)].map(
      (name) => `boot/grub2/grub.cfg-${name}`,
    ),
  ],
}

/** `01-0c-42-…`; InfiniBand addresses have no such name. */
function macs(node: ClusterNode): string[] {
  const cards = node.ports.filter((port) => !port.refused && port.mac.length === 17)
  return [...new Set(cards.map((port) => `01-${port.mac.replaceAll(':', '-')}`))]
}

function addresses(node: ClusterNode): string[] {
  return [...new Set([node.ip, ...node.ports.map((port) => port.ip)].filter((ip) => ip !== undefined))]
}
