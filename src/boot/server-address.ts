/** Which address of a server a node is told: always a literal, and known to be ours or not. */
import type { ClusterNode, Ipv4, Network, Snapshot } from '../cluster/model.ts'
import { isSameWire } from '../cluster/wires.ts'
import { type BootFinding, bootError } from './finding.ts'

export interface ServerAddress {
  readonly ip: string
  /** false: the tables send this node to another server. */
  readonly ours: boolean
  /** The column or rule that led here. */
  readonly reason: string
}

/** `boot`: who hands out boot files, kernel and initrd. `master`: who the running initrd talks to. */
export type ServerRole = 'boot' | 'master'

/**
 * The row's own words first, then our address in the node's subnet, then (behind a router) our only address.
 * The literal `<xcatmaster>` counts as unset and never gets into a boot file.
 * @param resolve name → address literal, from the tables and the server's own names
 */
export function decideServerAddress(
  role: ServerRole,
  node: ClusterNode,
  snapshot: Snapshot,
  ownAddresses: readonly string[],
  resolve: (name: string) => string | undefined,
): ServerAddress | { readonly finding: BootFinding } {
  const network = node.ip === undefined ? undefined : snapshot.networkOf(node.ip)
  for (const column of role === 'boot' ? ['tftpserver', 'xcatmaster'] : ['xcatmaster']) {
    const name = node.attribute('noderes', column)?.trim() ?? ''
    if (name === '' || name === '<xcatmaster>') continue
    const ip = resolve(name)
    if (ip === undefined) {
      const message = `the address of ${column} ${name} is not known`
      return {
        finding: bootError(`${node.name}: noderes row`, message, `write an address, or set hosts.ip for ${name}`),
      }
    }
    return { ip, ours: ownAddresses.includes(ip), reason: `noderes.${column}` }
  }
  if (role === 'boot' && network?.tftpserver !== undefined) {
    const ip = network.tftpserver
    return { ip, ours: ownAddresses.includes(ip), reason: `networks row netname=${network.netname}: tftpserver` }
  }
  return ownAddressFor(node, network, snapshot, ownAddresses, resolve)
}

function ownAddressFor(
  node: ClusterNode,
  network: Network | undefined,
  snapshot: Snapshot,
  ownAddresses: readonly string[],
  resolve: (name: string) => string | undefined,
): ServerAddress | { readonly finding: BootFinding } {
  const near = ownAddresses.find((address) => !address.includes(':') && network?.contains(address as Ipv4))
  if (near !== undefined) return { ip: near, ours: true, reason: `our address in network ${network?.netname}` }
  const onWire = ownAddresses.find((address) => {
    const own = address.includes(':') ? undefined : snapshot.networkOf(address as Ipv4)
    return own && network && isSameWire(own, network)
  })
  if (onWire !== undefined) return { ip: onWire, ours: true, reason: `our address on the wire of ${network?.netname}` }
  const master = snapshot.site.master === undefined ? undefined : resolve(snapshot.site.master)
  if (master !== undefined && ownAddresses.includes(master)) return { ip: master, ours: true, reason: 'site.master' }
  const [only, ...others] = ownAddresses
  if (only !== undefined && others.length === 0) return { ip: only, ours: true, reason: 'our only address' }
  const message = `none of our addresses (${ownAddresses.join(', ') || 'none'}) is in the network of ${node.name}`
  return {
    finding: bootError(`${node.name}: noderes row`, message, `chdef ${node.name} xcatmaster=<address of this server>`),
  }
}
