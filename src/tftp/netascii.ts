/**
 * netascii (RFC 1350 §1, RFC 764): lines end in CR LF on the wire, a carriage return of the file is CR NUL.
 * Both directions run over a stream that may be cut anywhere, also between the two bytes of a pair.
 */
const NUL = 0
const LF = 10
const CR = 13

/** Length of the text on the wire: each LF and each CR takes one byte more. */
export function netasciiSizeBytes(text: Uint8Array): number {
  let size = text.length
  for (const byte of text) if (byte === LF || byte === CR) size += 1
  return size
}

export class NetasciiEncoder {
  #second = -1

  /** True when the second byte of a pair still has to be written. */
  get pending(): boolean {
    return this.#second >= 0
  }

  /** Writes as much as fits into `target[start, end)`; says how many bytes were read and where writing stopped. */
  encode(text: Uint8Array, from: number, target: Uint8Array, start: number, end: number): { read: number; at: number } {
    let at = start
    let read = from
    if (this.#second >= 0 && at < end) {
      target[at++] = this.#second
      this.#second = -1
    }
    while (at < end && read < text.length) {
      const byte = text[read++]!
      if (byte !== LF && byte !== CR) {
        target[at++] = byte
        continue
      }
      target[at++] = CR
      const second = byte === LF ? LF : NUL
      if (at < end) target[at++] = second
      else this.#second = second
    }
    return { read: read - from, at }
  }
}

export class NetasciiDecoder {
  #afterCr = false

  /** The file's bytes. A CR that is followed by neither LF nor NUL is kept as it is. */
  decode(wire: Uint8Array): Buffer {
    const text = Buffer.allocUnsafe(wire.length + 1)
    let at = 0
    for (const byte of wire) {
      if (this.#afterCr) {
        this.#afterCr = false
        if (byte === LF || byte === NUL) {
          text[at++] = byte === LF ? LF : CR
          continue
        }
        text[at++] = CR
      }
      if (byte === CR) this.#afterCr = true
      else text[at++] = byte
    }
    return text.subarray(0, at)
  }

  /** What is left at the end of the file: a CR that waited for its second byte. */
  end(): Buffer {
    const rest = this.#afterCr ? Buffer.from([CR]) : Buffer.alloc(0)
    this.#afterCr = false
    return rest
  }
}
