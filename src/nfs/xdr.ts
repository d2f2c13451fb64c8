/**
 * XDR (RFC 4506) over a Buffer: a reader with a sticky fault and a writer that grows. Texts are byte strings
 * ("latin1": one character a byte), because names on Linux are bytes and need not be UTF-8.
 */

const EMPTY = Buffer.alloc(0)

export interface XdrFault {
  readonly fault: 'short' | 'too-long' | 'bad-bool'
  readonly offset: number
}

/** After the first fault every read answers zero, false or empty; ask `fault` once at the end. */
export class XdrReader {
  readonly buffer: Buffer
  position: number
  readonly end: number
  fault: XdrFault | undefined = undefined

  constructor(buffer: Buffer, position = 0, end: number = buffer.length) {
    this.buffer = buffer
    this.position = position
    this.end = end
  }

  get remaining(): number {
    return this.end - this.position
  }

  private fail(fault: XdrFault['fault']): void {
    this.fault ??= { fault, offset: this.position }
    this.position = this.end
  }

  u32(): number {
    const at = this.position
    if (at + 4 > this.end) {
      this.fail('short')
      return 0
    }
    this.position = at + 4
    const b = this.buffer
    return b[at]! * 0x1000000 + ((b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!)
  }

  /** Unsigned hyper as a number: exact up to 2^53, beyond that large enough to be refused by range checks. */
  u64(): number {
    const high = this.u32()
    return high * 0x100000000 + this.u32()
  }

  /** RFC 4506 §4.4: only 0 and 1 are booleans. */
  bool(): boolean {
    const value = this.u32()
    if (value > 1) this.fail('bad-bool')
    return value === 1
  }

  /** Variable-length opaque, without copying: valid as long as the record is. */
  opaque(maxBytes: number): Buffer {
    const length = this.u32()
    if (length > maxBytes) {
      this.fail('too-long')
      return EMPTY
    }
    return this.fixed(length)
  }

  fixed(length: number): Buffer {
    const at = this.position
    const padded = (length + 3) & ~3
    if (at + padded > this.end) {
      this.fail('short')
      return EMPTY
    }
    this.position = at + padded
    return this.buffer.subarray(at, at + length)
  }

  /** Byte string. */
  text(maxBytes: number): string {
    const length = this.u32()
    if (length > maxBytes) {
      this.fail('too-long')
      return ''
    }
    const at = this.position
    const padded = (length + 3) & ~3
    if (at + padded > this.end) {
      this.fail('short')
      return ''
    }
    this.position = at + padded
    return this.buffer.toString('latin1', at, at + length)
  }
}

export class XdrWriter {
  buffer: Buffer
  length = 0

  constructor(buffer: Buffer) {
    this.buffer = buffer
  }

  /** Makes room for `bytes` more and answers where they begin. */
  reserve(bytes: number): number {
    const at = this.length
    const need = at + bytes
    if (need > this.buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(need, this.buffer.length * 2))
      this.buffer.copy(larger, 0, 0, at)
      this.buffer = larger
    }
    this.length = need
    return at
  }

  patch(at: number, value: number): void {
    const b = this.buffer
    b[at] = value >>> 24
    b[at + 1] = value >>> 16
    b[at + 2] = value >>> 8
    b[at + 3] = value
  }

  u32(value: number): void {
    this.patch(this.reserve(4), value)
  }

  u64(value: number): void {
    const at = this.reserve(8)
    this.patch(at, Math.floor(value / 0x100000000))
    this.patch(at + 4, value >>> 0)
  }

  bool(value: boolean): void {
    this.u32(value ? 1 : 0)
  }

  fixed(bytes: Uint8Array): void {
    const padded = (bytes.length + 3) & ~3
    const at = this.reserve(padded)
    this.buffer.set(bytes, at)
    for (let i = at + bytes.length; i < at + padded; i++) this.buffer[i] = 0
  }

  opaque(bytes: Uint8Array): void {
    this.u32(bytes.length)
    this.fixed(bytes)
  }

  /** Byte string. */
  text(value: string): void {
    const length = value.length
    const padded = (length + 3) & ~3
    this.u32(length)
    const at = this.reserve(padded)
    this.buffer.write(value, at, length, 'latin1')
    for (let i = at + length; i < at + padded; i++) this.buffer[i] = 0
  }

  /** Takes back everything written after `length`. */
  truncate(length: number): void {
    this.length = length
  }

  bytes(): Buffer {
    return this.buffer.subarray(0, this.length)
  }
}
