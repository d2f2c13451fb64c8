/**
 * One file on its way to a client: the window, the waits and the end, without bytes, sockets or timers.
 *
 * Blocks are counted from 1 without wrapping; block 0 stands for the OACK. The driver asks `blockToSend`, sends it, says
 * `sent`, and reports ACKs and time-outs. A duplicate ACK never sends anything (RFC 1123 §4.2.3.1, the Sorcerer's
 * Apprentice): only progress, a gap inside the window, or a time-out does.
 */
import { RETRY_FIRST_MS, RETRY_LIMIT, RETRY_MAX_MS, RETRY_MIN_MS, SILENCE_MAX_MS } from './limits.ts'

export interface SendOptions {
  readonly windowSize: number
  /** Negotiated (RFC 2349): then every wait is this long. Otherwise waits follow the round trip and back off. */
  readonly timeoutMs: number | undefined
  /** An OACK goes first and waits for ACK 0 (RFC 2347). */
  readonly withOptionAck: boolean
}

export type SendStep = 'ignore' | 'send' | 'done' | 'give-up'

export class SendTransfer {
  /** First block that is not acknowledged. */
  base: number
  /** Next block to send. */
  next: number
  /** The last block of the file, once its length is known. */
  last = Number.POSITIVE_INFINITY
  /** When to call `takeTimeout`; infinite while nothing is on its way. */
  deadlineMs = Number.POSITIVE_INFINITY
  /** Time-outs since the last progress. */
  retries = 0
  /** Blocks sent more than once, over the whole transfer. */
  resent = 0
  duplicateAcks = 0

  readonly #windowSize: number
  readonly #fixedMs: number | undefined
  #highest: number
  #smoothedMs = -1
  #variationMs = 0
  #waitMs: number
  #windowStartMs = 0
  #windowResent = false
  #quietSinceMs = -1

  constructor(options: SendOptions) {
    this.base = options.withOptionAck ? 0 : 1
    this.next = this.base
    this.#highest = this.base - 1
    this.#windowSize = options.windowSize
    this.#fixedMs = options.timeoutMs
    this.#waitMs = options.timeoutMs ?? RETRY_FIRST_MS
  }

  /** The block to send now, or -1 when the window is full or everything is sent. */
  blockToSend(): number {
    if (this.next > this.last) return -1
    // RFC 2347: no data before the OACK is acknowledged.
    const limit = this.base === 0 ? 1 : this.base + this.#windowSize
    return this.next < limit ? this.next : -1
  }

  /** `block` (from `blockToSend`) has been handed to the socket. */
  sent(block: number, nowMs: number): void {
    if (block === this.base) this.#windowStartMs = nowMs
    if (block <= this.#highest) {
      this.resent += 1
      this.#windowResent = true
    } else this.#highest = block
    this.next = block + 1
    this.deadlineMs = nowMs + this.#waitMs
    if (this.#quietSinceMs < 0) this.#quietSinceMs = nowMs
  }

  /** @param block the 16 bits of the packet; block numbers wrap to 0 after 65535 */
  takeAck(block: number, nowMs: number): SendStep {
    const before = this.base - 1
    const acknowledged = before + ((block - before) & 0xffff)
    // Counted against the highest block ever sent: after a time-out `next` is back at the base, but the ACK for the
    // blocks that were under way may still come in.
    if (acknowledged === before || acknowledged > this.#highest) {
      this.duplicateAcks += 1
      return 'ignore'
    }
    this.#measure(nowMs)
    this.retries = 0
    this.#quietSinceMs = -1
    this.base = acknowledged + 1
    if (this.base > this.last) {
      this.deadlineMs = Number.POSITIVE_INFINITY
      return 'done'
    }
    // RFC 7440 §4: an ACK inside the window tells of a gap; go on from the block behind it.
    if (this.next !== this.base) {
      this.next = this.base
      this.#windowResent = true
    } else this.#windowResent = false
    this.deadlineMs = Number.POSITIVE_INFINITY
    return 'send'
  }

  takeTimeout(nowMs: number): SendStep {
    if (nowMs < this.deadlineMs) return 'ignore'
    this.retries += 1
    const quietMs = nowMs - this.#quietSinceMs
    if (this.retries > RETRY_LIMIT || (this.retries > 2 && quietMs > SILENCE_MAX_MS)) return 'give-up'
    // RFC 1123 §4.2.3.2: exponential back-off.
    if (this.#fixedMs === undefined) this.#waitMs = Math.min(this.#waitMs * 2, RETRY_MAX_MS)
    this.next = this.base
    this.#windowResent = true
    return 'send'
  }

  /** The wait follows the round trip as in RFC 6298; a window with a resent block tells nothing (Karn). */
  #measure(nowMs: number): void {
    if (this.#fixedMs !== undefined) return
    if (!this.#windowResent) {
      const sampleMs = nowMs - this.#windowStartMs
      if (this.#smoothedMs < 0) {
        this.#smoothedMs = sampleMs
        this.#variationMs = sampleMs / 2
      } else {
        this.#variationMs += (Math.abs(this.#smoothedMs - sampleMs) - this.#variationMs) / 4
        this.#smoothedMs += (sampleMs - this.#smoothedMs) / 8
      }
    }
    const waitMs = this.#smoothedMs < 0 ? RETRY_FIRST_MS : this.#smoothedMs + 4 * this.#variationMs
    this.#waitMs = Math.min(Math.max(waitMs, RETRY_MIN_MS), RETRY_MAX_MS)
  }
}
