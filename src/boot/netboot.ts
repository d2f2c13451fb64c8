/** What the words of noderes.netboot mean. The firmware decides what can be loaded at all, this only what is preferred. */

export type NetbootMethod =
  | 'ipxe'
  /** iPXE with drivers of its own, where the firmware's network driver is at fault. */
  | 'ipxe-drivers'
  /** pxelinux, everything by TFTP. */
  | 'pxelinux'
  /** lpxelinux: kernel and initrd by HTTP. */
  | 'pxelinux-http'
  | 'grub'
  | 'petitboot'

const METHODS: ReadonlyMap<string, NetbootMethod> = new Map([
  ['ipxe', 'ipxe'],
  // xNBA is the iPXE that xCAT ships.
  ['xnba', 'ipxe'],
  ['ipxe-drivers', 'ipxe-drivers'],
  ['pxe', 'pxelinux'],
  ['pxelinux', 'pxelinux'],
  ['pxe-tftp', 'pxelinux'],
  ['pxe-http', 'pxelinux-http'],
  ['grub2', 'grub'],
  ['grub2-tftp', 'grub'],
  ['grub2-http', 'grub'],
  ['petitboot', 'petitboot'],
])

/** For messages: every word that means something. */
export const NETBOOT_WORDS: readonly string[] = [...METHODS.keys()]

/** Undefined: unset, or a word that means nothing here (`yaboot`). */
export function netbootMethod(netboot: string | undefined): NetbootMethod | undefined {
  return METHODS.get(netboot?.trim() ?? '')
}
