/**
 * Beside a site's own DHCP server, which gives the addresses: nodes that boot get an offer without an address (ProxyDHCP,
 * Preboot Execution Environment 2.1), and those that ask for it the boot file at port 4011; so do machines that are to be
 * discovered. Nobody else hears of us.
 */

import { whyNotBootPort } from '../boot/boot-port.ts'
import { discoveryNode } from '../boot/discovery.ts'
import type { Firmware } from '../boot/firmware.ts'
import type { ClusterNode, Ipv4, NodePort } from '../cluster/model.ts'
import { facts, sealed, silence } from './answer.ts'
import type { DhcpAnswer, DhcpDecision, DhcpSilence, Place, Reason } from './decision.ts'
import { OPTION, parseText } from './options.ts'
import { buildProxyReply } from './proxy-reply.ts'
import { firmwareOf, loaderOf, MESSAGE } from './reply.ts'

const NONE = '0.0.0.0'

export function decideProxy(place: Place): DhcpDecision {
  const { packet, context, request, port, link, reasons } = place
  const { netname } = link.network
  reasons.push({ text: `addresses of ${netname} come from another DHCP server`, row: 'site key=proxydhcp' })
  const firmware = firmwareOf(packet)
  const subject = port?.node ?? strangerOf(place, firmware)
  if (!subject) return quiet(place, { text: 'a stranger' })
  const isBootServer = context.onProxyPort === true
  if (request !== (isBootServer ? 'REQUEST' : 'DISCOVER'))
    return quiet(place, { text: `a ${request} is for that server` })
  if (isBootServer && packet.ciaddr === NONE)
    return silence(place, { text: 'no ciaddr: nowhere to answer to', clause: 'PXE 2.1' })

  const vendorClass = /^(PXEClient|HTTPClient)/.exec(parseText(packet.options.get(OPTION.vendorClass)) ?? '')?.[1]
  if (vendorClass === undefined) return withoutVendorClass(place, firmware.kind)
  const other = port && whyNoOffer(port)
  if (other) return quiet(place, other)
  if (!port) reasons.push({ text: 'a stranger to be discovered', row: 'site key=discovery' })

  const loader = loaderOf(firmware, subject, link, context.snapshot, context.httpPort)
  reasons.push(...loader.reasons)
  if (loader.file === undefined) return quiet(place, { text: 'nothing to boot' })
  // Without option 43 the client comes to port 4011 of the next server: that has to be us.
  const comesBack = !isBootServer && firmware.kind === 'uefi-pxe'
  const siaddr = comesBack ? link.serverAddress : (loader.siaddr ?? link.serverAddress)
  const reply = isBootServer ? 'ACK' : 'OFFER'
  const built = buildProxyReply(packet, {
    type: isBootServer ? MESSAGE.ACK : MESSAGE.OFFER,
    serverIdentifier: link.serverAddress,
    siaddr,
    vendorClass,
    loader,
  })
  return {
    ...facts(place, isBootServer ? (packet.ciaddr as Ipv4) : undefined, undefined, true),
    kind: 'answer',
    reply,
    ...toAsker(sealed(place, built, reply), isBootServer),
    from: link.serverAddress,
    bootFile: loader.file,
  }
}

/** Its reports are known by the neighbour they come from, and behind a relay that is the router. */
function strangerOf({ packet, context, link }: Place, firmware: Firmware): ClusterNode | undefined {
  return packet.giaddr === NONE ? discoveryNode(context.snapshot, link.network, firmware) : undefined
}

function whyNoOffer(port: NodePort): Reason | undefined {
  const { node } = port
  const own = node.attribute('noderes', 'proxydhcp')
  if (own !== undefined && /^(no?|0)$/i.test(own.trim()))
    return { text: 'no proxy answers', row: `noderes node=${node.name} proxydhcp=${own}` }
  return whyNotBootPort(port)
}

/** Port 4011 is answered where the request came from; firmware uses port 68 or 4011 for it. */
function toAsker(
  answer: ReturnType<typeof sealed>,
  isBootServer: boolean,
): Pick<DhcpAnswer, 'packet' | 'destination' | 'maximumBytes'> {
  if (!isBootServer) return answer
  const destination = { ...answer.destination, port: 'source', clause: 'PXE 2.1' } as const
  return { ...answer, destination }
}

/** What petitboot and Open Firmware are told has to come from the server that gives their address. */
function withoutVendorClass(place: Place, kind: string): DhcpSilence {
  const takesNoOffer = kind === 'petitboot' || kind === 'open-firmware'
  if (!takesNoOffer) return quiet(place, { text: 'no boot firmware' })
  const text = `${kind} takes boot files from the server of its address only: set them there (liteboot guide: networks)`
  return silence(place, { text, row: 'site key=proxydhcp' })
}

/** As it should be, for a node too. */
function quiet(place: Place, reason: Reason): DhcpSilence {
  return { ...silence(place, reason), ok: true }
}
