/** iPXE scripts (x86_64, BIOS and UEFI). Stock iPXE commands only: kernel, initrd, boot. */

export interface BootFiles {
  /** Absolute URLs, content-addressed, so that a rebuild never changes a file that a node is reading. */
  readonly kernelUrl: string
  readonly initrdUrl: string
}

/**
 * Boots, and tries for ever: a server that is restarted, or not there yet, is only a delay. Each time it asks for its script
 * again, since the image may have got another kernel meanwhile.
 * `initrd=initrd` is how a UEFI kernel finds the file; BIOS kernels ignore it.
 */
export function renderIpxeBoot(facts: {
  readonly node: string
  readonly image: string
  readonly stateLine: string
  readonly files: BootFiles
  readonly commandLine: string
  readonly hasBootif: boolean
  /** Of this script. */
  readonly scriptUrl: string
}): string {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: iPXE's own variable
  const bootif = facts.hasBootif ? '' : ' BOOTIF=01-${netX/mac:hexhyp}'
  return script([
    `#${facts.stateLine}`,
    `echo liteboot: ${sayable(facts.node)} boots ${sayable(facts.image)}`,
    ':retry',
    'imgfree',
    `kernel ${facts.files.kernelUrl} initrd=initrd ${facts.commandLine}${bootif} || goto failed`,
    `initrd --name initrd ${facts.files.initrdUrl} || goto failed`,
    'boot || goto failed',
    ':failed',
    `echo liteboot: ${sayable(facts.node)} could not load ${sayable(facts.image)}, trying again in 10 seconds`,
    'sleep 10',
    `chain --replace ${facts.scriptUrl} || goto retry`,
  ])
}

/** The node is to boot from its next device. */
export function renderIpxeExit(node: string): string {
  return script(['#boot', `echo liteboot: ${sayable(node)} boots from its next device`, 'exit'])
}

/** Nobody we know: says so where the person in front of the machine can see it, and lets the firmware go on. */
export function renderIpxeUnknown(clientIp: string): string {
  return script([
    `echo liteboot: no node is defined for \${netX/mac} (address ${sayable(clientIp)}).`,
    'echo Define it on the server: mkdef NODE groups=all mac=ADDRESS ip=ADDRESS',
    'sleep 5',
    'exit',
  ])
}

/** The tables do not give this node a boot. Says why, and asks again, so that correcting the table is enough. */
export function renderIpxeRefusal(node: string, reasons: readonly string[], scriptUrl: string): string {
  return script([
    `echo liteboot: ${sayable(node)} cannot boot:`,
    // A word that begins with a dash would be an option of echo.
    ...reasons.map((reason) => `echo * ${sayable(reason)}`),
    ':again',
    'echo Asking again in 30 seconds.',
    'sleep 30',
    `chain --replace ${scriptUrl} || goto again`,
  ])
}

function script(lines: readonly string[]): string {
  return `#!ipxe\n${lines.join('\n')}\n`
}

// iPXE expands ${…} and splits at || && and ; even inside an echo.
function sayable(text: string): string {
  return text.replace(/[^ -~]|[$;|&\\"'#]/g, '?')
}
