/**
 * Tar archives read, never extracted: here one header block, in `archive.ts` the members of a whole archive. What becomes of a
 * member (a file, a table, a refusal) is the reader's business: this room opens no file and knows no path of this machine.
 * POSIX.1-1988 (ustar), pax extended headers and GNU long names, as every tar writes them.
 */

export const BLOCK_BYTES = 512

export class TarFault extends Error {}

export interface TarHeader {
  /** The type flag: `0` file, `5` directory, `L` GNU long name, `x` and `g` pax headers, ... */
  readonly type: string
  /** Of the header itself: a long name may have come before it. */
  readonly path: string
  readonly mode: number
  readonly sizeBytes: number
}

/** Whether this looks like an archive of a tar of today (v7 archives have no mark). */
export function isTar(bytes: Buffer): boolean {
  return bytes.length >= BLOCK_BYTES && bytes.toString('latin1', 257, 262) === 'ustar'
}

/** @throws TarFault */
export function parseTarHeader(block: Buffer): TarHeader {
  checkSum(block)
  return {
    type: block.toString('latin1', 156, 157),
    path: pathOf(block),
    mode: Number.parseInt(textOf(block, 100, 108).trim() || '0', 8),
    sizeBytes: sizeOf(block),
  }
}

/** Up to the first NUL. */
export function textOf(bytes: Buffer, from: number, to: number): string {
  const end = bytes.indexOf(0, from)
  return bytes.toString('utf8', from, end === -1 || end > to ? to : end)
}

/** The path in a pax header: records `<length> <key>=<value>\n`, the length in bytes. @throws TarFault */
export function paxPath(content: Buffer): string | undefined {
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

function pathOf(block: Buffer): string {
  const prefix = textOf(block, 345, 500)
  // GNU tar's own format has times where ustar has the prefix.
  const isUstar = block.toString('latin1', 257, 263) === 'ustar\0'
  return isUstar && prefix !== '' ? `${prefix}/${textOf(block, 0, 100)}` : textOf(block, 0, 100)
}

/** Octal; with the first bit set, base 256 (GNU). */
function sizeOf(block: Buffer): number {
  const isBinary = ((block[124] ?? 0) & 0x80) !== 0
  const size = isBinary ? Number(block.readBigUInt64BE(128)) : Number.parseInt(textOf(block, 124, 136).trim() || '0', 8)
  if (!Number.isSafeInteger(size) || size < 0) throw new TarFault('a header has no size')
  return size
}

function checkSum(block: Buffer): void {
  const stored = Number.parseInt(textOf(block, 148, 156).trim(), 8)
  let sum = 0
  for (let at = 0; at < BLOCK_BYTES; at++) sum += at >= 148 && at < 156 ? 0x20 : (block[at] ?? 0)
  if (sum !== stored) throw new TarFault('it is no tar archive, or a header is damaged')
}
