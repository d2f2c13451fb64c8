/** The networks table, checked: a row that cannot be understood is reported and left out. */
import ipaddr from 'ipaddr.js'
import { cell, enabledRows, type Row, renderRowKey, type TablesView } from '../tables/row.ts'
import { ipv4FromNumber, ipv4Number, parseIpv4 } from './addresses.ts'
import type { Ipv4, Network, Site } from './model.ts'

type AddressRange = Network['dynamicRanges'][number]

/** Longest prefix first: the first network that contains an address is the right one. */
export function compileNetworks(view: TablesView, site: Site, faults: string[]): readonly Network[] {
  const networks: Network[] = []
  for (const row of enabledRows(view, 'networks')) {
    const name = cell(row, 'netname') || renderRowKey(row, ['net', 'mask'])
    const network = compileNetwork(row, site, (fault) => faults.push(`networks row netname=${name}: ${fault}`))
    if (network) networks.push(network)
  }
  return Object.freeze(networks.sort((a, b) => b.prefixLength - a.prefixLength))
}

function compileNetwork(row: Row, site: Site, report: (fault: string) => void): Network | undefined {
  const net = parseIpv4(cell(row, 'net'))
  const mask = parseIpv4(cell(row, 'mask'))
  const prefixLength = mask === undefined ? null : ipaddr.IPv4.parse(mask).prefixLengthFromSubnetMask()
  if (net === undefined) return void report(`net "${cell(row, 'net')}" is not an IPv4 address; the row is left out`)
  if (mask === undefined || prefixLength === null)
    return void report(`mask "${cell(row, 'mask')}" is not a network mask; the row is left out`)
  const first = ipv4Number(net)
  const size = 2 ** (32 - prefixLength)
  if (first % size !== 0)
    return void report(
      `net ${net} has host bits set for mask ${mask}: write ${ipv4FromNumber(first - (first % size))}; the row is left out`,
    )
  const contains = (ip: string) => {
    const offset = ipv4Number(ip) - first
    return offset >= 0 && offset < size
  }
  const address = (column: string): Ipv4 | undefined => {
    const text = cell(row, column).trim()
    if (text === '') return undefined
    if (text === '<xcatmaster>') return parseIpv4(site.master ?? '')
    const ip = parseIpv4(text)
    if (ip === undefined) report(`${column} "${text}" is not an IPv4 address`)
    return ip
  }
  const addresses = (column: string): readonly Ipv4[] => {
    const found: Ipv4[] = []
    for (const text of cell(row, column).split(/[\s,]+/)) {
      const ip = text === '<xcatmaster>' ? parseIpv4(site.master ?? '') : parseIpv4(text)
      if (ip !== undefined) found.push(ip)
      else if (text !== '' && text !== '<xcatmaster>') report(`${column} "${text}" is not an IPv4 address`)
    }
    return Object.freeze(found)
  }
  let gateway = address('gateway')
  if (gateway !== undefined && !contains(gateway)) {
    report(`gateway ${gateway} is not inside ${net}/${prefixLength}; no gateway is sent`)
    gateway = undefined
  }
  return Object.freeze({
    netname: cell(row, 'netname') || `${net}-${mask}`.replaceAll('.', '_'),
    net,
    mask,
    prefixLength,
    gateway,
    nameservers: addresses('nameservers'),
    ntpservers: addresses('ntpservers'),
    logservers: addresses('logservers'),
    dhcpserver: address('dhcpserver'),
    tftpserver: address('tftpserver'),
    domain: cell(row, 'domain') || undefined,
    mtu: compileMtu(cell(row, 'mtu'), report),
    mgtifname: cell(row, 'mgtifname') || undefined,
    dynamicRanges: compileRanges(cell(row, 'dynamicrange'), contains, report),
    contains,
  })
}

/** RFC 2132 §5.1: at least 68; below 576 no boot gets anywhere. */
function compileMtu(text: string, report: (fault: string) => void): number | undefined {
  if (text === '') return undefined
  const mtu = Number(text)
  if (/^\d+$/.test(text) && mtu >= 576 && mtu <= 65_520) return mtu
  report(`mtu "${text}" is not a whole number from 576 to 65520`)
  return undefined
}

/** `a-b`, `a b`, `a,b` or CIDR; several joined by ";". */
export function parseDynamicRange(item: string): { readonly first: Ipv4; readonly last: Ipv4 } | undefined {
  const text = item.trim()
  const cidr = /^(\S+)\/(\d{1,2})$/.exec(text)
  if (cidr) {
    const base = parseIpv4(cidr[1] ?? '')
    const bits = Number(cidr[2])
    if (base === undefined || bits > 32) return undefined
    const size = 2 ** (32 - bits)
    const start = ipv4Number(base) - (ipv4Number(base) % size)
    // Network and broadcast address are nobody's.
    return size > 2
      ? { first: ipv4FromNumber(start + 1), last: ipv4FromNumber(start + size - 2) }
      : { first: ipv4FromNumber(start), last: ipv4FromNumber(start + size - 1) }
  }
  const [from = '', to = from, ...more] = text.split(/\s*[-,\s]\s*/)
  const first = parseIpv4(from)
  const last = parseIpv4(to)
  if (first === undefined || last === undefined || more.length > 0 || ipv4Number(first) > ipv4Number(last))
    return undefined
  return { first, last }
}

function compileRanges(
  text: string,
  contains: (ip: string) => boolean,
  report: (fault: string) => void,
): readonly AddressRange[] {
  const ranges: AddressRange[] = []
  for (const item of text.split(';')) {
    if (item.trim() === '') continue
    const range = parseDynamicRange(item)
    if (!range) report(`dynamicrange "${item.trim()}" is not first-last or CIDR; it is left out`)
    else if (!contains(range.first) || !contains(range.last))
      report(`dynamicrange ${range.first}-${range.last} is not inside the network; it is left out`)
    else ranges.push(Object.freeze(range))
  }
  return Object.freeze(ranges)
}
