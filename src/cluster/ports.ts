/** The mac and hosts cells of one node: its hardware addresses, and the IP address each of them gets. */
import type { MacItem } from '../tables/addresses.ts'
import { splitList } from '../tables/row.ts'
import { parseIpv4 } from './addresses.ts'
import type { Ipv4, MacAddress } from './model.ts'

export type PortCell = MacItem & { readonly mac: MacAddress }

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

export type PortAddress = PortCell & { readonly ip: Ipv4 | undefined }

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
