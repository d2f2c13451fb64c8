/** A file coming in from a client (WRQ): which blocks are taken and when they are acknowledged. Pure; blocks count from 1. */
export type ReceiveStep =
  /** Take the data, say nothing yet: the window is not complete. */
  | 'take'
  /** Take the data, then acknowledge. */
  | 'take-ack'
  /** Take the data, the file is complete: store it, then acknowledge. */
  | 'take-last'
  /** Not the block that is due: acknowledge the last one in order. */
  | 'ack'
  | 'ignore'

export class ReceiveTransfer {
  /** The block that is due. */
  due = 1
  complete = false
  readonly #blockSizeBytes: number
  readonly #windowSize: number
  #sinceAck = 0
  #gapAcked = false

  constructor(blockSizeBytes: number, windowSize: number) {
    this.#blockSizeBytes = blockSizeBytes
    this.#windowSize = windowSize
  }

  /** The number to acknowledge: the last block in order, 16 bits. */
  get lastInOrder(): number {
    return (this.due - 1) & 0xffff
  }

  /** @param block 16 bits from the packet */
  takeData(block: number, lengthBytes: number): ReceiveStep {
    if (lengthBytes > this.#blockSizeBytes) return 'ignore'
    const distance = (block - this.due) & 0xffff
    if (distance !== 0 || this.complete) return this.#takeOther(distance)
    this.due += 1
    this.#gapAcked = false
    this.#sinceAck += 1
    if (lengthBytes < this.#blockSizeBytes) {
      this.complete = true
      return 'take-last'
    }
    if (this.#sinceAck < this.#windowSize) return 'take'
    this.#sinceAck = 0
    return 'take-ack'
  }

  #takeOther(distance: number): ReceiveStep {
    // The last acknowledged block again: its ACK was lost (RFC 1350 §2). Also after the end, which is what dallying is
    // for, but not inside a window, where an ACK would say that there is a gap.
    const lastAcked = distance === 0xffff && this.#sinceAck === 0
    if (lastAcked || (this.complete && (distance === 0xffff || distance === 0))) return 'ack'
    // RFC 7440 §4: a gap is told once, at the first block behind it.
    if (distance > 0 && distance < this.#windowSize && !this.#gapAcked && !this.complete) {
      this.#gapAcked = true
      this.#sinceAck = 0
      return 'ack'
    }
    return 'ignore'
  }
}
