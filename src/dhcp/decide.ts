/**
 * One request → one answer or silence, and why. Pure: tables come as a snapshot, leases as a read-only view, the time as a
 * number; what is to change (an offer, a lease) is part of the decision and is carried out by the service.
 */
import type { Ipv4 } from '../cluster/model.ts'
import { isProxied } from '../cluster/proxy-networks.ts'
import { isOurs, leaseAction, rangeRow, staticAddress, whyNoDynamicAddress, wrongPlace } from './addresses.ts'
import { answer, mute, silence } from './answer.ts'
import { decideRequest } from './decide-request.ts'
import type { Case, DhcpContext, DhcpDecision, Place, Reason, RequestName } from './decision.ts'
import { identifyClient } from './identity.ts'
import { leaseSeconds, nodeLeaseSeconds } from './lease-time.ts'
import { selectLink } from './link.ts'
import { OPTION, parseIpv4, parseRelayAgentInformation } from './options.ts'
import { type DhcpPacket, messageTypeOf } from './packet.ts'
import { decideProxy } from './proxy.ts'
import { MESSAGE } from './reply.ts'

const NONE = '0.0.0.0'
const REQUESTS: Readonly<Record<number, RequestName>> = {
  [MESSAGE.DISCOVER]: 'DISCOVER',
  [MESSAGE.REQUEST]: 'REQUEST',
  [MESSAGE.DECLINE]: 'DECLINE',
  [MESSAGE.RELEASE]: 'RELEASE',
  [MESSAGE.INFORM]: 'INFORM',
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
  if (isProxied(context.snapshot, link.network)) return decideProxy(place)
  if (context.onProxyPort) return silence(place, { text: 'port 4011, and this is no network of site.proxydhcp' })
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
    return ip ? answer(place, 'OFFER', ip, nodeLeaseSeconds(place)) : wrongPlace(place)
  }
  const refusal = whyNoDynamicAddress(place)
  if (refusal) return silence(place, refusal)
  const requested = parseIpv4(packet.options.get(OPTION.requestedAddress))
  const ip = context.leases.choose(link.network, identity.client, requested, context.nowMs)
  if (!ip) return { ...silence(place, { text: 'no free address', row: rangeRow(link) }), ok: false }
  place.reasons.push({ text: `dynamic address ${ip}`, row: rangeRow(link) })
  return answer(place, 'OFFER', ip, leaseSeconds(place), { link, client: identity.client, ip, kind: 'offer' })
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
