/** One write request: data blocks into an `UploadFile`, acknowledged when they are written. */
import { DALLY_MS, RETRY_FIRST_MS, RETRY_LIMIT, RETRY_MAX_MS } from './limits.ts'
import { NetasciiDecoder } from './netascii.ts'
import type { Negotiated } from './options.ts'
import { ERROR_CODE, encodeAck, encodeError, encodePacket, OPCODE, parsePacket } from './packet.ts'
import type { Session, SessionEnd } from './read-session.ts'
import { ReceiveTransfer } from './receive.ts'
import type { ClientPort } from './sockets.ts'

export interface WriteTarget {
  append(bytes: Buffer): Promise<void>
  keep(): Promise<void>
  close(): Promise<void>
}
export interface WriteSessionOptions {
  readonly file: WriteTarget
  readonly mode: string
  readonly maxBytes: number
  readonly negotiated: Negotiated
  readonly port: ClientPort
  readonly now: () => number
}

export class WriteSession implements Session {
  bytesDone = 0
  resent = 0
  deadlineMs = Number.POSITIVE_INFINITY
  heardMs = Number.NEGATIVE_INFINITY
  completeMs: number | undefined
  readonly #o: WriteSessionOptions
  readonly #onEnd: (end: SessionEnd) => void
  readonly #transfer: ReceiveTransfer
  readonly #netascii: NetasciiDecoder | undefined
  readonly #first: Buffer
  /** Blocks since the last ACK, at most one window. */
  #pending: Buffer[] = []
  #writing: Promise<void> = Promise.resolve()
  #busy = false
  #retries = 0
  #waitMs: number
  #kept = false
  #ended = false

  constructor(options: WriteSessionOptions, onEnd: (end: SessionEnd) => void) {
    this.#o = options
    this.#onEnd = onEnd
    const { blockSizeBytes, windowSize, timeoutMs, accepted } = options.negotiated
    this.#transfer = new ReceiveTransfer(blockSizeBytes, windowSize)
    this.#netascii = options.mode === 'netascii' ? new NetasciiDecoder() : undefined
    this.#first = accepted.length > 0 ? encodePacket({ opcode: OPCODE.OACK, options: accepted }) : encodeAck(0)
    this.#waitMs = timeoutMs ?? RETRY_FIRST_MS
  }

  begin(): void {
    this.#acknowledge()
  }

  takeDatagram(bytes: Buffer, nowMs: number): void {
    if (this.#ended) return
    const packet = parsePacket(bytes)
    if ('fault' in packet) return
    if (packet.opcode === OPCODE.ERROR) {
      this.end(this.#kept ? { kind: 'done' } : { kind: 'client-error', code: packet.code, message: packet.message })
      return
    }
    // While a window is being written its ACK is still to come; what arrives now is sent again.
    if (packet.opcode !== OPCODE.DATA || this.#busy) return
    this.heardMs = nowMs
    const step = this.#transfer.takeData(packet.block, packet.data.length)
    if (step === 'ignore') return
    if (step === 'ack') {
      this.#store(false)
      return
    }
    this.#retries = 0
    this.bytesDone += packet.data.length
    if (this.bytesDone > this.#o.maxBytes) {
      this.#fail(ERROR_CODE.diskFull, `larger than ${this.#o.maxBytes} bytes`)
      return
    }
    this.#pending.push(this.#netascii ? this.#netascii.decode(packet.data) : Buffer.from(packet.data))
    this.deadlineMs = nowMs + this.#waitMs
    if (step !== 'take') this.#store(step === 'take-last')
  }

  takeTick(nowMs: number): void {
    if (this.#ended || this.#busy || nowMs < this.deadlineMs) return
    if (this.#kept) {
      this.end({ kind: 'done' })
      return
    }
    this.#retries += 1
    if (this.#retries > RETRY_LIMIT) {
      this.end({ kind: 'time-out' })
      return
    }
    if (this.#o.negotiated.timeoutMs === undefined) this.#waitMs = Math.min(this.#waitMs * 2, RETRY_MAX_MS)
    this.resent += 1
    this.#store(false)
  }

  end(how: SessionEnd): void {
    if (this.#ended) return
    this.#ended = true
    // The port closing after the file is stored is how most clients leave.
    this.#onEnd(this.#kept && how.kind === 'gone' ? { kind: 'done' } : how)
    this.#writing.finally(() => this.#o.file.close()).catch(() => undefined)
  }

  /** Writes what has come in, then acknowledges the last block in order. */
  #store(last: boolean): void {
    const blocks = this.#pending
    this.#pending = []
    if (blocks.length === 0 && !last) {
      this.#acknowledge()
      return
    }
    this.#busy = true
    if (last && this.#netascii) blocks.push(this.#netascii.end())
    this.#writing = this.#write(Buffer.concat(blocks), last)
  }

  async #write(bytes: Buffer, last: boolean): Promise<void> {
    try {
      if (bytes.length > 0) await this.#o.file.append(bytes)
      if (last && !this.#ended) {
        await this.#o.file.keep()
        this.#kept = true
        this.completeMs = this.#o.now()
      }
    } catch (fault) {
      const exists = (fault as NodeJS.ErrnoException).code === 'EEXIST'
      this.#fail(exists ? ERROR_CODE.fileExists : ERROR_CODE.diskFull, exists ? 'file exists' : 'cannot write')
    }
    this.#busy = false
    if (!this.#ended) this.#acknowledge()
  }

  #acknowledge(): void {
    const nowMs = this.#o.now()
    // RFC 1350 §6: after the last ACK stay a while, to repeat it if it was lost.
    this.deadlineMs = nowMs + (this.#kept ? DALLY_MS : this.#waitMs)
    const nothingYet = this.#transfer.due === 1
    this.#o.port.send(nothingYet ? this.#first : encodeAck(this.#transfer.lastInOrder))
  }

  #fail(code: number, message: string): void {
    if (this.#ended) return
    this.#o.port.send(encodeError(code, message))
    this.end({ kind: 'fault', message })
  }
}
