/** Which address may a client have where it asks: a node its own, a stranger one of a range, or none, and why. Pure. */
import type { Ipv4 } from '../cluster/model.ts'
import { silence } from './answer.ts'
import type { Case, DhcpSilence, LeaseAction, Place, Reason } from './decision.ts'
import type { Link } from './link.ts'

const NONE = '0.0.0.0'

/** The node's address if it is of this link. */
export function staticAddress({ link, port }: Place): Ipv4 | undefined {
  return port?.ip !== undefined && link.network.contains(port.ip) ? port.ip : undefined
}

export function wrongPlace(place: Place): DhcpSilence {
  const { port, link } = place
  const name = port?.node.name
  if (port?.ip === undefined)
    return silence(place, {
      text: 'this port has no address: set hosts.ip, or *NOIP* in mac',
      row: `hosts node=${name}`,
    })
  const text = `its address ${port.ip} is not of network ${link.network.netname} (${link.network.net}), where it asks`
  return silence(place, { text, row: `hosts node=${name} ip=${port.ip}` })
}

export function whyNoDynamicAddress({ context, link, packet }: Place): Reason | undefined {
  const { network } = link
  if (network.dynamicRanges.length === 0)
    return {
      text: 'a stranger, and the network has no dynamic range',
      row: `networks netname=${network.netname} dynamicrange`,
    }
  const { dhcpserver } = network
  if (dhcpserver && !context.interfaces.some(({ address }) => address === dhcpserver))
    return { text: `the range belongs to server ${dhcpserver}`, row: `networks netname=${network.netname} dhcpserver` }
  if (context.receivedOn === undefined && packet.giaddr === NONE && packet.ciaddr === NONE)
    return { text: 'dynamic addresses refused: the receiving interface cannot be told' }
  return undefined
}

/** Any of our addresses, or the relay's when it stands in for us (RFC 5107). */
export function isOurs(serverIdentifier: Ipv4, { context, relay }: Case): boolean {
  return (
    context.interfaces.some(({ address }) => address === serverIdentifier) ||
    relay?.serverIdentifierOverride === serverIdentifier
  )
}

export function leaseAction(place: Place, ip: Ipv4, kind: 'release' | 'decline' | 'withdraw'): LeaseAction {
  return { link: place.link, client: place.identity.client, ip, kind }
}

export function rangeRow({ network }: Link): string {
  return `networks netname=${network.netname} dynamicrange`
}
