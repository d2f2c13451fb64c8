/**
 * One request → one answer or silence, and why. Pure: tables come as a snapshot, leases as a read-only view, the time as a
 * number; what is to change (an offer, a lease) is part of the decision and is carried out by the service.
 */
import { discoveryNode } from '../boot/discovery.ts'
import type { Ipv4, NodePort, Snapshot } from '../cluster/model.ts'
import { type Destination, decideDestination } from './destination.ts'
import { type Identity, identifyClient } from './identity.ts'
import type { LeaseView } from './leases.ts'
import { limits } from './limits.ts'
import { type InterfaceAddress, type Link, selectLink } from './link.ts'
import {
  OPTION,
  parseIpv4,
  parseRelayAgentInformation,
  parseText,
  parseUint32,
  type RelayAgentInformation,
} from './options.ts'
import { BROADCAST_FLAG, type DhcpPacket, messageTypeOf } from './packet.ts'
import { buildNak, buildReply, firmwareOf, loaderOf, MESSAGE, maximumReplyBytes, type ReplyContent } from './reply.ts'

export interface DhcpContext {
  readonly snapshot: Snapshot
  /** Addresses of all provisioning interfaces; at least one. */
  readonly interfaces: readonly InterfaceAddress[]
  /** Receiving interface; undefined when it cannot be told. */
  readonly receivedOn: string | undefined
  readonly leases: LeaseView
  readonly nowMs: number
  /** Port in boot file URLs. */
  readonly httpPort: number
}

export interface Reason {
  readonly text: string
  /** `table key=value column`, when a row led there. */
  readonly row?: string
  /** The clause of an RFC, when one did. */
  readonly clause?: string
}

export type RequestName = 'DISCOVER' | 'REQUEST' | 'DECLINE' | 'RELEASE' | 'INFORM' | 'BOOTP' | 'UNKNOWN'
export type ReplyName = 'OFFER' | 'ACK' | 'NAK' | 'INFORM-ACK' | 'BOOTREPLY'

/** What the service must do to the leases before the reply leaves. */
export type LeaseAction = {
  readonly link: Link
  readonly client: string
  readonly ip: Ipv4
} & (
  | { readonly kind: 'offer' }
  | { readonly kind: 'bind'; readonly leaseSeconds: number; readonly hostname: string }
  | { readonly kind: 'release' }
  | { readonly kind: 'decline' }
  | { readonly kind: 'withdraw' }
)

interface Facts {
  readonly request: RequestName
  readonly reasons: readonly Reason[]
  readonly node: string | undefined
  readonly mac: string | undefined
  readonly ip: Ipv4 | undefined
  readonly lease: LeaseAction | undefined
  /** Nobody in the tables: its events are sampled. */
  readonly stranger: boolean
  /** false: this is not as it should be (an address conflict, a node that gets no answer). */
  readonly ok: boolean
}

export interface DhcpAnswer extends Facts {
  readonly kind: 'answer'
  readonly reply: ReplyName
  readonly packet: DhcpPacket
  readonly maximumBytes: number
  readonly destination: Destination
  /** Our address it leaves from. */
  readonly from: Ipv4
  readonly bootFile: string | undefined
}

export interface DhcpSilence extends Facts {
  readonly kind: 'silence'
}

export type DhcpDecision = DhcpAnswer | DhcpSilence

const NONE = '0.0.0.0'
const REQUESTS: Readonly<Record<number, RequestName>> = {
  [MESSAGE.DISCOVER]: 'DISCOVER',
  [MESSAGE.REQUEST]: 'REQUEST',
  [MESSAGE.DECLINE]: 'DECLINE',
  [MESSAGE.RELEASE]: 'RELEASE',
  [MESSAGE.INFORM]: 'INFORM',
}

/** Everything the deciders below share about one request. */
interface Case {
  readonly packet: DhcpPacket
  readonly context: DhcpContext
  readonly request: RequestName
  readonly relay: RelayAgentInformation | undefined
  readonly identity: Identity
  readonly reasons: Reason[]
}

/** A known port's address, or the lease of a stranger, on a link. */
interface Place extends Case {
  readonly link: Link
  readonly port: NodePort | undefined
}

export function decideDhcp(packet: DhcpPacket, context: DhcpContext): DhcpDecision {
  const type = messageTypeOf(packet)
  const request = type === undefined ? 'BOOTP' : (REQUESTS[type] ?? 'UNKNOWN')
  const identity = identifyClient(packet, context.snapshot)
  const reasons: Reason[] = []
  if (packet.op !== 1) return mute(request, identity, 'not a request', 'RFC 2131 §2')
  if (request === 'UNKNOWN') return mute(request, identity, `message type ${type} is not for servers`, 'RFC 2132 §9.6')
  if (!identity) return mute(request, identity, 'neither hardware address nor client identifier', 'RFC 2131 §2')
  const relay = parseRelayAgentInformation(packet.options.get(OPTION.relayAgent))
  const found: Case = { packet, context, request, relay, identity, reasons }

  const { port } = identity
  if (port) {
    reasons.push({ text: `${port.node.name} by ${identity.how}`, row: `mac node=${port.node.name} ${port.mac}` })
    if (port.refused)
      return silence(found, { text: 'this port is refused (*NOIP*)', row: `mac node=${port.node.name}` })
  }
  const link = selectLink({ ...context, packet, relay, port })
  reasons.push({ text: link.why })
  if (!link.network) return silence(found, { text: port ? 'no network for it' : 'dynamic addresses refused' })
  const place: Place = { ...found, link, port }
  switch (request) {
    case 'DISCOVER':
      return decideDiscover(place)
    case 'REQUEST':
      return decideRequest(place)
    case 'DECLINE':
      return decideDecline(place)
    case 'RELEASE':
      return decideRelease(place)
    case 'INFORM':
      return decideInform(place)
    case 'BOOTP':
      return decideBootp(place)
  }
}

function decideDiscover(place: Place): DhcpDecision {
  const { packet, context, identity, link, port } = place
  if (port) {
    const ip = staticAddress(place)
    return ip ? answer(place, 'OFFER', ip, context.snapshot.site.leaseSeconds) : wrongPlace(place)
  }
  const refusal = whyNoDynamicAddress(place)
  if (refusal) return silence(place, refusal)
  const requested = parseIpv4(packet.options.get(OPTION.requestedAddress))
  const ip = context.leases.choose(link.network, identity.client, requested, context.nowMs)
  if (!ip) return { ...silence(place, { text: 'no free address', row: rangeRow(link) }), ok: false }
  place.reasons.push({ text: `dynamic address ${ip}`, row: rangeRow(link) })
  return answer(place, 'OFFER', ip, leaseSeconds(place), { link, client: identity.client, ip, kind: 'offer' })
}

/** RFC 2131 §4.3.2: the client's state is told from server identifier, requested address and ciaddr. */
function decideRequest(place: Place): DhcpDecision {
  const { packet, reasons } = place
  const { options, ciaddr } = packet
  const serverIdentifier = parseIpv4(options.get(OPTION.serverIdentifier))
  const requested = parseIpv4(options.get(OPTION.requestedAddress))
  if (options.has(OPTION.serverIdentifier) && !serverIdentifier) return silence(place, { text: 'malformed option 54' })
  if (options.has(OPTION.requestedAddress) && !requested) return silence(place, { text: 'malformed option 50' })

  if (serverIdentifier && !isOurs(serverIdentifier, place)) {
    const text = `the client chose server ${serverIdentifier}`
    const lease = place.port ? undefined : leaseAction(place, NONE as Ipv4, 'withdraw')
    return { ...silence(place, { text, clause: 'RFC 2131 §4.3.2 SELECTING' }), lease, ok: true }
  }
  // Some clients repeat the server identifier when they renew; ciaddr without a requested address tells.
  if (serverIdentifier && requested) {
    reasons.push({ text: 'selecting', clause: 'RFC 2131 §4.3.2 SELECTING' })
    return decideWish(place, requested, 'selecting')
  }
  if (ciaddr !== NONE) {
    reasons.push({ text: 'renewing or rebinding', clause: 'RFC 2131 §4.3.2 RENEWING' })
    return decideWish(place, ciaddr as Ipv4, 'renewing')
  }
  if (requested) {
    reasons.push({ text: 'rebooting with a remembered address', clause: 'RFC 2131 §4.3.2 INIT-REBOOT' })
    return decideWish(place, requested, 'init-reboot')
  }
  return silence(place, { text: 'neither requested address nor ciaddr', clause: 'RFC 2131 §4.3.2' })
}

function decideWish(place: Place, wish: Ipv4, state: 'selecting' | 'renewing' | 'init-reboot'): DhcpDecision {
  const { context, identity, link, port } = place
  if (port) {
    if (port.ip === undefined) return wrongPlace(place)
    const ip = staticAddress(place)
    if (ip === wish) return answer(place, 'ACK', ip, context.snapshot.site.leaseSeconds)
    const text = ip ? `its address is ${ip}, not ${wish}` : `its address ${port.ip} is not of this network`
    return nak(place, { text, row: `hosts node=${port.node.name} ip=${port.ip}` })
  }

  const refusal = whyNoDynamicAddress(place)
  if (refusal) {
    // We never offered it anything, or the range is gone: only a client that names us is told.
    return state === 'selecting' ? nak(place, refusal) : silence(place, refusal)
  }
  if (state === 'init-reboot' && !link.network.contains(wish))
    return nak(place, { text: `${wish} is not of this network`, clause: 'RFC 2131 §4.3.2 INIT-REBOOT' })
  const standing = context.leases.standing(link.network, identity.client, wish, context.nowMs)
  switch (standing) {
    case 'held':
      break
    case 'free':
      // RFC 2131 §4.3.2: no record of this client → silent; a client that named us, or renews an address that is
      // provably free in our own range (a lost journal), is served.
      if (state === 'init-reboot')
        return silence(place, { text: 'no record of this client', clause: 'RFC 2131 §4.3.2 INIT-REBOOT' })
      break
    case 'taken':
      return nak(place, { text: `${wish} is not free for it`, row: rangeRow(link) })
    case 'outside':
      // Another server's address, perhaps: only a client that names us is told.
      if (state !== 'selecting') return silence(place, { text: `${wish} is in no range of ours`, row: rangeRow(link) })
      return nak(place, { text: `${wish} is in no range of ours`, row: rangeRow(link) })
  }
  const seconds = leaseSeconds(place)
  const hostname = (parseText(place.packet.options.get(OPTION.hostName)) ?? '').replaceAll(/[^A-Za-z0-9._-]/g, '')
  const lease: LeaseAction = { link, client: identity.client, ip: wish, kind: 'bind', leaseSeconds: seconds, hostname }
  place.reasons.push({ text: `dynamic address ${wish}`, row: rangeRow(link) })
  return answer(place, 'ACK', wish, seconds, lease)
}

function decideDecline(place: Place): DhcpDecision {
  const ip = parseIpv4(place.packet.options.get(OPTION.requestedAddress))
  const server = parseIpv4(place.packet.options.get(OPTION.serverIdentifier))
  if (!ip || (server && !isOurs(server, place)))
    return silence(place, { text: 'not for us', clause: 'RFC 2131 §4.3.3' })
  const text = `somebody else on the network uses ${ip}: find that machine, or change the address`
  const lease = place.port ? undefined : leaseAction(place, ip, 'decline')
  const row = place.port ? `hosts node=${place.port.node.name} ip=${ip}` : rangeRow(place.link)
  return { ...silence(place, { text, row, clause: 'RFC 2131 §4.3.3' }), lease, ip, ok: false }
}

function decideRelease(place: Place): DhcpDecision {
  const ip = place.packet.ciaddr as Ipv4
  const server = parseIpv4(place.packet.options.get(OPTION.serverIdentifier))
  if (server && !isOurs(server, place)) return silence(place, { text: 'not for us', clause: 'RFC 2131 §4.3.4' })
  const lease = place.port ? undefined : leaseAction(place, ip, 'release')
  return { ...silence(place, { text: 'released', clause: 'RFC 2131 §4.3.4' }), lease, ip, ok: true }
}

/** RFC 2131 §4.3.5: parameters only; no address, no lease time, no look at the leases. */
function decideInform(place: Place): DhcpDecision {
  if (place.packet.ciaddr === NONE) return silence(place, { text: 'no ciaddr', clause: 'RFC 2131 §4.3.5' })
  if (!place.port) {
    const refusal = whyNoDynamicAddress(place)
    if (refusal) return silence(place, refusal)
  }
  return answer(place, 'INFORM-ACK', undefined, undefined)
}

/** RFC 951, RFC 1534: only machines of the tables; a BOOTP address would be for ever. */
function decideBootp(place: Place): DhcpDecision {
  if (!place.port) return silence(place, { text: 'BOOTP from a stranger', clause: 'RFC 1534 §2' })
  const ip = staticAddress(place)
  return ip ? answer(place, 'BOOTREPLY', ip, undefined) : wrongPlace(place)
}

/** The node's address if it is of this link. */
function staticAddress({ link, port }: Place): Ipv4 | undefined {
  return port?.ip !== undefined && link.network.contains(port.ip) ? port.ip : undefined
}

function wrongPlace(place: Place): DhcpSilence {
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

function whyNoDynamicAddress({ context, link, packet }: Place): Reason | undefined {
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

/** site.dhcplease, or less if the client asks for less (RFC 2131 §4.3.1). */
function leaseSeconds({ context, packet }: Place): number {
  const configured = context.snapshot.site.leaseSeconds
  const asked = parseUint32(packet.options.get(OPTION.leaseTime))
  if (asked === undefined) return configured
  return Math.min(configured, Math.max(asked, limits.minimumLeaseSeconds))
}

/** Any of our addresses, or the relay's when it stands in for us (RFC 5107). */
function isOurs(serverIdentifier: Ipv4, { context, relay }: Case): boolean {
  return (
    context.interfaces.some(({ address }) => address === serverIdentifier) ||
    relay?.serverIdentifierOverride === serverIdentifier
  )
}

function leaseAction(place: Place, ip: Ipv4, kind: 'release' | 'decline' | 'withdraw'): LeaseAction {
  return { link: place.link, client: place.identity.client, ip, kind }
}

function rangeRow({ network }: Link): string {
  return `networks netname=${network.netname} dynamicrange`
}

function answer(
  place: Place,
  reply: Exclude<ReplyName, 'NAK'>,
  ip: Ipv4 | undefined,
  seconds: number | undefined,
  lease?: LeaseAction,
): DhcpAnswer {
  const { packet, context, link, port, relay, reasons } = place
  const firmware = firmwareOf(packet)
  const stranger = port ? undefined : discoveryNode(context.snapshot, link.network, firmware)
  if (stranger) reasons.push({ text: 'a stranger to be discovered', row: 'site key=discovery' })
  const subject = port?.node ?? stranger
  const loader = subject && loaderOf(firmware, subject, link, context.snapshot, context.httpPort)
  if (loader) reasons.push(...loader.reasons)
  const content: ReplyContent = {
    type: reply === 'BOOTREPLY' ? reply : reply === 'OFFER' ? MESSAGE.OFFER : MESSAGE.ACK,
    yiaddr: ip,
    leaseSeconds: seconds,
    serverIdentifier: relay?.serverIdentifierOverride ?? link.serverAddress,
    link,
    snapshot: context.snapshot,
    hostname: port?.node.name,
    loader,
  }
  return {
    ...facts(place, ip ?? (packet.ciaddr as Ipv4), lease, true),
    kind: 'answer',
    reply,
    ...sealed(place, buildReply(packet, content), reply),
    from: link.serverAddress,
    bootFile: loader?.configurationFile ?? loader?.file,
  }
}

function nak(place: Place, reason: Reason): DhcpAnswer {
  const { packet, link, relay, reasons } = place
  reasons.push(reason)
  const server = relay?.serverIdentifierOverride ?? link.serverAddress
  return {
    ...facts(place, undefined, undefined, false),
    kind: 'answer',
    reply: 'NAK',
    ...sealed(place, buildNak(packet, server, reason.text, packet.flags), 'NAK'),
    from: link.serverAddress,
    bootFile: undefined,
  }
}

/** Destination, size, and the broadcast bit where the destination rule asks for it. */
function sealed(
  { packet: request, relay }: Case,
  packet: DhcpPacket,
  reply: ReplyName,
): Pick<DhcpAnswer, 'packet' | 'destination' | 'maximumBytes'> {
  const destination = decideDestination({
    giaddr: request.giaddr,
    ciaddr: request.ciaddr,
    flags: request.flags,
    htype: request.htype,
    reply,
    relaySourcePort: relay?.sourcePort ?? false,
  })
  const maximumBytes = maximumReplyBytes(request, reply === 'BOOTREPLY')
  if (!destination.setBroadcastFlag) return { packet, destination, maximumBytes }
  return { packet: { ...packet, flags: packet.flags | BROADCAST_FLAG }, destination, maximumBytes }
}

function facts(found: Case, ip: Ipv4 | undefined, lease: LeaseAction | undefined, ok: boolean): Facts {
  const { request, reasons, identity } = found
  const { port, mac } = identity
  return { request, reasons, node: port?.node.name, mac, ip, lease, stranger: port === undefined, ok }
}

/** A stranger without an answer is as it should be; a node without one is not. */
function silence(found: Case, reason: Reason): DhcpSilence {
  found.reasons.push(reason)
  return { ...facts(found, undefined, undefined, found.identity.port === undefined), kind: 'silence' }
}

function mute(request: RequestName, identity: Identity | undefined, text: string, clause: string): DhcpSilence {
  return {
    kind: 'silence',
    request,
    reasons: [{ text, clause }],
    node: identity?.port?.node.name,
    mac: identity?.mac,
    ip: undefined,
    lease: undefined,
    stranger: identity?.port === undefined,
    ok: true,
  }
}
