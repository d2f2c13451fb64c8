/** Decisions put together: an answer with its packet and its way back, a NAK, or silence and why. Pure. */
import { whyNotBootPort } from '../boot/boot-port.ts'
import { discoveryNode } from '../boot/discovery.ts'
import type { Ipv4 } from '../cluster/model.ts'
import type {
  Case,
  DhcpAnswer,
  DhcpSilence,
  Facts,
  LeaseAction,
  Place,
  Reason,
  ReplyName,
  RequestName,
} from './decision.ts'
import { decideDestination } from './destination.ts'
import type { Identity } from './identity.ts'
import { BROADCAST_FLAG, type DhcpPacket } from './packet.ts'
import { buildNak, buildReply, firmwareOf, loaderOf, MESSAGE, maximumReplyBytes, type ReplyContent } from './reply.ts'

export function answer(
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
  const other = port && whyNotBootPort(port)
  if (other) reasons.push(other)
  const subject = other ? undefined : (port?.node ?? stranger)
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

export function nak(place: Place, reason: Reason): DhcpAnswer {
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
export function sealed(
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

export function facts(found: Case, ip: Ipv4 | undefined, lease: LeaseAction | undefined, ok: boolean): Facts {
  const { request, reasons, identity } = found
  const { port, mac } = identity
  return { request, reasons, node: port?.node.name, mac, ip, lease, stranger: port === undefined, ok }
}

/** A stranger without an answer is as it should be; a node without one is not. */
export function silence(found: Case, reason: Reason): DhcpSilence {
  found.reasons.push(reason)
  return { ...facts(found, undefined, undefined, found.identity.port === undefined), kind: 'silence' }
}

export function mute(request: RequestName, identity: Identity | undefined, text: string, clause: string): DhcpSilence {
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
