/** One event → the stage it belongs to. Pure; the tables here are the only place that knows file names. */
import { BOOT_FILE_EVENT, type BootEvent } from './event.ts'
import { parseStage, type StageName } from './stages.ts'

/** Who asks by DHCP. `plain`: an operating system or an initrd, or firmware that does not name itself (SLOF). */
export type DhcpClient = 'firmware' | 'ipxe' | 'plain' | 'unknown'

/** First match wins: `/boot/ipxe/cn07` is a boot file although it has `ipxe` in its name. */
const FILES: readonly { readonly pattern: RegExp; readonly stage: StageName }[] = [
  { pattern: /(^|\/)(initrd|initramfs)[^/]*$|\.cpio(\.\w+)?$/i, stage: 'initrd' },
  { pattern: /(^|\/)(vmlinu[xz]|bzimage|kernel)[^/]*$/i, stage: 'kernel' },
  {
    pattern: /\.(kpxe|kkpxe|efi|pxe|lkrn|c32|mod|lst|elf|0)(\.signed)?$|(^|\/)(shim|grubx64|grubnet|xnba)[^/]*$/i,
    stage: 'loader',
  },
  { pattern: /(^|\/)boot\/loader\//, stage: 'loader' },
  { pattern: /(^|\/)(boot\/ipxe|pxelinux\.cfg|petitboot|xcat\/xnba\/nodes)\/[^/]+$/, stage: 'boot file' },
  { pattern: /\.ipxe$|(^|\/)grub\.cfg(-[^/]*)?$|^\/?[0-9A-F]{8}$/, stage: 'boot file' },
  // A GRUB program under the node's name, as xCAT links it; without `grub2-`, the node's grub.cfg.
  { pattern: /(^|\/)boot\/grub2?\/(?!grub2[-.])[^/]+$/, stage: 'boot file' },
  { pattern: /(^|\/)boot\/grub2?\//, stage: 'loader' },
]

/** Undefined: shown in the timeline, but no step of the boot (an NFS call, a package, a lease renewal). */
export function stageOf(event: BootEvent): StageName | undefined {
  switch (event.service) {
    case 'dhcp':
      return undefined
    case 'tftp':
      return event.event === 'read' ? stageOfFile(event.object) : undefined
    case 'http':
      if (event.event === 'plan') return 'plan'
      return event.event === 'get' ? stageOfFile(event.object) : undefined
    case 'initrd':
    case 'os':
      return event.event === 'report' ? parseStage(event.stage) : undefined
    case 'server':
      return event.event === BOOT_FILE_EVENT ? 'boot file' : undefined
    case 'nfs':
      return undefined
  }
}

function stageOfFile(object: string | undefined): StageName | undefined {
  const name = object?.split('?', 1)[0] ?? ''
  return FILES.find(({ pattern }) => pattern.test(name))?.stage
}

/**
 * Of a transfer: the server said that it does not have it, or does not give it. What a client broke off, or what got lost
 * on the way, is no refusal.
 */
export function isRefusal({ service, ok, bytes = 0, detail = '' }: BootEvent): boolean {
  if (ok) return false
  if (service === 'http') return /^[45]\d\d /.test(detail)
  return service === 'tftp' && bytes === 0 && !/^(client|time-out|given up|no socket|$)/.test(detail)
}

/** What the server answered says who asked: its reasons name the client, and only boot firmware is given a file. */
export function dhcpClientOf(event: BootEvent): DhcpClient {
  const words = `${event.stage ?? ''} ${event.detail ?? ''}`
  if (/\((user class|option 175)\)|^ipxe\b/i.test(words)) return 'ipxe'
  if (/^os\b|no boot firmware named/i.test(words)) return 'plain'
  if (event.object !== undefined || /^firmware\b|: no loader for this/i.test(words)) return 'firmware'
  return 'unknown'
}
