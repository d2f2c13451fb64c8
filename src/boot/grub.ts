/**
 * grub.cfg texts (PowerVM partitions, pseries guests, aarch64; x86 where wanted). Texts to be shown are in quotes: for petitboot,
 * which reads such files on disks, words like `in` and `for` are reserved wherever they stand without.
 */
import type { LoaderEntry } from './pxelinux.ts'

export interface GrubEntry extends LoaderEntry {
  readonly protocol: 'http' | 'tftp'
  /** Address literal. */
  readonly serverIp: string
  readonly httpPort: number
  readonly node: string
}

/** `kernel` and `initrd` are absolute paths on the server. Plain `linux` and `initrd` work on BIOS, UEFI and POWER alike. */
export function renderGrubBoot(entry: GrubEntry): string {
  const bootif = entry.hasBootif ? '' : ' BOOTIF=$net_default_mac'
  return [
    `#${entry.stateLine}`,
    'set timeout=5',
    'set default="xCAT OS Deployment"',
    'set fallback=1',
    'menuentry "xCAT OS Deployment" {',
    ...(entry.kernel.endsWith('.gz') ? ['    insmod gzio'] : []),
    ...kernelLines(entry, `linux ${entry.kernel} ${grubWords(entry.commandLine)}${bootif}`),
    '    echo Loading initial ramdisk ...',
    `    initrd ${entry.initrd}`,
    '}',
    'menuentry "Ask the server again" {',
    "    echo 'liteboot: could not load, asking again in 10 seconds'",
    '    sleep 10',
    `    ${againLine(entry.node, entry.serverIp)}`,
    '}',
    '',
  ].join('\n')
}

/**
 * GRUB loads the module of a protocol by itself (net.c, grub_net_open_real); where it may not, as Debian's signed GRUB under Secure
 * Boot, which has no HTTP in it, an `insmod` would print an error and wait ten seconds before the kernel starts, and yet
 * succeed. Only `linux` tells: then the files come by TFTP.
 */
function kernelLines({ protocol, serverIp, httpPort }: GrubEntry, linux: string): string[] {
  const byTftp = `set root=tftp,${serverIp}`
  if (protocol === 'tftp') return [`    ${byTftp}`, '    echo Loading Install kernel ...', `    ${linux}`]
  return [
    `    set root=http,${serverIp}${httpPort === 80 ? '' : `:${httpPort}`}`,
    '    echo Loading Install kernel ...',
    `    if ${linux}; then echo; else`,
    `        echo 'liteboot: not by HTTP, trying TFTP'; ${byTftp}`,
    `        ${linux}`,
    '    fi',
  ]
}

/** The node cannot boot: says why, and asks again, so that correcting the table is enough. @param serverIp undefined: not known */
export function renderGrubRefusal(node: string, reasons: readonly string[], serverIp: string | undefined): string {
  return [
    '#refused',
    ...[`liteboot: ${node} cannot boot:`, ...reasons].map((text) => `echo '${text.replace(/[^ -~]|'/g, '?')}'`),
    'sleep 30',
    ...(serverIp === undefined ? [] : [againLine(node, serverIp)]),
    'exit',
    '',
  ].join('\n')
}

function againLine(node: string, serverIp: string): string {
  return `configfile (tftp,${serverIp})/boot/grub2/${node}`
}

/** Nothing to boot: GRUB ends and the firmware goes on with its next device. */
export function renderGrubLocal(): string {
  return '#boot\nexit\n'
}

/**
 * For a GRUB that asks for `grub.cfg` from an address no node has (behind a router that translates, or a node with two
 * cards): it knows its hardware address, and asks again by that.
 */
export function renderGrubByHardwareAddress(): string {
  return [
    'configfile /boot/grub2/grub.cfg-$net_default_mac',
    'echo "liteboot: no node is defined for $net_default_mac ($net_default_ip)."',
    'sleep 10',
    'exit',
    '',
  ].join('\n')
}

/** `noderes.netboot`: plain `grub2` fetches by TFTP, `grub2-http` and `grub2-tftp` say so. */
export function grubProtocol(netboot: string): 'http' | 'tftp' | undefined {
  if (netboot === 'grub2' || netboot === 'grub2-tftp') return 'tftp'
  return netboot === 'grub2-http' ? 'http' : undefined
}

/** Words that petitboot takes for its own; GRUB does so at the beginning of a command only. */
const RESERVED =
  /^(\[\[|\]\]|case|do|done|elif|else|esac|fi|for|function|if|in|menuentry|select|submenu|then|time|until|while)$/

/**
 * GRUB's script language is a shell: these separate commands, begin a variable, or hide what follows (GRUB manual, "Quoting").
 * In quotes, not behind a backslash, which petitboot does not know; a command line has no quotes of its own.
 */
function grubWords(commandLine: string): string {
  const quoted = (word: string) => (/[$;&|<>{}#\\]/.test(word) || RESERVED.test(word) ? `'${word}'` : word)
  return commandLine.split(' ').map(quoted).join(' ')
}
