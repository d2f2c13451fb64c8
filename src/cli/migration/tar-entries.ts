/**
 * Regular files of a tar archive, out of memory: nothing is extracted, so no path and no link in an archive can reach any
 * file of this machine. POSIX.1-1988 (ustar), pax extended headers and GNU long names, as every tar writes them.
 */

export interface TarEntry {
  readonly path: string
  readonly content: Buffer
}

const BLOCK = 512

export class TarFault extends Error {}

export function isTar(bytes: Buffer): boolean {
  return bytes.length >= BLOCK && bytes.toString('latin1', 257, 262) === 'ustar'
}

/** @throws TarFault */
export function* tarEntries(bytes: Buffer): Generator<TarEntry> {
  let longPath: string | undefined
  for (let at = 0; at + BLOCK <= bytes.length; ) {
    const header = bytes.subarray(at, at + BLOCK)
    if (header.every((byte) => byte === 0)) return
    if (!hasGoodSum(header)) throw new TarFault(`the header at byte ${at} is damaged`)
    const size = readSize(header)
    const start = at + BLOCK
    if (start + size > bytes.length) throw new TarFault('the archive is cut short')
    const content = bytes.subarray(start, start + size)
    const type = String.fromCharCode(header[156] ?? 0)
    if (type === 'L') longPath = text(content, 0, content.length)
    else if (type === 'x') longPath = paxPath(content) ?? longPath
    else if (type !== 'g') {
      if (type === '0' || type === '\0' || type === '7') yield { path: longPath ?? headerPath(header), content }
      longPath = undefined
    }
    at = start + Math.ceil(size / BLOCK) * BLOCK
  }
}

function text(bytes: Buffer, from: number, to: number): string {
  const end = bytes.indexOf(0, from)
  return bytes.toString('utf8', from, end === -1 || end > to ? to : end)
}

function headerPath(header: Buffer): string {
  const prefix = text(header, 345, 500)
  // GNU tar's own format has times where ustar has the prefix.
  const isUstar = header.toString('latin1', 257, 263) === 'ustar\0'
  return isUstar && prefix !== '' ? `${prefix}/${text(header, 0, 100)}` : text(header, 0, 100)
}

/** Octal; with the first bit set, base 256 (GNU). */
function readSize(header: Buffer): number {
  const isBinary = ((header[124] ?? 0) & 0x80) !== 0
  const size = isBinary ? Number(header.readBigUInt64BE(128)) : Number.parseInt(text(header, 124, 136).trim() || '0', 8)
  if (!Number.isSafeInteger(size) || size < 0) throw new TarFault('a header has no size')
  return size
}

function hasGoodSum(header: Buffer): boolean {
  const stored = Number.parseInt(text(header, 148, 156).trim(), 8)
  let sum = 0
  for (let at = 0; at < BLOCK; at++) sum += at >= 148 && at < 156 ? 0x20 : (header[at] ?? 0)
  return sum === stored
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
