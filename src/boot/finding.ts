/**
 * The boot room: what a loader is given for a node. Kernel command line, iPXE, pxelinux, petitboot and GRUB texts, the
 * names under which they are asked for, and where loader programs come from.
 *
 * Everything here is pure. The room must not know sockets or files. The texts do not know the statelite tables either:
 * the compiled facts (root, persistent directory, URLs) are handed to them.
 */

/** The statelite room's findings have the same shape, so that a caller can show both alike. */
export interface BootFinding {
  readonly severity: 'error' | 'warning'
  readonly where: string
  readonly message: string
  readonly advice: string
}

export function bootError(where: string, message: string, advice: string): BootFinding {
  return { severity: 'error', where, message, advice }
}
