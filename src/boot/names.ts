/** Which node a boot file name belongs to: liteboot's own names and those that xCAT would have written to disk. */
import type { ClusterNode, Ipv4, MacAddress, Snapshot } from '../cluster/model.ts'
import { limits } from './limits.ts'

export type BootFileKind = 'ipxe' | 'pxelinux' | 'petitboot' | 'grub'

export interface BootFileName {
  readonly node: ClusterNode
  readonly kind: BootFileKind
  /** What in the name led to the node. */
  readonly by: 'name' | 'mac' | 'ip' | 'client'
}

/**
 * @param path as asked for: with or without leading slashes or the TFTP directory; hex in either case
 * @returns undefined: not a boot file of a node we know; look for a file on disk
 */
export function bootFileFor(path: string, snapshot: Snapshot, clientIp: string | undefined): BootFileName | undefined {
  if (path.length > limits.bootFileNameBytes) return undefined
  const name = withoutRoot(path, snapshot.site.tftpdir)
  for (const { pattern, kind, find } of PLACES) {
    const found = pattern.exec(name)?.[1]
    if (found === undefined) continue
    const hit = find(found, snapshot, clientIp)
    if (hit === undefined) continue
    // Firmware that reads pxelinux.cfg/ without being pxelinux (OPAL) needs its own dialect.
    return { ...hit, kind: kind === 'pxelinux' && hit.node.netboot === 'petitboot' ? 'petitboot' : kind }
  }
  return undefined
}

function withoutRoot(path: string, tftpdir: string): string {
  const collapsed = path.replaceAll('\\', '/').replace(/\/+/g, '/').replace(/^\//, '')
  for (const root of [tftpdir.replace(/^\/+|\/+$/g, ''), 'tftpboot']) {
    if (root !== '' && collapsed.startsWith(`${root}/`)) return collapsed.slice(root.length + 1)
  }
  return collapsed
}

type Find = (text: string, snapshot: Snapshot, clientIp: string | undefined) => Omit<BootFileName, 'kind'> | undefined

const byName: Find = (text, snapshot) => {
  const node = snapshot.node(text)
  return node && { node, by: 'name' }
}

/** `01-0c-42-a1-7e-10-07` (ARP hardware type first), `20-…` for InfiniBand, or the bare address with dashes or colons. */
const byMac: Find = (text, snapshot) => {
  const digits = text.toLowerCase().split(/[-:]/)
  if (digits.length < 6 || digits.some((pair) => !/^[0-9a-f]{2}$/.test(pair))) return undefined
  for (const pairs of [digits, digits.slice(1)]) {
    const port = snapshot.portByMac(pairs.join(':') as MacAddress)
    if (port !== undefined && !port.refused) return { node: port.node, by: 'mac' }
  }
  return undefined
}

/** The address in hex; with fewer digits it is a whole subnet, and the client that asks must be inside it. */
const byHexIp: Find = (text, snapshot, clientIp) => {
  if (!/^[0-9a-f]{1,8}$/i.test(text)) return undefined
  if (text.length === 8) {
    const node = snapshot.nodeByIp(ipFromHex(text))
    return node && { node, by: 'ip' }
  }
  if (clientIp === undefined || !hexFromIp(clientIp).startsWith(text.toUpperCase())) return undefined
  const node = snapshot.nodeByIp(clientIp as Ipv4)
  return node && { node, by: 'client' }
}

/** A name that every client asks for: the client's address decides. */
const byClient: Find = (_text, snapshot, clientIp) => {
  const node = clientIp === undefined ? undefined : snapshot.nodeByIp(clientIp as Ipv4)
  return node && { node, by: 'client' }
}

const PLACES: readonly { readonly pattern: RegExp; readonly kind: BootFileKind; readonly find: Find }[] = [
  { pattern: /^boot\/ipxe\/([^/]+)$/, kind: 'ipxe', find: byName },
  { pattern: /^boot\/ipxe\/([^/]+)$/, kind: 'ipxe', find: byMac },
  // xCAT: xcat/xnba/nodes/<node> for BIOS, <node>.uefi for UEFI. One script serves both. A node's own name may end in .uefi.
  { pattern: /^xcat\/xnba\/nodes\/([^/]+)$/, kind: 'ipxe', find: byName },
  { pattern: /^xcat\/xnba\/nodes\/([^/]+)\.uefi$/, kind: 'ipxe', find: byName },
  // pxelinux: hardware type and address, then hex address cut one digit at a time, then default.
  { pattern: /^pxelinux\.cfg\/([^/]+)$/, kind: 'pxelinux', find: byMac },
  { pattern: /^pxelinux\.cfg\/([^/]+)$/, kind: 'pxelinux', find: byName },
  { pattern: /^pxelinux\.cfg\/([^/]+)$/, kind: 'pxelinux', find: byHexIp },
  { pattern: /^pxelinux\.cfg\/(default)$/, kind: 'pxelinux', find: byClient },
  { pattern: /^(?:boot\/)?petitboot\/([^/]+)$/, kind: 'petitboot', find: byName },
  { pattern: /^(?:boot\/)?petitboot\/([^/]+)$/, kind: 'petitboot', find: byMac },
  { pattern: /^([0-9A-Fa-f]{8})$/, kind: 'petitboot', find: byHexIp },
  // GRUB builds differ on whether the hardware address has the 01- in front.
  { pattern: /^boot\/grub2\/grub\.cfg-([^/]+)$/, kind: 'grub', find: byMac },
  { pattern: /^boot\/grub2\/grub\.cfg-([^/]+)$/, kind: 'grub', find: byHexIp },
  { pattern: /^boot\/grub2\/(grub\.cfg)$/, kind: 'grub', find: byClient },
  { pattern: /^boot\/grub2\/([^/]+)$/, kind: 'grub', find: byName },
  // Debian's signed GRUB looks below its own prefix, and knows no other name.
  { pattern: /^grub\/(?:(?:x86_64|arm64)-efi\/)?(grub\.cfg)$/, kind: 'grub', find: byClient },
  // GRUB of the RHEL and SUSE families looks beside itself, by hardware address, by address in hex, and by no name: all mean the
  // directory's node. That of Ubuntu's network boot has its `grub` there.
  {
    pattern: /^boot\/efi\/([^/]+)\/(?:grub\/)?(?:(?:x86_64|arm64)-efi\/)?grub\.cfg(?:-[^/]+)?$/,
    kind: 'grub',
    find: byName,
  },
  // The RHEL family's built-in prefix, where GRUB could not tell its own directory.
  { pattern: /^EFI\/[^/]+\/grub\.cfg-([^/]+)$/, kind: 'grub', find: byMac },
  { pattern: /^EFI\/[^/]+\/grub\.cfg-([^/]+)$/, kind: 'grub', find: byHexIp },
  { pattern: /^EFI\/[^/]+\/(grub\.cfg)$/, kind: 'grub', find: byClient },
  // A distribution's program for POWER in place of ours.
  { pattern: powerPlace('-([^/]+)'), kind: 'grub', find: byMac },
  { pattern: powerPlace('-([^/]+)'), kind: 'grub', find: byHexIp },
  { pattern: powerPlace('()'), kind: 'grub', find: byClient },
]

/**
 * Where GRUB programs for Open Firmware look: grub-mknetdir of Debian (`boot/grub`) and RHEL (`boot/grub2`), which read the file
 * beside their modules too, the media of RHEL and SLES, and the top: a GRUB without a prefix of its own takes PowerVM's
 * boot path (`l-lan@…:speed=auto,…`) for a file name, and is left with none.
 */
function powerPlace(suffix: string): RegExp {
  const modules = '(?:powerpc-ieee1275\\/)?'
  const below = `boot\\/grub2?\\/${modules}|grub2\\/${modules}|(?:boot\\/)?ppc64le\\/grub2-ieee1275\\/`
  return new RegExp(`^(?:${below})?grub\\.cfg${suffix}$`)
}

/** `10.20.0.107` → `0A14006B`. */
export function hexFromIp(ip: string): string {
  return ip
    .split('.')
    .map((part) => Number(part).toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase()
}

function ipFromHex(hex: string): Ipv4 {
  const number = Number.parseInt(hex, 16)
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 0xff).join('.') as Ipv4
}
