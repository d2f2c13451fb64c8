/** Several networks on one wire: a router's or an interface's secondary addresses. Pure. */
import type { Ipv4, Network, Snapshot } from './model.ts'

const REMOTE = '!remote!'

/**
 * As in xCAT, rows with the same `mgtifname` are one wire. Behind relays (`!remote!…`) that says nothing, since all racks stand
 * behind one interface: there the rows must have the same `vlanid` as well.
 */
export function isSameWire(one: Network, other: Network): boolean {
  if (one === other) return true
  if (one.mgtifname === undefined || one.mgtifname !== other.mgtifname) return false
  return !one.mgtifname.startsWith(REMOTE) || (one.vlanid !== undefined && one.vlanid === other.vlanid)
}

/** The network of `ip`, when that is another one on the same wire. */
export function neighbourNetwork(snapshot: Snapshot, network: Network, ip: Ipv4 | undefined): Network | undefined {
  if (ip === undefined || network.contains(ip)) return undefined
  const other = snapshot.networkOf(ip)
  return other && isSameWire(network, other) ? other : undefined
}
