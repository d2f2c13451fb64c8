/** DHCPREQUEST: the four states of a client that wants an address, and who gets an ACK, a NAK or silence. Pure. */
import type { Ipv4 } from '../cluster/model.ts'
import { isOurs, leaseAction, rangeRow, staticAddress, whyNoDynamicAddress, wrongPlace } from './addresses.ts'
import { answer, nak, silence } from './answer.ts'
import type { DhcpDecision, LeaseAction, Place } from './decision.ts'
import { leaseSeconds, nodeLeaseSeconds } from './lease-time.ts'
import { OPTION, parseIpv4, parseText } from './options.ts'

const NONE = '0.0.0.0'

/** RFC 2131 §4.3.2: the client's state is told from server identifier, requested address and ciaddr. */
export function decideRequest(place: Place): DhcpDecision {
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
    if (ip === wish) return answer(place, 'ACK', ip, nodeLeaseSeconds(place))
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
