/**
 * The DHCP room answers DHCPv4 and BOOTP for the cluster: bytes → request → decision → bytes.
 *
 * This file is bytes ↔ typed message (RFC 951, 2131, 2132, 3046, 3396) and nothing else: it knows no node, no network,
 * no lease and no socket, and imports nothing. Nothing here throws on what the network sends.
 */

/** BOOTP header and merged options of one datagram. Addresses are dotted quads; `0.0.0.0` means "none". */
export interface DhcpPacket {
  readonly op: 1 | 2
  readonly htype: number
  readonly hlen: number
  readonly hops: number
  readonly xid: number
  readonly secs: number
  readonly flags: number
  readonly ciaddr: string
  readonly yiaddr: string
  readonly siaddr: string
  readonly giaddr: string
  /** All 16 bytes of the field; the first `hlen` are the hardware address. */
  readonly chaddr: Uint8Array
  /** Text up to the first NUL, one character a byte; '' when empty or used for options (option 52). */
  readonly sname: string
  readonly file: string
  /** Options by code, joined as in RFC 3396; without PAD, END and 52. Order of first appearance. */
  readonly options: ReadonlyMap<number, Uint8Array>
  /** false: a BOOTP message without the magic cookie of RFC 1497 (then `options` is empty). */
  readonly cookie: boolean
}

export type PacketFaultCode =
  | 'truncated'
  | 'bad-op'
  | 'bad-hlen'
  | 'bad-cookie'
  | 'option-truncated'
  | 'bad-overload'
  | 'bad-message-type'

export interface PacketFault {
  readonly fault: PacketFaultCode
  /** Byte of the datagram where the fault was seen. */
  readonly offset: number
}

const HEADER_BYTES = 236
const OPTIONS_OFFSET = 240
const SNAME_OFFSET = 44
const SNAME_BYTES = 64
const FILE_OFFSET = 108
const FILE_BYTES = 128
const PAD = 0
const OVERLOAD = 52
const MESSAGE_TYPE = 53
const RELAY_AGENT = 82
const END = 255

/** RFC 2131 §2, flags field: the only defined bit. */
export const BROADCAST_FLAG = 0x8000
/** RFC 951 §3: the fixed BOOTP size; relays and old clients drop anything shorter. */
export const MINIMUM_REPLY_BYTES = 300

/** Parses one datagram. Linear in its length, never throws. */
export function parsePacket(bytes: Uint8Array): DhcpPacket | PacketFault {
  if (bytes.length < HEADER_BYTES) return { fault: 'truncated', offset: bytes.length }
  const op = bytes[0]
  if (op !== 1 && op !== 2) return { fault: 'bad-op', offset: 0 }
  if (bytes[2]! > 16) return { fault: 'bad-hlen', offset: 2 }

  const merged = new Map<number, Uint8Array>()
  const cookie = bytes.length >= OPTIONS_OFFSET ? uint32At(bytes, HEADER_BYTES) : 0
  let overload = 0
  if (cookie === 0x63825363) {
    const fault = parseOptionArea(bytes, OPTIONS_OFFSET, bytes.length, merged)
    if (fault) return fault
    const option = merged.get(OVERLOAD)
    if (option) {
      if (option.length !== 1 || option[0]! < 1 || option[0]! > 3)
        return { fault: 'bad-overload', offset: option.byteOffset - bytes.byteOffset }
      overload = option[0]!
      merged.delete(OVERLOAD)
      // RFC 3396 §5: the aggregate buffer is the options field, then file, then sname.
      const overloadFault =
        (overload & 1 ? parseOptionArea(bytes, FILE_OFFSET, FILE_OFFSET + FILE_BYTES, merged) : undefined) ??
        (overload & 2 ? parseOptionArea(bytes, SNAME_OFFSET, SNAME_OFFSET + SNAME_BYTES, merged) : undefined)
      if (overloadFault) return overloadFault
      merged.delete(OVERLOAD)
    }
    const type = merged.get(MESSAGE_TYPE)
    if (type && type.length !== 1) return { fault: 'bad-message-type', offset: OPTIONS_OFFSET }
  } else if (cookie !== 0) {
    return { fault: 'bad-cookie', offset: HEADER_BYTES }
  }

  return {
    op,
    htype: bytes[1]!,
    hlen: bytes[2]!,
    hops: bytes[3]!,
    xid: uint32At(bytes, 4),
    secs: (bytes[8]! << 8) | bytes[9]!,
    flags: (bytes[10]! << 8) | bytes[11]!,
    ciaddr: addressAt(bytes, 12),
    yiaddr: addressAt(bytes, 16),
    siaddr: addressAt(bytes, 20),
    giaddr: addressAt(bytes, 24),
    chaddr: bytes.subarray(28, 44),
    sname: overload & 2 ? '' : textAt(bytes, SNAME_OFFSET, SNAME_BYTES),
    file: overload & 1 ? '' : textAt(bytes, FILE_OFFSET, FILE_BYTES),
    options: merged,
    cookie: cookie !== 0,
  }
}

/** RFC 2132 §9.6: message type, undefined for BOOTP. */
export function messageTypeOf(packet: DhcpPacket): number | undefined {
  return packet.options.get(MESSAGE_TYPE)?.[0]
}

/** A missing END is tolerated (the area simply ends), an option that runs past the area is not. */
function parseOptionArea(
  bytes: Uint8Array,
  start: number,
  end: number,
  merged: Map<number, Uint8Array>,
): PacketFault | undefined {
  let at = start
  while (at < end) {
    const code = bytes[at]!
    if (code === END) return undefined
    if (code === PAD) {
      at += 1
      continue
    }
    if (at + 1 >= end) return { fault: 'option-truncated', offset: at }
    const next = at + 2 + bytes[at + 1]!
    if (next > end) return { fault: 'option-truncated', offset: at }
    const value = bytes.subarray(at + 2, next)
    const earlier = merged.get(code)
    // RFC 3396 §7: the parts of a split option are joined, in order.
    merged.set(code, earlier ? joinBytes(earlier, value) : value)
    at = next
  }
  return undefined
}

export interface EncodedPacket {
  readonly bytes: Uint8Array
  /** Options that did not fit, by code. */
  readonly dropped: readonly number[]
}

/**
 * Encodes a message of at most `maximumBytes` (UDP payload). Options are written in the order of the map, so the order is
 * their priority: the first that does not fit in the options field goes to `file` or `sname` when these are empty
 * (RFC 2132 §9.3), and when there is no room at all it is dropped while smaller ones behind it may still fit.
 * Option 82 always stands last (RFC 3046 §2.2) and is never dropped for another one.
 */
export function encodePacket(packet: DhcpPacket, maximumBytes: number): EncodedPacket {
  const limit = Math.max(maximumBytes, MINIMUM_REPLY_BYTES)
  let relaySize = 0
  let total = 0
  for (const [code, value] of packet.options) {
    const size = encodedSize(value.length)
    if (code === RELAY_AGENT) relaySize = size
    total += size
  }
  // An option 82 that leaves no room for the answer itself (message type, server, lease, mask) cannot be echoed.
  const echoRelay = relaySize <= limit - OPTIONS_OFFSET - 64
  if (!echoRelay) {
    total -= relaySize
    relaySize = 0
  }
  const wanted = OPTIONS_OFFSET + total + 1
  const fits = wanted <= limit
  const bytes = new Uint8Array(Math.max(fits ? wanted : limit, MINIMUM_REPLY_BYTES))
  writeHeader(bytes, packet)
  if (!packet.cookie) return { bytes: bytes.subarray(0, MINIMUM_REPLY_BYTES), dropped: [] }
  bytes[236] = 0x63
  bytes[237] = 0x82
  bytes[238] = 0x53
  bytes[239] = 0x63
  const areas: Area[] = [{ at: OPTIONS_OFFSET, end: limit - 1 - relaySize - (fits ? 0 : 3) }]
  if (!fits) {
    // 3 bytes are kept for option 52 itself; each overloaded field keeps one for its END.
    if (packet.file === '') areas.push({ at: FILE_OFFSET, end: FILE_OFFSET + FILE_BYTES - 1 })
    if (packet.sname === '') areas.push({ at: SNAME_OFFSET, end: SNAME_OFFSET + SNAME_BYTES - 1 })
  }
  const dropped: number[] = []
  for (const [code, value] of packet.options) {
    if (code === RELAY_AGENT) continue
    const size = encodedSize(value.length)
    const area = areas.find((candidate) => candidate.at + size <= candidate.end)
    if (area) area.at = writeOption(bytes, area.at, code, value)
    else dropped.push(code)
  }

  const main = areas[0]!
  let at = main.at
  const overload = finishOverloadedFields(bytes, areas)
  if (overload !== 0) at = writeOption(bytes, at, OVERLOAD, Uint8Array.of(overload))
  const relay = packet.options.get(RELAY_AGENT)
  if (relay && echoRelay) at = writeOption(bytes, at, RELAY_AGENT, relay)
  else if (relay) dropped.push(RELAY_AGENT)
  bytes[at] = END
  return { bytes: bytes.subarray(0, Math.max(at + 1, MINIMUM_REPLY_BYTES)), dropped }
}

interface Area {
  at: number
  readonly end: number
}

/** Writes END into the fields that took options; returns the value of option 52, 0 for none. */
function finishOverloadedFields(bytes: Uint8Array, areas: readonly Area[]): number {
  let overload = 0
  for (const { at, end } of areas.slice(1)) {
    const isFile = end === FILE_OFFSET + FILE_BYTES - 1
    if (at === (isFile ? FILE_OFFSET : SNAME_OFFSET)) continue
    bytes[at] = END
    overload |= isFile ? 1 : 2
  }
  return overload
}

function writeHeader(bytes: Uint8Array, packet: DhcpPacket): void {
  bytes[0] = packet.op
  bytes[1] = packet.htype
  bytes[2] = packet.hlen
  bytes[3] = packet.hops
  bytes[4] = packet.xid >>> 24
  bytes[5] = packet.xid >>> 16
  bytes[6] = packet.xid >>> 8
  bytes[7] = packet.xid
  bytes[8] = packet.secs >>> 8
  bytes[9] = packet.secs
  bytes[10] = packet.flags >>> 8
  bytes[11] = packet.flags
  writeAddress(bytes, 12, packet.ciaddr)
  writeAddress(bytes, 16, packet.yiaddr)
  writeAddress(bytes, 20, packet.siaddr)
  writeAddress(bytes, 24, packet.giaddr)
  bytes.set(packet.chaddr.length > 16 ? packet.chaddr.subarray(0, 16) : packet.chaddr, 28)
  writeText(bytes, SNAME_OFFSET, SNAME_BYTES, packet.sname)
  writeText(bytes, FILE_OFFSET, FILE_BYTES, packet.file)
}

/** RFC 3396 §5: values over 255 bytes become several options of the same code. An empty value is one empty option. */
function encodedSize(length: number): number {
  return length + 2 * Math.max(1, Math.ceil(length / 255))
}

function writeOption(bytes: Uint8Array, start: number, code: number, value: Uint8Array): number {
  let at = start
  let from = 0
  do {
    const size = Math.min(255, value.length - from)
    bytes[at] = code
    bytes[at + 1] = size
    bytes.set(size === value.length ? value : value.subarray(from, from + size), at + 2)
    at += 2 + size
    from += size
  } while (from < value.length)
  return at
}

function joinBytes(first: Uint8Array, second: Uint8Array): Uint8Array {
  const joined = new Uint8Array(first.length + second.length)
  joined.set(first)
  joined.set(second, first.length)
  return joined
}

function uint32At(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}

function addressAt(bytes: Uint8Array, at: number): string {
  const a = bytes[at]!
  const b = bytes[at + 1]!
  const c = bytes[at + 2]!
  const d = bytes[at + 3]!
  return (a | b | c | d) === 0 ? '0.0.0.0' : `${a}.${b}.${c}.${d}`
}

/** Trusts its own side: `address` comes from `addressAt` or from a validated table. */
function writeAddress(bytes: Uint8Array, start: number, address: string): void {
  if (address === '0.0.0.0') return
  let at = start
  let octet = 0
  for (let index = 0; index < address.length; index += 1) {
    const character = address.charCodeAt(index)
    if (character === 46) {
      bytes[at] = octet
      at += 1
      octet = 0
    } else octet = octet * 10 + character - 48
  }
  bytes[at] = octet
}

function textAt(bytes: Uint8Array, start: number, length: number): string {
  if (bytes[start] === 0) return ''
  let text = ''
  for (let at = start; at < start + length && bytes[at] !== 0; at += 1) text += String.fromCharCode(bytes[at]!)
  return text
}

/** Cut at the field's size. Callers keep room for the NUL of RFC 2131 §2. */
function writeText(bytes: Uint8Array, start: number, size: number, text: string): void {
  const length = Math.min(text.length, size)
  for (let index = 0; index < length; index += 1) bytes[start + index] = text.charCodeAt(index)
}
