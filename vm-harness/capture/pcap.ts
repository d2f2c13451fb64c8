/**
 * Recordings of a machine's network card (`-object filter-dump` of QEMU): classic pcap, Ethernet, little-endian. A recording
 * is read while it grows, so whatever is not whole yet is left for the next look.
 */
const FILE_HEADER_BYTES = 24
const RECORD_HEADER_BYTES = 16
const MAGIC = 0xa1b2c3d4
/** LINKTYPE_ETHERNET */
const ETHERNET = 1
const ETHERTYPE_IPV4 = 0x0800
const UDP = 17
const TCP = 6

export interface Udp {
  readonly protocol: 'udp'
  readonly sourceMac: string
  readonly sourcePort: number
  readonly port: number
  readonly payload: Buffer
}

export interface TcpSegment {
  readonly protocol: 'tcp'
  readonly sourceMac: string
  readonly sourcePort: number
  readonly port: number
  readonly sequence: number
  readonly isSyn: boolean
  readonly payload: Buffer
}

/** @returns whole frames, and how many bytes of the file they and the header took */
export function readFrames(bytes: Buffer, from: number): { frames: Buffer[]; next: number } {
  const frames: Buffer[] = []
  let next = from
  if (next === 0) {
    if (bytes.length < FILE_HEADER_BYTES) return { frames, next }
    if (bytes.readUInt32LE(0) !== MAGIC || bytes.readUInt32LE(20) !== ETHERNET) throw new Error('no Ethernet recording')
    next = FILE_HEADER_BYTES
  }
  for (;;) {
    if (next + RECORD_HEADER_BYTES > bytes.length) return { frames, next }
    const end = next + RECORD_HEADER_BYTES + bytes.readUInt32LE(next + 8)
    if (end > bytes.length) return { frames, next }
    frames.push(bytes.subarray(next + RECORD_HEADER_BYTES, end))
    next = end
  }
}

/** What an IPv4 frame carries; undefined: something else, or a fragment. */
export function readFrame(frame: Buffer): Udp | TcpSegment | undefined {
  if (frame.length < 34 || frame.readUInt16BE(12) !== ETHERTYPE_IPV4) return undefined
  const sourceMac = frame.toString('hex', 6, 12).replace(/..(?=.)/g, '$&:')
  // The length in the header: short frames are padded.
  const packet = frame.subarray(14, 14 + frame.readUInt16BE(16))
  if ((packet.readUInt16BE(6) & 0x3fff) !== 0) return undefined
  const body = packet.subarray(((packet[0] ?? 0) & 0x0f) * 4)
  const kind = packet[9]
  if (kind === UDP && body.length >= 8) {
    const [sourcePort, port] = [body.readUInt16BE(0), body.readUInt16BE(2)]
    return { protocol: 'udp', sourceMac, sourcePort, port, payload: body.subarray(8, body.readUInt16BE(4)) }
  }
  if (kind === TCP && body.length >= 20) {
    return {
      ...{ protocol: 'tcp', sourceMac, sourcePort: body.readUInt16BE(0), port: body.readUInt16BE(2) },
      sequence: body.readUInt32BE(4),
      isSyn: ((body[13] ?? 0) & 0x02) !== 0,
      payload: body.subarray(((body[12] ?? 0) >> 4) * 4),
    }
  }
  return undefined
}
