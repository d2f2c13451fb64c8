/** Record marking on TCP (RFC 5531 §11): a record is one or more fragments, each with a 4-byte header. */
import { limits } from './limits.ts'

export type RecordFault = { readonly fault: 'record-too-long'; readonly offset: number }

const LAST_FRAGMENT = 0x80000000

/** Bytes in, records out. A record that lies in one chunk is not copied. */
export class RecordReader {
  private chunk: Buffer = Buffer.alloc(0)
  private at = 0
  private readonly waiting: Buffer[] = []
  private header = 0
  private headerBytes = 0
  private inFragment = false
  private last = false
  private fragmentLeft = 0
  private record: Buffer | undefined
  private recordLength = 0
  private consumed = 0
  private readonly maxBytes: number

  constructor(maxBytes: number = limits.recordBytes) {
    this.maxBytes = maxBytes
  }

  push(chunk: Buffer): void {
    if (this.at === this.chunk.length) {
      this.chunk = chunk
      this.at = 0
    } else this.waiting.push(chunk)
  }

  /** Bytes received and not yet handed out: what a stopped connection still holds. */
  get isEmpty(): boolean {
    return this.at === this.chunk.length && this.waiting.length === 0
  }

  private nextChunk(): boolean {
    while (this.at >= this.chunk.length) {
      const next = this.waiting.shift()
      if (next === undefined) return false
      this.chunk = next
      this.at = 0
    }
    return true
  }

  /** The next whole record, undefined when more bytes are needed, or a fault (close the connection). */
  next(): Buffer | undefined | RecordFault {
    for (;;) {
      if (!this.inFragment) {
        while (this.headerBytes < 4) {
          if (!this.nextChunk()) return undefined
          this.header = this.header * 256 + this.chunk[this.at++]!
          this.headerBytes++
          this.consumed++
        }
        this.last = this.header >= LAST_FRAGMENT
        this.fragmentLeft = this.last ? this.header - LAST_FRAGMENT : this.header
        this.header = 0
        this.headerBytes = 0
        if (this.recordLength + this.fragmentLeft > this.maxBytes)
          return { fault: 'record-too-long', offset: this.consumed }
        this.inFragment = true
        if (this.last && this.record === undefined && this.chunk.length - this.at >= this.fragmentLeft) {
          const whole = this.chunk.subarray(this.at, this.at + this.fragmentLeft)
          this.at += this.fragmentLeft
          this.consumed += this.fragmentLeft
          this.inFragment = false
          return whole
        }
        this.grow(this.recordLength + this.fragmentLeft)
      }
      while (this.fragmentLeft > 0) {
        if (!this.nextChunk()) return undefined
        const take = Math.min(this.fragmentLeft, this.chunk.length - this.at)
        this.chunk.copy(this.record!, this.recordLength, this.at, this.at + take)
        this.at += take
        this.recordLength += take
        this.fragmentLeft -= take
        this.consumed += take
      }
      this.inFragment = false
      if (this.last) {
        const whole = this.record!.subarray(0, this.recordLength)
        this.record = undefined
        this.recordLength = 0
        return whole
      }
    }
  }

  private grow(bytes: number): void {
    if (this.record !== undefined && this.record.length >= bytes) return
    // Pages that are never written cost nothing: a peer that announces much and sends little holds little.
    const larger = Buffer.allocUnsafeSlow(this.record === undefined ? bytes : Math.max(bytes, this.record.length * 2))
    this.record?.copy(larger, 0, 0, this.recordLength)
    this.record = larger
  }
}
