/** One read request being answered: moves bytes from a source through the window of a `SendTransfer` into packets. */
import type { Negotiated } from './options.ts'
import {
  ERROR_CODE,
  encodeDataHeader,
  encodeError,
  encodePacket,
  OPCODE,
  parseAckBlock,
  parsePacket,
} from './packet.ts'
import type { ClientPort } from './sockets.ts'
import { type ByteSource, NOT_LOADED } from './sources.ts'
import { SendTransfer } from './transfer.ts'

/** How a transfer ended. */
export type SessionEnd =
  | { readonly kind: 'done' }
  /** The client sent ERROR: 8 after it has seen the size, 0 when it was interrupted, or a real complaint. */
  | { readonly kind: 'client-error'; readonly code: number; readonly message: string }
  | { readonly kind: 'time-out' }
  /** The client's port is closed (ICMP). */
  | { readonly kind: 'gone' }
  | { readonly kind: 'fault'; readonly message: string }
  /** A newer request from the same port, or the end of the server. */
  | { readonly kind: 'replaced' }

export interface Session {
  readonly bytesDone: number
  readonly resent: number
  readonly deadlineMs: number
  /** When the client was last heard of; -infinity before its first answer. */
  readonly heardMs: number
  /** When the file was complete, if that was before the end (an upload dallies). */
  readonly completeMs?: number | undefined
  takeDatagram(bytes: Buffer, nowMs: number): void
  takeTick(nowMs: number): void
  end(how: SessionEnd): void
}

export class ReadSession implements Session {
  heardMs = Number.NEGATIVE_INFINITY
  readonly #source: ByteSource
  readonly #transfer: SendTransfer
  readonly #port: ClientPort
  readonly #now: () => number
  readonly #onEnd: (end: SessionEnd) => void
  readonly #blockSizeBytes: number
  readonly #optionAck: Buffer | undefined
  /** One packet per place in the window. A packet is not rewritten before its block is acknowledged. */
  readonly #packets: Buffer[] = []
  #built = 0
  #lastPacket: Buffer | undefined
  #lastBytes = 0
  #loading = false
  #ended = false

  constructor(
    source: ByteSource,
    negotiated: Negotiated,
    port: ClientPort,
    now: () => number,
    onEnd: (end: SessionEnd) => void,
  ) {
    this.#source = source
    this.#port = port
    this.#now = now
    this.#onEnd = onEnd
    this.#blockSizeBytes = negotiated.blockSizeBytes
    const withOptionAck = negotiated.accepted.length > 0
    if (withOptionAck) this.#optionAck = encodePacket({ opcode: OPCODE.OACK, options: negotiated.accepted })
    this.#transfer = new SendTransfer({ ...negotiated, withOptionAck })
    const blocks = source.sizeBytes === undefined ? Infinity : Math.floor(source.sizeBytes / this.#blockSizeBytes) + 1
    const places = Math.min(negotiated.windowSize, blocks)
    const packetBytes = 4 + this.#blockSizeBytes
    const memory = Buffer.allocUnsafe(places * packetBytes)
    for (let i = 0; i < places; i++) this.#packets.push(memory.subarray(i * packetBytes, (i + 1) * packetBytes))
  }

  /** Bytes the client has acknowledged. */
  get bytesDone(): number {
    const { base, last } = this.#transfer
    if (base > last) return (last - 1) * this.#blockSizeBytes + this.#lastBytes
    return Math.max(0, base - 1) * this.#blockSizeBytes
  }
  get resent(): number {
    return this.#transfer.resent
  }
  get deadlineMs(): number {
    return this.#transfer.deadlineMs
  }
  /** Everything has been sent and only the last window's ACK is missing. */
  get awaitsLastAck(): boolean {
    return this.#transfer.next > this.#transfer.last
  }

  begin(): void {
    this.#send(this.#now())
  }

  takeDatagram(bytes: Buffer, nowMs: number): void {
    if (this.#ended) return
    const block = parseAckBlock(bytes)
    if (block >= 0) {
      this.heardMs = nowMs
      const step = this.#transfer.takeAck(block, nowMs)
      if (step === 'send') this.#send(nowMs)
      else if (step === 'done') this.end({ kind: 'done' })
      return
    }
    const packet = parsePacket(bytes)
    if ('fault' in packet) return
    if (packet.opcode === OPCODE.ERROR) {
      this.end({ kind: 'client-error', code: packet.code, message: packet.message })
    } else {
      this.#port.send(encodeError(ERROR_CODE.illegalOperation, 'expected ACK'))
      this.end({ kind: 'fault', message: `client sent opcode ${packet.opcode} during a read` })
    }
  }

  takeTick(nowMs: number): void {
    if (this.#ended || nowMs < this.#transfer.deadlineMs) return
    const step = this.#transfer.takeTimeout(nowMs)
    if (step === 'send') this.#send(nowMs)
    else if (step === 'give-up') this.end({ kind: 'time-out' })
  }

  end(how: SessionEnd): void {
    if (this.#ended) return
    this.#ended = true
    this.#onEnd(how)
  }

  /** At most one window: another transfer has its turn before this one's next ACK. */
  #send(nowMs: number): void {
    const transfer = this.#transfer
    for (let block = transfer.blockToSend(); block >= 0; block = transfer.blockToSend()) {
      const packet = block === 0 ? this.#optionAck! : this.#packetOf(block)
      if (!packet) return
      this.#port.send(packet)
      transfer.sent(block, nowMs)
    }
  }

  /** The packet of a block, built if it is new; undefined when its bytes have to be loaded first. */
  #packetOf(block: number): Buffer | undefined {
    if (block === this.#transfer.last) return this.#lastPacket
    const packet = this.#packets[block % this.#packets.length]!
    if (block <= this.#built) return packet
    const taken = this.#source.pull(packet, 4, this.#blockSizeBytes)
    if (taken === NOT_LOADED) {
      this.#load()
      return undefined
    }
    encodeDataHeader(packet, block)
    this.#built = block
    if (taken === this.#blockSizeBytes) return packet
    // RFC 1350 §6: a short block, perhaps an empty one, ends the file.
    this.#transfer.last = block
    this.#lastBytes = taken
    this.#lastPacket = packet.subarray(0, 4 + taken)
    return this.#lastPacket
  }

  #load(): void {
    if (this.#loading) return
    this.#loading = true
    this.#source.load().then(
      () => {
        this.#loading = false
        if (!this.#ended) this.#send(this.#now())
      },
      (fault: Error) => {
        this.#loading = false
        if (this.#ended) return
        this.#port.send(encodeError(ERROR_CODE.other, 'read failed'))
        this.end({ kind: 'fault', message: fault.message })
      },
    )
  }
}
