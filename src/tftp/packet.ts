/**
 * The TFTP room: files to loaders, over UDP, as RFC 1350 with options (2347, 2348, 2349, 7440).
 *
 * `packet` is bytes ↔ typed packet and nothing else; `options`, `names`, `netascii`, `transfer` and `receive` are pure;
 * `sources` and `shelf` bring the bytes; `server` and `sockets` own sockets and timers. What a name stands for is
 * decided by the routes that are passed in: this room knows nothing of nodes, images or tables.
 */

export const OPCODE = { RRQ: 1, WRQ: 2, DATA: 3, ACK: 4, ERROR: 5, OACK: 6 } as const

/** RFC 1350 appendix I; 8 is RFC 2347 §4. */
export const ERROR_CODE = {
  other: 0,
  noSuchFile: 1,
  accessViolation: 2,
  diskFull: 3,
  illegalOperation: 4,
  unknownTransferId: 5,
  fileExists: 6,
  noSuchUser: 7,
  optionRefused: 8,
} as const

/** RFC 2347: name and value as they stand in the packet, in the order of the packet. */
export type TftpOption = readonly [name: string, value: string]

export interface RequestPacket {
  readonly opcode: typeof OPCODE.RRQ | typeof OPCODE.WRQ
  readonly filename: string
  /** Lower case; RFC 1350 §5 lets it be spelled in any case. */
  readonly mode: string
  readonly options: readonly TftpOption[]
  /** Bytes that belong to nothing (see `parsePacket`); 0 in a clean request. */
  readonly strayBytes: number
}
export interface DataPacket {
  readonly opcode: typeof OPCODE.DATA
  readonly block: number
  /** A view into the datagram, not a copy. */
  readonly data: Uint8Array
}
export interface AckPacket {
  readonly opcode: typeof OPCODE.ACK
  readonly block: number
}
export interface ErrorPacket {
  readonly opcode: typeof OPCODE.ERROR
  readonly code: number
  readonly message: string
}
export interface OptionAckPacket {
  readonly opcode: typeof OPCODE.OACK
  readonly options: readonly TftpOption[]
}
export type TftpPacket = RequestPacket | DataPacket | AckPacket | ErrorPacket | OptionAckPacket

export interface PacketFault {
  readonly fault: 'short' | 'opcode' | 'long' | 'filename' | 'mode' | 'options'
  /** Byte at which reading stopped. */
  readonly offset: number
}

/** RFC 2347 allows 512; firmware with long names and five options has been near it, so a frame's worth is taken. */
const REQUEST_MAX_BYTES = 1472
const REQUEST_MAX_OPTIONS = 16

interface Text {
  readonly value: string
  readonly next: number
}

/** The string up to a NUL, or undefined when there is no NUL. */
function parseText(bytes: Buffer, start: number): Text | undefined {
  const end = bytes.indexOf(0, start)
  return end < 0 ? undefined : { value: bytes.toString('utf8', start, end), next: end + 1 }
}

function parseOptions(bytes: Buffer, start: number): { options: TftpOption[]; next: number } | PacketFault {
  const options: TftpOption[] = []
  let next = start
  while (next < bytes.length) {
    const name = parseText(bytes, next)
    if (!name || name.value === '') break
    const value = parseText(bytes, name.next)
    if (!value) break
    if (options.length === REQUEST_MAX_OPTIONS) return { fault: 'options', offset: next }
    options.push([name.value, value.value])
    next = value.next
  }
  return { options, next }
}

/**
 * Quirks: PXE ROMs that were given an unterminated option 67 append the option-end byte 0xff to the file name, and some
 * pad the request behind the mode or the last option. Neither carries meaning; both are counted in `strayBytes`.
 */
function parseRequest(opcode: RequestPacket['opcode'], bytes: Buffer): RequestPacket | PacketFault {
  if (bytes.length > REQUEST_MAX_BYTES) return { fault: 'long', offset: REQUEST_MAX_BYTES }
  const nameEnd = bytes.indexOf(0, 2)
  if (nameEnd < 0) return { fault: 'filename', offset: 2 }
  let end = nameEnd
  while (end > 2 && bytes[end - 1] === 0xff) end -= 1
  const mode = parseText(bytes, nameEnd + 1)
  if (!mode || mode.value === '') return { fault: 'mode', offset: nameEnd + 1 }
  const rest = parseOptions(bytes, mode.next)
  if ('fault' in rest) return rest
  return {
    opcode,
    filename: bytes.toString('utf8', 2, end),
    mode: mode.value.toLowerCase(),
    options: rest.options,
    strayBytes: nameEnd - end + bytes.length - rest.next,
  }
}

/** Any bytes → a packet or a fault. Never throws. */
export function parsePacket(bytes: Buffer): TftpPacket | PacketFault {
  if (bytes.length < 4) return { fault: 'short', offset: bytes.length }
  const opcode = bytes.readUInt16BE(0)
  switch (opcode) {
    case OPCODE.RRQ:
    case OPCODE.WRQ:
      return parseRequest(opcode, bytes)
    case OPCODE.DATA:
      return { opcode, block: bytes.readUInt16BE(2), data: bytes.subarray(4) }
    case OPCODE.ACK:
      return { opcode, block: bytes.readUInt16BE(2) }
    case OPCODE.ERROR: {
      // A message without its NUL is still a message.
      const end = bytes.indexOf(0, 4)
      return { opcode, code: bytes.readUInt16BE(2), message: bytes.toString('utf8', 4, end < 0 ? bytes.length : end) }
    }
    case OPCODE.OACK: {
      const rest = parseOptions(bytes, 2)
      if ('fault' in rest) return rest
      return rest.next === bytes.length ? { opcode, options: rest.options } : { fault: 'options', offset: rest.next }
    }
    default:
      return { fault: 'opcode', offset: 0 }
  }
}

/** Block number of an ACK, or -1 when the datagram is anything else: the hot path, without an object per packet. */
export function parseAckBlock(bytes: Uint8Array): number {
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== OPCODE.ACK) return -1
  return (bytes[2]! << 8) | bytes[3]!
}

function encodeTexts(opcode: number, texts: readonly string[]): Buffer {
  const head = Buffer.from([0, opcode])
  return Buffer.concat([head, ...texts.map((text) => Buffer.from(`${text}\0`, 'utf8'))])
}

/** DATA header in place: the payload follows at offset 4. `block` is taken modulo 65536. */
export function encodeDataHeader(target: Uint8Array, block: number): void {
  target[0] = 0
  target[1] = OPCODE.DATA
  target[2] = (block >> 8) & 0xff
  target[3] = block & 0xff
}

export function encodeAck(block: number): Buffer {
  return Buffer.from([0, OPCODE.ACK, (block >> 8) & 0xff, block & 0xff])
}

export function encodeError(code: number, message: string): Buffer {
  return Buffer.concat([Buffer.from([0, OPCODE.ERROR, code >> 8, code & 0xff]), Buffer.from(`${message}\0`, 'utf8')])
}

export function encodePacket(packet: TftpPacket): Buffer {
  switch (packet.opcode) {
    case OPCODE.RRQ:
    case OPCODE.WRQ:
      return encodeTexts(packet.opcode, [packet.filename, packet.mode, ...packet.options.flat()])
    case OPCODE.DATA: {
      const bytes = Buffer.alloc(4 + packet.data.length)
      encodeDataHeader(bytes, packet.block)
      bytes.set(packet.data, 4)
      return bytes
    }
    case OPCODE.ACK:
      return encodeAck(packet.block)
    case OPCODE.ERROR:
      return encodeError(packet.code, packet.message)
    case OPCODE.OACK:
      return encodeTexts(packet.opcode, packet.options.flat())
  }
}
