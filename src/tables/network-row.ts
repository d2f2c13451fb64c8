/** One row of networks, understood: used when the row is written and when it is compiled. */
import { ipv4FromNumber, ipv4Number, normalizeIpv4, prefixLengthOf } from './addresses.ts'
import { cell, type Row } from './row.ts'

export interface AddressRange {
  readonly first: string
  readonly last: string
}

export interface ParsedNetwork {
  readonly net: string
  readonly mask: string
  readonly prefixLength: number
  readonly gateway: string | undefined
  readonly nameservers: readonly string[]
  readonly ntpservers: readonly string[]
  readonly logservers: readonly string[]
  readonly dhcpserver: string | undefined
  readonly tftpserver: string | undefined
  readonly mtu: number | undefined
  readonly dynamicRanges: readonly AddressRange[]
  contains(ip: string): boolean
}

/** `<xcatmaster>` stands for the boot server; its address is `master` when that is one. */
const BOOT_SERVER = '<xcatmaster>'

/** undefined: net or mask make no network; other columns that are wrong are reported and left unset. */
export function parseNetworkRow(
  row: Row,
  master: string | undefined,
  report: (column: string, message: string) => void,
): ParsedNetwork | undefined {
  const net = normalizeIpv4(cell(row, 'net'))
  const mask = normalizeIpv4(cell(row, 'mask'))
  const prefixLength = mask === undefined ? null : prefixLengthOf(mask)
  if (net === undefined) report('net', `"${cell(row, 'net')}" is not an IPv4 address`)
  if (mask === undefined || prefixLength === null) report('mask', `"${cell(row, 'mask')}" is not a network mask`)
  if (net === undefined || mask === undefined || prefixLength === null) return undefined
  const start = ipv4Number(net)
  const size = 2 ** (32 - prefixLength)
  if (start % size !== 0) {
    report('net', `${net} has host bits set for mask ${mask}: write ${ipv4FromNumber(start - (start % size))}`)
    return undefined
  }
  const contains = (ip: string) => {
    const offset = ipv4Number(ip) - start
    return offset >= 0 && offset < size
  }
  const parse = (column: string, text: string): string | undefined => {
    if (text === BOOT_SERVER) return normalizeIpv4(master ?? '')
    const ip = normalizeIpv4(text)
    if (ip === undefined && text !== '') report(column, `"${text}" is not an IPv4 address`)
    return ip
  }
  const one = (column: string) => parse(column, cell(row, column).trim())
  const list = (column: string) =>
    cell(row, column)
      .split(/[\s,]+/)
      .map((text) => parse(column, text))
      .filter((ip) => ip !== undefined)
  const gateway = one('gateway')
  const inside = gateway === undefined || contains(gateway)
  if (!inside) report('gateway', `${gateway} is not inside ${net}/${prefixLength}; no gateway is sent`)
  return {
    net,
    mask,
    prefixLength,
    gateway: inside ? gateway : undefined,
    nameservers: list('nameservers'),
    ntpservers: list('ntpservers'),
    logservers: list('logservers'),
    dhcpserver: one('dhcpserver'),
    tftpserver: one('tftpserver'),
    mtu: parseMtu(cell(row, 'mtu'), (message) => report('mtu', message)),
    dynamicRanges: parseRanges(cell(row, 'dynamicrange'), contains, (message) => report('dynamicrange', message)),
    contains,
  }
}

/** RFC 2132 §5.1 allows 68; below 576 no boot gets anywhere. */
function parseMtu(text: string, report: (message: string) => void): number | undefined {
  if (text === '') return undefined
  const mtu = Number(text)
  if (/^\d+$/.test(text) && mtu >= 576 && mtu <= 65_520) return mtu
  report(`"${text}" is not a whole number from 576 to 65520`)
  return undefined
}

/** `a-b`, `a b`, `a,b` or CIDR. */
export function parseAddressRange(item: string): AddressRange | undefined {
  const text = item.trim()
  const [, base = '', bits = ''] = /^(\S+)\/(\d{1,2})$/.exec(text) ?? []
  if (bits !== '') return cidrRange(normalizeIpv4(base), Number(bits))
  const [from = '', to = from, ...more] = text.split(/\s*[-,\s]\s*/)
  const first = normalizeIpv4(from)
  const last = normalizeIpv4(to)
  if (first === undefined || last === undefined || more.length > 0) return undefined
  return ipv4Number(first) > ipv4Number(last) ? undefined : { first, last }
}

function cidrRange(base: string | undefined, bits: number): AddressRange | undefined {
  if (base === undefined || bits > 32) return undefined
  const size = 2 ** (32 - bits)
  const start = ipv4Number(base) - (ipv4Number(base) % size)
  // Network and broadcast address are nobody's.
  const spare = size > 2 ? 1 : 0
  return { first: ipv4FromNumber(start + spare), last: ipv4FromNumber(start + size - 1 - spare) }
}

function parseRanges(
  text: string,
  contains: (ip: string) => boolean,
  report: (message: string) => void,
): AddressRange[] {
  const ranges: AddressRange[] = []
  for (const item of text.split(';')) {
    if (item.trim() === '') continue
    const range = parseAddressRange(item)
    if (!range) report(`"${item.trim()}" is not first-last or CIDR; it is left out`)
    else if (contains(range.first) && contains(range.last)) ranges.push(range)
    else report(`${range.first}-${range.last} is not inside the network; it is left out`)
  }
  return ranges
}
