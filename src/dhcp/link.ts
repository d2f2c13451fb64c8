/** On which network is the client, and which of our addresses faces it? Pure. */
import type { Ipv4, Network, NodePort, Snapshot } from '../cluster/model.ts'
import type { RelayAgentInformation } from './options.ts'
import type { DhcpPacket } from './packet.ts'

/** One address of one provisioning interface. */
export interface InterfaceAddress {
  readonly name: string
  readonly address: Ipv4
  readonly netmask: Ipv4
}

export interface Link {
  readonly network: Network
  /** Ours: server identifier and, unless the tables say otherwise, next server. */
  readonly serverAddress: Ipv4
  readonly why: string
}

export interface LinkQuestion {
  readonly packet: DhcpPacket
  readonly relay: RelayAgentInformation | undefined
  readonly port: NodePort | undefined
  readonly snapshot: Snapshot
  readonly interfaces: readonly InterfaceAddress[]
  /** Name of the receiving interface; undefined when the operating system does not say (several interfaces). */
  readonly receivedOn: string | undefined
}

export type LinkAnswer = Link | { readonly network: undefined; readonly why: string }

const NONE = '0.0.0.0'

export function selectLink(question: LinkQuestion): LinkAnswer {
  const { packet, relay, port, snapshot } = question
  // RFC 3527 §3: link selection names the subnet, giaddr only the way back.
  const relayed = relay?.linkSelection ?? (packet.giaddr === NONE ? undefined : (packet.giaddr as Ipv4))
  if (relayed && packet.giaddr !== NONE) {
    const why = relay?.linkSelection ? `link selection ${relayed}` : `giaddr ${relayed}`
    const network = snapshot.networkOf(relayed)
    if (!network) return { network: undefined, why: `${why} is in no networks row` }
    return { network, serverAddress: facingAddress(network, question), why }
  }
  if (packet.ciaddr !== NONE) {
    // A client that has an address may be anywhere: renewals are unicast and routed (RFC 2131 §4.3.2).
    const network = snapshot.networkOf(packet.ciaddr as Ipv4)
    if (network) return { network, serverAddress: facingAddress(network, question), why: `ciaddr ${packet.ciaddr}` }
  }
  return selectDirectLink(port, question)
}

/** Not relayed: the client is on the wire of the receiving interface. */
function selectDirectLink(port: NodePort | undefined, question: LinkQuestion): LinkAnswer {
  const { snapshot, interfaces, receivedOn } = question
  const links: Link[] = []
  for (const { name, address } of interfaces) {
    if (receivedOn !== undefined && name !== receivedOn) continue
    const network = snapshot.networkOf(address)
    if (network) links.push({ network, serverAddress: address, why: `interface ${name}` })
  }
  const ip = port?.ip
  const home = ip === undefined ? undefined : links.find(({ network }) => network.contains(ip))
  if (home) return home
  if (receivedOn === undefined) {
    const why = 'several interfaces, and the operating system does not say which one received this'
    return { network: undefined, why }
  }
  const link = links.find(({ network }) => network.dynamicRanges.length > 0) ?? links[0]
  return link ?? { network: undefined, why: `interface ${receivedOn} has no address inside a networks row` }
}

/** Our address in that network; else networks.dhcpserver or site.master if that is us; else the first of the interface. */
function facingAddress(network: Network, { interfaces, receivedOn, snapshot }: LinkQuestion): Ipv4 {
  const inside = interfaces.find(({ address }) => network.contains(address))
  const named = interfaces.find(({ address }) => address === network.dhcpserver || address === snapshot.site.master)
  const first = interfaces.find(({ name }) => name === receivedOn) ?? interfaces[0]
  // The server never runs without an interface; openDhcpServer refuses that.
  return (inside ?? named ?? first)!.address
}
