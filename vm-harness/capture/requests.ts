/** The requests in a machine's recording: what its firmware, loaders and systems asked of the server, each distinct one once. */
import { createHash } from 'node:crypto'
import { HttpHeads } from './http-heads.ts'
import { readFrame, readFrames, type Udp } from './pcap.ts'

export interface CapturedRequest {
  readonly protocol: 'dhcp' | 'tftp' | 'http'
  /** DISCOVER, REQUEST, …; `RRQ <file>`; `GET <target>`. */
  readonly asks: string
  /** UDP port it went to. */
  readonly port: number
  /** UDP payload, or the head of an HTTP request. */
  readonly payload: Buffer
}

const MESSAGES: Readonly<Record<number, string>> = {
  ...{ 1: 'DISCOVER', 3: 'REQUEST', 4: 'DECLINE', 7: 'RELEASE', 8: 'INFORM' },
}
const DHCP_OPTIONS_AT = 240
/** xid and secs: they differ each time. */
const DHCP_CHANGING = [4, 10] as const
const HTTP_CHANGING = /^content-length:.*$/im

/** Value of a DHCP option, of the first that has this code. */
export function dhcpOption(payload: Buffer, code: number): Buffer | undefined {
  for (let at = DHCP_OPTIONS_AT; at + 1 < payload.length; ) {
    const found = payload[at]
    if (found === 255) return undefined
    if (found === 0) {
      at += 1
      continue
    }
    const end = at + 2 + (payload[at + 1] ?? 0)
    if (found === code) return payload.subarray(at + 2, end)
    at = end
  }
  return undefined
}

function fromUdp({ port, payload }: Udp): CapturedRequest | undefined {
  if (port === 67 || port === 4011) {
    const type = dhcpOption(payload, 53)?.[0] ?? 0
    return { protocol: 'dhcp', asks: MESSAGES[type] ?? `type ${type}`, port, payload }
  }
  const opcode = payload.length > 2 ? payload.readUInt16BE(0) : 0
  if (port !== 69 || (opcode !== 1 && opcode !== 2)) return undefined
  const name = payload.toString('latin1', 2).split('\0')[0] ?? ''
  return { protocol: 'tftp', asks: `${opcode === 1 ? 'RRQ' : 'WRQ'} ${name}`, port, payload }
}

/** Names and values of TFTP options, in the order they are sent in. */
export function tftpOptions(payload: Buffer): string[] {
  const [, , ...options] = payload.toString('latin1', 2).split('\0')
  return options.slice(0, -1)
}

function keyOf({ protocol, port, payload }: CapturedRequest): string {
  const same = protocol === 'http' ? Buffer.from(payload.toString().replace(HTTP_CHANGING, '')) : Buffer.from(payload)
  if (protocol === 'dhcp') same.fill(0, ...DHCP_CHANGING)
  return `${protocol} ${port} ${createHash('sha1').update(same).digest('hex')}`
}

export class RequestReader {
  readonly #mac: string
  readonly #heads = new HttpHeads()
  readonly #seen = new Set<string>()
  readonly requests: CapturedRequest[] = []
  #next = 0

  /** @param mac of the machine: the recording has both directions */
  constructor(mac: string) {
    this.#mac = mac.toLowerCase()
  }

  /** @param recording all of it so far */
  read(recording: Buffer): void {
    const { frames, next } = readFrames(recording, this.#next)
    this.#next = next
    for (const frame of frames) {
      const content = readFrame(frame)
      if (content?.sourceMac !== this.#mac) continue
      if (content.protocol === 'udp') this.#add(fromUdp(content))
      else if (content.port === 80) for (const head of this.#heads.take(content)) this.#add(fromHead(head))
    }
  }

  #add(request: CapturedRequest | undefined): void {
    if (request === undefined) return
    const key = keyOf(request)
    if (this.#seen.has(key)) return
    this.#seen.add(key)
    this.requests.push({ ...request, payload: Buffer.from(request.payload) })
  }
}

function fromHead(head: string): CapturedRequest {
  const [method = '', target = ''] = head.split(' ')
  return { protocol: 'http', asks: `${method} ${target}`, port: 80, payload: Buffer.from(head, 'latin1') }
}
