/** The members of a tar archive, one after the other, out of a stream: an archive may be larger than memory. */
import { BLOCK_BYTES, parseTarHeader, paxPath, TarFault, textOf } from './header.ts'

export interface TarMember {
  /** As the archive has it: it may be absolute, or lead out with `..`. */
  readonly path: string
  readonly kind: 'file' | 'directory' | 'other'
  readonly isExecutable: boolean
  readonly sizeBytes: number
  /** Read before the next member is asked for; what is not read is skipped. */
  readonly content: AsyncIterable<Buffer>
}

/** A name or an extended header. */
const HEADER_LIMIT_BYTES = 64 * 1024

/** @throws TarFault, also when the archive has no end */
export async function* tarMembers(source: AsyncIterable<Buffer> | Iterable<Buffer>): AsyncGenerator<TarMember> {
  const bytes = new Bytes(source)
  try {
    yield* membersOf(bytes)
  } finally {
    await bytes.close()
  }
}

async function* membersOf(bytes: Bytes): AsyncGenerator<TarMember> {
  let longPath: string | undefined
  for (;;) {
    const block = await bytes.exactly(BLOCK_BYTES)
    if (block.every((byte) => byte === 0)) return
    const header = parseTarHeader(block)
    if (header.type === 'L' || header.type === 'x' || header.type === 'g') {
      const content = await extendedHeader(bytes, header.sizeBytes)
      if (header.type === 'L') longPath = textOf(content, 0, content.length)
      if (header.type === 'x') longPath = paxPath(content) ?? longPath
      continue
    }
    const kind = kindOf(header.type)
    // POSIX: a directory has no content; its size is a hint to the file system.
    const sizeBytes = kind === 'directory' ? 0 : header.sizeBytes
    const content = contentOf(bytes, sizeBytes)
    yield { path: longPath ?? header.path, kind, isExecutable: (header.mode & 0o100) !== 0, sizeBytes, content }
    longPath = undefined
    for await (const _ of content);
    await bytes.exactly(paddingOf(sizeBytes))
  }
}

async function extendedHeader(bytes: Bytes, sizeBytes: number): Promise<Buffer> {
  if (sizeBytes > HEADER_LIMIT_BYTES) throw new TarFault('an extended header is too long')
  return (await bytes.exactly(sizeBytes + paddingOf(sizeBytes))).subarray(0, sizeBytes)
}

/** Asked a second time, it goes on where the first left off. */
function contentOf(bytes: Bytes, sizeBytes: number): AsyncIterable<Buffer> {
  let left = sizeBytes
  return {
    async *[Symbol.asyncIterator]() {
      while (left > 0) {
        const piece = await bytes.some(left)
        left -= piece.length
        yield piece
      }
    },
  }
}

/** `7`, contiguous, is a file to everyone today. */
function kindOf(type: string): TarMember['kind'] {
  if (type === '0' || type === '\0' || type === '7') return 'file'
  return type === '5' ? 'directory' : 'other'
}

function paddingOf(sizeBytes: number): number {
  return (BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES
}

class Bytes {
  readonly #source: AsyncIterator<Buffer> | Iterator<Buffer>
  #rest: Buffer = Buffer.alloc(0)

  constructor(source: AsyncIterable<Buffer> | Iterable<Buffer>) {
    this.#source = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
  }

  /** At most `count` bytes, at least one. @throws TarFault at the end */
  async some(count: number): Promise<Buffer> {
    while (this.#rest.length === 0) {
      const next = await this.#source.next()
      if (next.done === true) throw new TarFault('the archive is cut short')
      this.#rest = next.value
    }
    const piece = this.#rest.subarray(0, count)
    this.#rest = this.#rest.subarray(piece.length)
    return piece
  }

  async exactly(count: number): Promise<Buffer> {
    const pieces: Buffer[] = []
    for (let left = count; left > 0; ) {
      const piece = await this.some(left)
      pieces.push(piece)
      left -= piece.length
    }
    return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces)
  }

  /** What reads from a file lets go of it. */
  async close(): Promise<void> {
    await this.#source.return?.()
  }
}
