/**
 * Files of a tar archive, one after the other, out of a stream: a bundle may be larger than memory. Only regular files and
 * directories are taken: a link or a device in an archive from strangers is refused, and so is every name that leaves
 * the directory it is unpacked to. POSIX.1-1988 (ustar), pax extended headers and GNU long names.
 */

export class TarFault extends Error {}

export interface TarMember {
  /** Relative, without `.`, `..` or empty components. */
  readonly path: string
  readonly isDirectory: boolean
  readonly isExecutable: boolean
  readonly sizeBytes: number
  /** Must be read to its end before the next member is asked for. */
  readonly content: AsyncGenerator<Buffer>
}

const BLOCK = 512
/** A name or an extended header. */
const HEADER_LIMIT = 64 * 1024

class Bytes {
  readonly #source: AsyncIterator<Buffer>
  #rest: Buffer = Buffer.alloc(0)

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]()
  }

  /** At most `count` bytes, at least one; nothing at the end. */
  async some(count: number): Promise<Buffer> {
    while (this.#rest.length === 0) {
      const next = await this.#source.next()
      if (next.done === true) return this.#rest
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
      if (piece.length === 0) throw new TarFault('the archive is cut short')
      pieces.push(piece)
      left -= piece.length
    }
    return Buffer.concat(pieces)
  }
}

/** @throws TarFault */
export async function* tarMembers(source: AsyncIterable<Buffer>): AsyncGenerator<TarMember> {
  const bytes = new Bytes(source)
  let longPath: string | undefined
  for (;;) {
    const header = await bytes.exactly(BLOCK)
    if (header.every((byte) => byte === 0)) return
    checkSum(header)
    const sizeBytes = sizeOf(header)
    const type = String.fromCharCode(header[156] ?? 0)
    if (type === 'L' || type === 'x' || type === 'g') {
      if (sizeBytes > HEADER_LIMIT) throw new TarFault('an extended header is too long')
      const content = (await bytes.exactly(padded(sizeBytes))).subarray(0, sizeBytes)
      if (type === 'L') longPath = textOf(content, 0, content.length)
      if (type === 'x') longPath = paxPath(content) ?? longPath
      continue
    }
    const path = checkedPath(longPath ?? headerPath(header))
    longPath = undefined
    const isDirectory = type === '5'
    if (!isDirectory && type !== '0' && type !== '\0')
      throw new TarFault(`${path} is neither a file nor a directory: links and devices are not taken`)
    const isExecutable = (Number.parseInt(textOf(header, 100, 108).trim() || '0', 8) & 0o100) !== 0
    yield* member(bytes, { path, isDirectory, isExecutable, sizeBytes: isDirectory ? 0 : sizeBytes })
  }
}

async function* member(bytes: Bytes, facts: Omit<TarMember, 'content'>): AsyncGenerator<TarMember> {
  const { path, sizeBytes } = facts
  let left = sizeBytes
  async function* content(): AsyncGenerator<Buffer> {
    while (left > 0) {
      const piece = await bytes.some(left)
      if (piece.length === 0) throw new TarFault('the archive is cut short')
      left -= piece.length
      yield piece
    }
  }
  if (path !== '') yield { ...facts, content: content() }
  for await (const _ of content());
  await bytes.exactly(padded(sizeBytes) - sizeBytes)
}

function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK
}

function checkedPath(path: string): string {
  const parts = path.replace(/^\.\//, '').replace(/\/$/, '').split('/')
  if (path === '.' || path === './') return ''
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (parts.some((part) => part === '' || part === '.' || part === '..' || /[\u0000-\u001f]/.test(part)))
    throw new TarFault(`the name ${JSON.stringify(path)} leaves the bundle`)
  return parts.join('/')
}

function textOf(bytes: Buffer, from: number, to: number): string {
  const end = bytes.indexOf(0, from)
  return bytes.toString('utf8', from, end === -1 || end > to ? to : end)
}

function headerPath(header: Buffer): string {
  const prefix = textOf(header, 345, 500)
  const isUstar = header.toString('latin1', 257, 263) === 'ustar\0'
  return isUstar && prefix !== '' ? `${prefix}/${textOf(header, 0, 100)}` : textOf(header, 0, 100)
}

/** Octal; with the first bit set, base 256 (GNU). */
function sizeOf(header: Buffer): number {
  const isBinary = ((header[124] ?? 0) & 0x80) !== 0
  const size = isBinary
    ? Number(header.readBigUInt64BE(128))
    : Number.parseInt(textOf(header, 124, 136).trim() || '0', 8)
  if (!Number.isSafeInteger(size) || size < 0) throw new TarFault('a header has no size')
  return size
}

function checkSum(header: Buffer): void {
  const stored = Number.parseInt(textOf(header, 148, 156).trim(), 8)
  let sum = 0
  for (let at = 0; at < BLOCK; at++) sum += at >= 148 && at < 156 ? 0x20 : (header[at] ?? 0)
  if (sum !== stored) throw new TarFault('it is no tar archive, or a header is damaged')
}

/** Records `<length> <key>=<value>\n`, the length in bytes. */
function paxPath(content: Buffer): string | undefined {
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(0x20, at)
    const length = space === -1 ? 0 : Number(content.toString('latin1', at, space))
    if (!Number.isInteger(length) || length < 5 || at + length > content.length)
      throw new TarFault('an extended header is damaged')
    const record = content.toString('utf8', space + 1, at + length - 1)
    if (record.startsWith('path=')) return record.slice('path='.length)
    at += length
  }
  return undefined
}
