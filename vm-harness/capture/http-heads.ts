/** The heads of HTTP requests in what one side of TCP connections sent; bodies are passed over. */
import type { TcpSegment } from './pcap.ts'

const END = '\r\n\r\n'

interface Stream {
  /** Sequence number of the next byte. */
  expected: number
  pending: string
  /** Of a body that is passed over. */
  skip: number
}

export class HttpHeads {
  readonly #streams = new Map<number, Stream>()

  /** @returns the heads that this segment completes, with their empty line */
  take({ sourcePort, sequence, isSyn, payload }: TcpSegment): string[] {
    if (isSyn) this.#streams.set(sourcePort, { expected: (sequence + 1) >>> 0, pending: '', skip: 0 })
    const stream = this.#streams.get(sourcePort)
    // Sent again, or out of order, which one machine on one wire does not do.
    if (stream === undefined || isSyn || sequence !== stream.expected) return []
    stream.expected = (sequence + payload.length) >>> 0
    stream.pending += payload.toString('latin1')
    const heads: string[] = []
    for (;;) {
      const skipped = Math.min(stream.skip, stream.pending.length)
      stream.pending = stream.pending.slice(skipped)
      stream.skip -= skipped
      const end = stream.pending.indexOf(END)
      if (end < 0) return heads
      const head = stream.pending.slice(0, end + END.length)
      heads.push(head)
      stream.pending = stream.pending.slice(head.length)
      stream.skip = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0)
    }
  }
}
