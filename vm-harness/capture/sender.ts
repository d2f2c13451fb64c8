/** Who sent a request: firmware and loaders are known by the options they send and by what they call themselves. */
import { type CapturedRequest, dhcpOption, tftpOptions } from './requests.ts'

/** Names and values of TFTP options in the order they are sent in. */
const BY_TFTP_OPTIONS: Readonly<Record<string, string>> = {
  'tsize 0 blksize 1468 windowsize 4': 'EDK2',
  'blksize 1468 windowsize 4': 'EDK2',
  // Through the firmware's own TFTP, whose default size it is.
  'blksize 512 windowsize 4': 'shim',
  'tsize 0 blksize 512 windowsize 4': 'shim',
  'blksize 1024 tsize 0': 'GRUB',
  'blksize 1428': 'SLOF',
  'blksize 1432 tsize 0': 'iPXE',
  'tsize 0 blksize 1408': 'pxelinux',
}

const BY_USER_AGENT: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/^iPXE/, 'iPXE'],
  [/^GRUB/, 'GRUB'],
  [/^UefiHttpBoot/, 'EDK2'],
  [/^Syslinux/i, 'pxelinux'],
  [/^Wget/, 'busybox'],
]

const text = (bytes: Buffer | undefined) => bytes?.toString('latin1') ?? ''

/** @returns undefined: nobody known, and then a line belongs in this file */
export function senderOf({ protocol, payload }: CapturedRequest): string | undefined {
  switch (protocol) {
    case 'dhcp':
      return senderOfDhcp(payload)
    case 'tftp':
      return BY_TFTP_OPTIONS[tftpOptions(payload).join(' ').toLowerCase()]
    case 'http': {
      const agent = /^user-agent: *(.*?)\r$/im.exec(text(payload))?.[1] ?? ''
      return BY_USER_AGENT.find(([pattern]) => pattern.test(agent))?.[1]
    }
  }
}

function senderOfDhcp(payload: Buffer): string | undefined {
  const vendor = text(dhcpOption(payload, 60))
  if (text(dhcpOption(payload, 77)).includes('iPXE')) return 'iPXE'
  if (dhcpOption(payload, 93)?.readUInt16BE(0) === 0x000e) return 'petitboot'
  if (vendor.startsWith('udhcp')) return 'busybox'
  if (/^(PXE|HTTP)Client:Arch:000(07|09|11|16|19)/.test(vendor)) return 'EDK2'
  if (vendor !== '') return undefined
  // Both name no maker; SLOF asks for the name of its TFTP server, GRUB never does.
  return dhcpOption(payload, 55)?.includes(66) ? 'SLOF' : 'GRUB'
}
