/** What a pool may never give away. */
import type { Ipv4, Network, Snapshot } from '../cluster/model.ts'
import { ipv4ToNumber, numberToIpv4 } from './options.ts'
import { rangesOf } from './pool.ts'

/** Addresses inside ranges that belong to somebody: nodes, gateways, servers, ourselves, network and broadcast address. */
export function reservedAddresses(
  snapshot: Snapshot,
  networks: readonly Network[],
  ownAddresses: readonly Ipv4[],
): ReadonlySet<number> {
  const reserved = new Set<number>()
  if (networks.length === 0) return reserved
  const ranges = networks.flatMap(({ dynamicRanges }) => rangesOf(dynamicRanges))
  const reserve = (address: Ipv4 | undefined) => {
    if (address === undefined) return
    const ip = ipv4ToNumber(address)
    if (ranges.some(({ first, last }) => ip >= first && ip <= last)) reserved.add(ip)
  }
  for (const name of snapshot.nodeNames) {
    const node = snapshot.node(name)
    reserve(node?.ip)
    for (const port of node?.ports ?? []) reserve(port.ip)
  }
  for (const address of ownAddresses) reserve(address)
  for (const network of networks) {
    const net = ipv4ToNumber(network.net)
    for (const address of [network.gateway, network.dhcpserver, network.tftpserver, ...network.nameservers])
      reserve(address)
    if (network.prefixLength >= 31) continue
    reserve(network.net)
    reserve(numberToIpv4(net + 2 ** (32 - network.prefixLength) - 1))
  }
  return reserved
}
