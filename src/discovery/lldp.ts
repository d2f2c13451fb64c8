/** LLDP frames (IEEE 802.1AB): which switch and which of its ports are at the other end of the cable. Pure. */

export interface LldpNeighbour {
  /** System name, else the chassis id. */
  readonly switchName: string
  /** The port's own name, else its description or hardware address. */
  readonly port: string
  readonly portDescription: string
  readonly description: string
  /** Management address, IPv4; '' when there is none. */
  readonly address: string
}

const ETHERTYPE = 0x88cc
const VLAN_TAGS = [0x8100, 0x88a8]
const TLV = { end: 0, chassis: 1, port: 2, portDescription: 4, systemName: 5, systemDescription: 6, management: 8 }
/** Subtypes of chassis and port ids that are text. Chassis: component, alias, port, name, local. Port: alias, component, name, circuit, local. */
const CHASSIS_TEXT = [1, 2, 3, 6, 7]
const PORT_TEXT = [1, 2, 5, 6, 7]

/** @param frame as it came over the wire, beginning with the destination address */
export function parseLldp(frame: Buffer): LldpNeighbour | { readonly fault: string } {
  let at = 12
  while (at + 2 <= frame.length && VLAN_TAGS.includes(frame.readUInt16BE(at))) at += 4
  if (at + 2 > frame.length || frame.readUInt16BE(at) !== ETHERTYPE) return { fault: 'not a frame of LLDP' }
  at += 2
  const found = new Map<number, Buffer>()
  while (at + 2 <= frame.length) {
    const head = frame.readUInt16BE(at)
    const type = head >> 9
    const end = at + 2 + (head & 0x1ff)
    if (type === TLV.end) break
    if (end > frame.length) return { fault: `item ${type} is cut at byte ${at}` }
    // Only the first of each counts; there may be many management addresses.
    const value = frame.subarray(at + 2, end)
    if (!found.has(type) || (type === TLV.management && managementAddress(found.get(type)) === ''))
      found.set(type, value)
    at = end
  }
  const chassis = found.get(TLV.chassis)
  const port = found.get(TLV.port)
  if (!chassis || !port) return { fault: 'no chassis or no port' }
  const portDescription = text(found.get(TLV.portDescription))
  const name = text(found.get(TLV.systemName)) || identifier(chassis, CHASSIS_TEXT, 4)
  return {
    switchName: name,
    port: identifier(port, PORT_TEXT, 3) || portDescription,
    portDescription,
    description: text(found.get(TLV.systemDescription)),
    address: managementAddress(found.get(TLV.management)),
  }
}

/** @param hardware the subtype that is a hardware address */
function identifier(value: Buffer, texts: readonly number[], hardware: number): string {
  const [subtype = 0] = value
  const rest = value.subarray(1)
  if (texts.includes(subtype)) return text(rest)
  if (subtype === hardware) return rest.toString('hex').replace(/(..)(?!$)/g, '$1:')
  // A network address: the family, then the bytes; 1 is IPv4.
  if (rest[0] === 1 && rest.length === 5) return rest.subarray(1).join('.')
  return rest.toString('hex')
}

function managementAddress(value: Buffer | undefined): string {
  return value && value[0] === 5 && value[1] === 1 && value.length >= 6 ? value.subarray(2, 6).join('.') : ''
}

function text(value: Buffer | undefined): string {
  return (value?.toString('utf8') ?? '').replace(/[\p{Cc}\ufffd]/gu, ' ').trim()
}
