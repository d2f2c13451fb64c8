/** pxelinux.cfg texts (x86 BIOS). */

export interface LoaderEntry {
  readonly stateLine: string
  /** As the loader asks for them: absolute URLs, or paths below the TFTP root. */
  readonly kernel: string
  readonly initrd: string
  readonly commandLine: string
  /** BOOTIF= is already on the command line. */
  readonly hasBootif: boolean
}

/** IPAPPEND 2 makes pxelinux add `BOOTIF=01-<mac with dashes>`. */
export function renderPxelinuxBoot(entry: LoaderEntry): string {
  return [
    `#${entry.stateLine}`,
    'DEFAULT xCAT',
    'LABEL xCAT',
    ` KERNEL ${entry.kernel}`,
    ` APPEND initrd=${entry.initrd} ${entry.commandLine}`,
    ...(entry.hasBootif ? [] : ['  IPAPPEND 2']),
    '',
  ].join('\n')
}

export function renderPxelinuxLocal(): string {
  return ['#boot', 'DEFAULT xCAT', 'LABEL xCAT', ' LOCALBOOT 0', ''].join('\n')
}

/** A node that cannot boot: says why, waits, and asks the firmware for a new try (pxelinux keeps no state). */
export function renderPxelinuxRefusal(node: string, reasons: readonly string[]): string {
  const said = [`liteboot: ${node} cannot boot:`, ...reasons.map((reason) => `- ${reason}`)]
  return [
    '#refused',
    ...said.map((text) => `SAY ${text.replace(/[^ -~]/g, '?')}`),
    'DEFAULT xCAT',
    'LABEL xCAT',
    ' LOCALBOOT 0',
    '',
  ].join('\n')
}
