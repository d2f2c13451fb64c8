/** Addresses as text, in their one canonical form. */
import ipaddr from 'ipaddr.js'

/** Four decimal numbers, nothing else: `10.1` and `0x0a.1.1.1` are not what an administrator means. */
export function normalizeIpv4(text: string): string | undefined {
  return ipaddr.IPv4.isValidFourPartDecimal(text) ? ipaddr.IPv4.parse(text).toString() : undefined
}

export function ipv4Number(ip: string): number {
  return ip.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0)
}

export function ipv4FromNumber(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.')
}

/** null: not the mask of a network. */
export function prefixLengthOf(mask: string): number | null {
  return ipaddr.IPv4.parse(mask).prefixLengthFromSubnetMask()
}

const ETHERNET_DIGITS = 12
/** RFC 4391 §9.1.1: IPoIB link-layer addresses have 20 octets. */
const INFINIBAND_DIGITS = 40

/** 6 or 20 bytes, with colons, dashes, dots (Cisco) or nothing between them → lower-case pairs joined by colons. */
export function normalizeMac(text: string): string | undefined {
  const trimmed = text.trim()
  if (!/^[0-9A-Fa-f]+([:.-][0-9A-Fa-f]+)*$/.test(trimmed)) return undefined
  const parts = trimmed.split(/[:.-]/)
  // 0:a:b:…: leading zeros left out, byte by byte.
  const bytes = parts.length === 6 || parts.length === 20 ? parts.map((part) => part.padStart(2, '0')) : parts
  const digits = bytes.join('').toLowerCase()
  if (digits.length !== ETHERNET_DIGITS && digits.length !== INFINIBAND_DIGITS) return undefined
  return (digits.match(/../g) ?? []).join(':')
}

export interface MacItem {
  readonly mac: string
  /** Host name after `!`. */
  readonly name: string | undefined
  /** `*NOIP*`: the address is refused. */
  readonly refused: boolean
}

/** `MAC|MAC!name|MAC!*NOIP*`. */
export function parseMacCell(text: string, report: (fault: string) => void): MacItem[] {
  const items: MacItem[] = []
  for (const item of text.split('|')) {
    if (item.trim() === '') continue
    const [address = '', name = ''] = item.trim().split('!')
    const mac = normalizeMac(address)
    if (mac === undefined) report(`"${address}" is not a hardware address of 6 or 20 bytes`)
    else items.push({ mac, name: name === '' || name === '*NOIP*' ? undefined : name, refused: name === '*NOIP*' })
  }
  return items
}
