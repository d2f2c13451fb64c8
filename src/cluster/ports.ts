/** The mac and hosts cells of one node: its hardware addresses, and the IP address each of them gets. */
import { splitList } from '../tables/row.ts'
import { parseIpv4, parseMac } from './addresses.ts'
import type { Ipv4, MacAddress } from './model.ts'

export interface PortCell {
  readonly mac: MacAddress
  /** Host name after `!`. */
  readonly name: string | undefined
  /** `*NOIP*`: the address is refused. */
  readonly refused: boolean
}

/** `MAC|MAC!name|MAC!*NOIP*`. */
export function parseMacCell(text: string, report: (fault: string) => void): PortCell[] {
  const ports: PortCell[] = []
  for (const item of text.split('|')) {
    if (item.trim() === '') continue
    const [address = '', name = ''] = item.trim().split('!')
    const mac = parseMac(address)
    if (mac === undefined) report(`"${address}" is not a hardware address of 6 or 20 bytes`)
    else ports.push({ mac, name: name === '' || name === '*NOIP*' ? undefined : name, refused: name === '*NOIP*' })
  }
  return ports
}

/** hosts.otherinterfaces: `name:ip` or `-suffix:ip`, comma list; `!` separates as well. */
export function parseOtherInterfaces(node: string, text: string): ReadonlyMap<string, Ipv4> {
  const addresses = new Map<string, Ipv4>()
  for (const item of splitList(text)) {
    const [name = '', address = ''] = item.split(/[:!]/)
    const ip = parseIpv4(address)
    if (ip !== undefined) addresses.set(name.startsWith('-') ? node + name : name, ip)
  }
  return addresses
}

export interface PortAddress extends PortCell {
  readonly ip: Ipv4 | undefined
}

/**
 * The boot port stands first: the one named as the node, else the last without a name (xCAT's rule). Ports without a
 * name share the address of the node, as they do in xCAT: bonded interfaces.
 */
export function assignAddresses(
  node: string,
  ip: Ipv4 | undefined,
  ports: readonly PortCell[],
  addressOf: (hostName: string) => Ipv4 | undefined,
): PortAddress[] {
  const boot =
    ports.find((port) => port.name === node && !port.refused) ??
    ports.findLast((port) => port.name === undefined && !port.refused)
  const ordered = boot ? [boot, ...ports.filter((port) => port !== boot)] : [...ports]
  return ordered.map((port) => {
    if (port.refused) return { ...port, ip: undefined }
    if (port.name === undefined || port.name === node) return { ...port, ip }
    return { ...port, ip: addressOf(port.name) }
  })
}
