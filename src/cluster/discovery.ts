/** Networks that opt in to discovery: there a machine that no table knows boots the inventory environment. */
import { ipv4Number } from '../tables/addresses.ts'
import { splitList } from '../tables/row.ts'
import type { Ipv4, Network, Snapshot } from './model.ts'
import { isProxied } from './proxy-networks.ts'

const wanted = new WeakMap<Snapshot, ReadonlySet<string>>()

/**
 * site.discovery names it, and strangers get addresses there: ours, or those of a site's own DHCP server. ALL leaves the
 * latter networks out: whatever else boots from the network stands there too.
 */
export function discoversOn(snapshot: Snapshot, network: Network): boolean {
  let names = wanted.get(snapshot)
  if (!names) {
    names = new Set(splitList(snapshot.site.get('discovery') ?? ''))
    wanted.set(snapshot, names)
  }
  if (isProxied(snapshot, network)) return names.has(network.netname)
  return network.dynamicRanges.length > 0 && (names.has(network.netname) || names.has('ALL'))
}

/** The network that opts in and where strangers may have this address. */
export function discoveryNetworkOf(snapshot: Snapshot, ip: string): Network | undefined {
  if (!/^\d+(\.\d+){3}$/.test(ip)) return undefined
  const network = snapshot.networkOf(ip as Ipv4)
  if (!network || !discoversOn(snapshot, network)) return undefined
  // Which addresses the site's own server gives to strangers is not known here.
  if (isProxied(snapshot, network)) return network
  const number = ipv4Number(ip)
  const isDynamic = network.dynamicRanges.some(
    ({ first, last }) => ipv4Number(first) <= number && number <= ipv4Number(last),
  )
  return isDynamic ? network : undefined
}
