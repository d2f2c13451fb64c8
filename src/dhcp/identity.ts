/** Who is asking: a port of a known node, or a stranger with a name for its lease. */
import type { MacAddress, NodePort, Snapshot } from '../cluster/model.ts'
import { limits } from './limits.ts'
import { hex, OPTION } from './options.ts'
import type { DhcpPacket } from './packet.ts'

export interface Identity {
  readonly port: NodePort | undefined
  /** Key of a dynamic lease: the MAC when there is one (firmware, loader and OS then share it), else `id-<hex>`. */
  readonly client: string
  /** Hardware address, from chaddr or from the client identifier. */
  readonly mac: MacAddress | undefined
  readonly how: 'chaddr' | 'client identifier'
}

const ETHERNET = 1
const INFINIBAND = 32

/** undefined: the message names nobody (no hardware address and no client identifier). */
export function identifyClient(packet: DhcpPacket, snapshot: Snapshot): Identity | undefined {
  const chaddr = hardwareAddressOf(packet)
  if (chaddr) {
    const port = snapshot.portByMac(chaddr)
    if (port) return { port, client: chaddr, mac: chaddr, how: 'chaddr' }
  }
  // RFC 2132 §9.14, RFC 4390 §2.1: known by its client identifier when the hardware address is unknown or cannot fit.
  const id = packet.options.get(OPTION.clientIdentifier)
  if (id && id.length >= 2 && id.length <= limits.clientIdBytes) {
    const port = portByClientIdentifier(id, snapshot)
    if (port) return { port, client: port.mac, mac: port.mac, how: 'client identifier' }
    if (!chaddr) return { port: undefined, client: `id-${hex(id)}`, mac: undefined, how: 'client identifier' }
  }
  return chaddr ? { port: undefined, client: chaddr, mac: chaddr, how: 'chaddr' } : undefined
}

/** chaddr as text; undefined for hlen 0 (InfiniBand) and for an all-zero address. */
function hardwareAddressOf(packet: DhcpPacket): MacAddress | undefined {
  if (packet.hlen === 0) return undefined
  const bytes = packet.chaddr.subarray(0, packet.hlen)
  if (bytes.every((byte) => byte === 0)) return undefined
  return renderMac(bytes)
}

const PAIRS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

export function renderMac(bytes: Uint8Array): MacAddress {
  let text = PAIRS[bytes[0]!]!
  for (let at = 1; at < bytes.length; at += 1) text += `:${PAIRS[bytes[at]!]}`
  // Rendered from bytes: lower-case pairs by construction.
  return text as MacAddress
}

/**
 * The forms seen: `<hardware type><address>` (RFC 2132), `ff<IAID><DUID-LLT|DUID-LL>` (RFC 4361, RFC 8415 §11), and for
 * InfiniBand `ff…<8-byte port GUID>` (dhclient and iPXE on IPoIB), where the GUID ends the 20-byte hardware address.
 */
function portByClientIdentifier(id: Uint8Array, snapshot: Snapshot): NodePort | undefined {
  const type = id[0]!
  if ((type === ETHERNET && id.length === 7) || (type === INFINIBAND && id.length === 21))
    return snapshot.portByMac(renderMac(id.subarray(1)))
  if (type !== 255 || id.length < 9) return undefined
  const duidType = (id[5]! << 8) | id[6]!
  const address = duidType === 1 ? id.subarray(13) : duidType === 3 ? id.subarray(9) : undefined
  const port = address && address.length > 0 ? snapshot.portByMac(renderMac(address)) : undefined
  return port ?? portGuids(snapshot).get(hex(id.subarray(-8)))
}

const guidsOfSnapshot = new WeakMap<Snapshot, ReadonlyMap<string, NodePort>>()

/** InfiniBand ports by GUID, made when the first such client asks after a change of the tables. */
function portGuids(snapshot: Snapshot): ReadonlyMap<string, NodePort> {
  const known = guidsOfSnapshot.get(snapshot)
  if (known) return known
  const guids = new Map<string, NodePort>()
  for (const name of snapshot.nodeNames) {
    for (const port of snapshot.node(name)?.ports ?? []) {
      const digits = port.mac.replaceAll(':', '')
      if (digits.length === 40) guids.set(digits.slice(-16), port)
    }
  }
  guidsOfSnapshot.set(snapshot, guids)
  return guids
}
