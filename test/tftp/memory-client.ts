/** A loader in memory: asks, acknowledges full windows, tells of gaps, repeats itself at time-outs. */
import { NetasciiDecoder } from '../../src/tftp/netascii.ts'
import { encodeAck, encodeError, encodePacket, OPCODE, parsePacket, type TftpOption } from '../../src/tftp/packet.ts'
import type { TftpClient } from '../../src/tftp/routes.ts'
import type { MemoryNetwork } from './memory-network.ts'

export interface Asked {
  readonly name: string
  readonly mode?: string
  readonly options?: readonly TftpOption[]
  readonly port?: number
  /** What to answer to the OACK instead of ACK 0. */
  readonly stopAtOptions?: Buffer
}

const RETRY_MS = 1500

export class MemoryClient {
  readonly address: TftpClient
  options: readonly TftpOption[] = []
  error: { code: number; message: string } | undefined
  complete = false
  readonly #network: MemoryNetwork
  readonly #asked: Asked
  readonly #request: Buffer
  readonly #parts: Buffer[] = []
  #server: TftpClient = { ip: '10.77.0.1', port: 69 }
  #answered = false
  #due = 1
  #sinceAck = 0
  #blockSize = 512
  #window = 1
  #quietSinceMs = 0
  #retries = 0

  constructor(network: MemoryNetwork, asked: Asked) {
    this.#network = network
    this.#asked = asked
    this.address = { ip: '10.77.0.50', port: asked.port ?? 3000 }
    this.#request = encodePacket({
      opcode: OPCODE.RRQ,
      filename: asked.name,
      mode: asked.mode ?? 'octet',
      options: asked.options ?? [],
      strayBytes: 0,
    })
  }

  get over(): boolean {
    return this.complete || this.error !== undefined || this.#retries > 12
  }

  get received(): Buffer {
    const bytes = Buffer.concat(this.#parts)
    if (this.#asked.mode !== 'netascii') return bytes
    const decoder = new NetasciiDecoder()
    return Buffer.concat([decoder.decode(bytes), decoder.end()])
  }
  get wireBytes(): number {
    return this.#parts.reduce((sum, part) => sum + part.length, 0)
  }

  start(): this {
    this.#network.hear(this.address, (bytes, from) => this.#take(bytes, from))
    this.ask()
    this.#network.at(RETRY_MS, () => this.#retry())
    return this
  }

  ask(): void {
    this.#network.send(this.address, { ip: '10.77.0.1', port: 69 }, this.#request)
  }

  #retry(): void {
    if (this.over) return
    if (this.#network.nowMs - this.#quietSinceMs >= RETRY_MS) {
      this.#retries += 1
      if (this.#answered) this.#acknowledge()
      else this.ask()
    }
    this.#network.at(RETRY_MS, () => this.#retry())
  }

  #take(bytes: Buffer, from: TftpClient): void {
    if (this.#answered && from.port !== this.#server.port) return
    const packet = parsePacket(bytes)
    if ('fault' in packet) return
    this.#server = from
    this.#answered = true
    if (packet.opcode === OPCODE.ERROR) this.error ??= packet
    if (packet.opcode === OPCODE.OACK) this.#takeOptions(packet.options)
    if (packet.opcode === OPCODE.DATA) this.#takeData(packet.block, Buffer.from(packet.data))
  }

  #takeOptions(options: readonly TftpOption[]): void {
    if (this.#due > 1) return
    this.options = options
    const granted = (name: string) => Number(options.find(([asked]) => asked === name)?.[1] ?? Number.NaN)
    this.#blockSize = granted('blksize') || 512
    this.#window = granted('windowsize') || 1
    if (this.#asked.stopAtOptions) {
      this.#network.send(this.address, this.#server, this.#asked.stopAtOptions)
      this.error = { code: -1, message: 'stopped by ourselves' }
    } else this.#acknowledge()
  }

  #takeData(block: number, data: Buffer): void {
    const distance = (block - this.#due) & 0xffff
    if (distance !== 0) {
      // RFC 7440 §4: a gap is acknowledged; the last block of the window before again when its ACK was lost.
      if (distance < this.#window || (distance === 0xffff && this.#sinceAck === 0)) this.#acknowledge()
      return
    }
    if (this.complete) return
    this.#parts.push(data)
    this.#due += 1
    this.#sinceAck += 1
    this.#retries = 0
    this.#quietSinceMs = this.#network.nowMs
    this.complete = data.length < this.#blockSize
    if (this.complete || this.#sinceAck >= this.#window) this.#acknowledge()
  }

  #acknowledge(): void {
    this.#sinceAck = 0
    this.#network.send(this.address, this.#server, encodeAck((this.#due - 1) & 0xffff))
  }

  abort(code: number): void {
    this.#network.send(this.address, this.#server, encodeError(code, 'stop'))
    this.error = { code: -1, message: 'stopped by ourselves' }
  }
}
