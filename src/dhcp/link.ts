/** On which network is the client, and which of our addresses faces it? Pure. */
import type { Ipv4, Network, NodePort, Snapshot } from '../cluster/model.ts'
import { neighbourNetwork } from '../cluster/wires.ts'
import { OPTION, parseIpv4, type RelayAgentInformation } from './options.ts'
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
  /** Our address it was sent to, when that is known: relays and renewing clients send to one. */
  readonly receivedAt?: Ipv4 | undefined
}

export type LinkAnswer = Link | { readonly network: undefined; readonly why: string }

const NONE = '0.0.0.0'

export function selectLink(question: LinkQuestion): LinkAnswer {
  const { packet, port, snapshot } = question
  // RFC 3527 §3, RFC 3011 §2: the relay's word, then the client's, name the subnet; giaddr is then only the way back.
  const named = namedSubnet(question)
  if (named) {
    const network = snapshot.networkOf(named.address)
    if (!network) return { network: undefined, why: `${named.why} is in no networks row` }
    return onItsOwn({ network, serverAddress: facingAddress(network, question), why: named.why }, question)
  }
  if (packet.ciaddr !== NONE) {
    // A client that has an address may be anywhere: renewals are unicast and routed (RFC 2131 §4.3.2).
    const network = snapshot.networkOf(packet.ciaddr as Ipv4)
    if (network) return { network, serverAddress: facingAddress(network, question), why: `ciaddr ${packet.ciaddr}` }
  }
  return selectDirectLink(port, question)
}

/** A router relays with its first address, also for nodes of its others on that wire. */
function onItsOwn(link: Link, { snapshot, port }: LinkQuestion): Link {
  const own = neighbourNetwork(snapshot, link.network, port?.ip)
  return own ? { ...link, network: own, why: `${link.why}, the same wire as ${own.netname}` } : link
}

function namedSubnet({ packet, relay }: LinkQuestion): { readonly address: Ipv4; readonly why: string } | undefined {
  const isRelayed = packet.giaddr !== NONE
  const byRelay = isRelayed ? relay?.linkSelection : undefined
  if (byRelay) return { address: byRelay, why: `link selection ${byRelay}` }
  const byClient = parseIpv4(packet.options.get(OPTION.subnetSelection))
  if (byClient) return { address: byClient, why: `subnet selection ${byClient}` }
  return isRelayed ? { address: packet.giaddr as Ipv4, why: `giaddr ${packet.giaddr}` } : undefined
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
  const beside = links.map((link) => onItsOwn(link, question)).find(({ network }) => ip && network.contains(ip))
  if (beside) return beside
  if (receivedOn === undefined) {
    const why = 'several interfaces, and the operating system does not say which one received this'
    return { network: undefined, why }
  }
  const link = links.find(({ network }) => network.dynamicRanges.length > 0) ?? links[0]
  return link ?? { network: undefined, why: `interface ${receivedOn} has no address inside a networks row` }
}

/**
 * Our address in that network; else the one it was sent to, which the client's side can reach; else networks.dhcpserver or
 * site.master if that is us; else the first of the interface.
 */
function facingAddress(network: Network, { interfaces, receivedOn, receivedAt, snapshot }: LinkQuestion): Ipv4 {
  const inside = interfaces.find(({ address }) => network.contains(address))
  const meant = interfaces.find(({ address }) => address === receivedAt)
  const named = interfaces.find(({ address }) => address === network.dhcpserver || address === snapshot.site.master)
  const first = interfaces.find(({ name }) => name === receivedOn) ?? interfaces[0]
  // The server never runs without an interface; openDhcpServer refuses that.
  return (inside ?? meant ?? named ?? first)!.address
}
