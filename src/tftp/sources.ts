/** The bytes of one transfer, in order: from memory, from a large file, or either of them as netascii. */
import { CHUNK_BYTES } from './limits.ts'
import { NetasciiEncoder, netasciiSizeBytes } from './netascii.ts'
import type { SharedFile } from './shelf.ts'

/** The bytes are not in memory yet: call `load`, then pull again. Nothing was taken. */
export const NOT_LOADED = -1

export interface ByteSource {
  /** Bytes on the wire, when they are known before the end. */
  readonly sizeBytes: number | undefined
  /** Copies the next bytes to `target[start, start + length)`. Fewer than `length` only at the end of the file. */
  pull(target: Buffer, start: number, length: number): number
  load(): Promise<void>
}

export class MemorySource implements ByteSource {
  readonly sizeBytes: number
  readonly #data: Buffer
  #at = 0

  constructor(data: Buffer) {
    this.#data = data
    this.sizeBytes = data.length
  }

  pull(target: Buffer, start: number, length: number): number {
    const taken = this.#data.copy(target, start, this.#at, Math.min(this.#at + length, this.#data.length))
    this.#at += taken
    return taken
  }

  async load(): Promise<void> {}
}

export class FileSource implements ByteSource {
  readonly sizeBytes: number
  readonly #file: SharedFile
  #at = 0

  constructor(file: SharedFile) {
    this.#file = file
    this.sizeBytes = file.sizeBytes
  }

  pull(target: Buffer, start: number, length: number): number {
    const want = Math.min(length, this.sizeBytes - this.#at)
    let taken = 0
    while (taken < want) {
      const at = this.#at + taken
      const chunk = this.#file.chunk(Math.floor(at / CHUNK_BYTES))
      if (!chunk) return NOT_LOADED
      const inChunk = at % CHUNK_BYTES
      taken += chunk.copy(target, start + taken, inChunk, Math.min(inChunk + want - taken, chunk.length))
    }
    const chunkBefore = Math.floor((this.#at + CHUNK_BYTES / 2) / CHUNK_BYTES)
    this.#at += taken
    // Half-way through a chunk the next one is fetched, so that a steady reader never waits.
    const chunkAhead = Math.floor((this.#at + CHUNK_BYTES / 2) / CHUNK_BYTES)
    if (chunkAhead !== chunkBefore) this.#readAhead(chunkAhead)
    return taken
  }

  async load(): Promise<void> {
    const index = Math.floor(this.#at / CHUNK_BYTES)
    const missing = this.#file.chunk(index) ? index + 1 : index
    await this.#file.load(missing)
  }

  #readAhead(index: number): void {
    if (index * CHUNK_BYTES >= this.sizeBytes || this.#file.chunk(index)) return
    // A read that fails here fails again in `load`, where it is reported.
    this.#file.load(index).catch(() => undefined)
  }
}

const TEXT_BYTES = 4096

export class NetasciiSource implements ByteSource {
  readonly sizeBytes: number | undefined
  readonly #inner: ByteSource
  readonly #encoder = new NetasciiEncoder()
  readonly #text = Buffer.allocUnsafe(TEXT_BYTES)
  #textAt = 0
  #textEnd = 0
  #innerEnded = false
  #staged: Buffer = Buffer.alloc(0)
  #stagedBytes = 0

  /** @param whole the text itself where it is in memory: then the size on the wire can be told exactly */
  constructor(inner: ByteSource, whole: Buffer | undefined) {
    this.#inner = inner
    this.sizeBytes = whole && netasciiSizeBytes(whole)
  }

  pull(target: Buffer, start: number, length: number): number {
    // Text is staged: a block that stops half-way for the disk is continued, not begun again.
    if (this.#staged.length < length) this.#staged = Buffer.allocUnsafe(length)
    while (this.#stagedBytes < length) {
      if (this.#textAt === this.#textEnd && !this.#innerEnded) {
        const taken = this.#inner.pull(this.#text, 0, TEXT_BYTES)
        if (taken === NOT_LOADED) return NOT_LOADED
        this.#textAt = 0
        this.#textEnd = taken
        this.#innerEnded = taken < TEXT_BYTES
      }
      if (this.#textAt === this.#textEnd && !this.#encoder.pending) break
      const text = this.#text.subarray(0, this.#textEnd)
      const { read, at } = this.#encoder.encode(text, this.#textAt, this.#staged, this.#stagedBytes, length)
      this.#textAt += read
      this.#stagedBytes = at
    }
    const taken = this.#staged.copy(target, start, 0, this.#stagedBytes)
    this.#stagedBytes = 0
    return taken
  }

  load(): Promise<void> {
    return this.#inner.load()
  }
}
