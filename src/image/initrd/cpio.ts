/**
 * cpio archives in the "newc" form that the kernel unpacks (Documentation/driver-api/early-userspace/buffer-format.rst).
 *
 * Deterministic: what is in the archive depends on names, modes and content only. Owner 0:0, time 0, inode numbers in order.
 */

export interface CpioEntry {
  /** Without leading slash. */
  readonly name: string
  readonly kind: 'file' | 'dir' | 'symlink' | 'char'
  /** Permission bits. */
  readonly mode: number
  /** Content of a file, target of a symlink. */
  readonly data?: Buffer
  /** Major and minor of a device node. */
  readonly device?: readonly [number, number]
}

export type CpioFault = { readonly fault: 'short' | 'magic' | 'number' | 'name' | 'kind'; readonly offset: number }

const MAGIC = '070701'
const HEADER_BYTES = 110
const TRAILER = 'TRAILER!!!'
const KIND_BITS = { file: 0o100000, dir: 0o040000, symlink: 0o120000, char: 0o020000 } as const
/** The whole archive is padded to this, as cpio(1) does. */
const BLOCK_BYTES = 512

export function encodeCpio(entries: readonly CpioEntry[]): Buffer {
  const sorted = [...entries].sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)))
  const chunks: Buffer[] = []
  for (const [index, entry] of sorted.entries()) chunks.push(...encodeEntry(entry, index + 1))
  chunks.push(...encodeRecord(TRAILER, [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0], Buffer.alloc(0)))
  const size = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
  chunks.push(Buffer.alloc((BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES))
  return Buffer.concat(chunks)
}

function encodeEntry(entry: CpioEntry, inode: number): Buffer[] {
  const data = entry.data ?? Buffer.alloc(0)
  const [major, minor] = entry.device ?? [0, 0]
  const linkCount = entry.kind === 'dir' ? 2 : 1
  const mode = KIND_BITS[entry.kind] | entry.mode
  return encodeRecord(entry.name, [inode, mode, 0, 0, linkCount, 0, data.length, 0, 0, major, minor], data)
}

/** Fields in order: inode mode uid gid links mtime size devmajor devminor rdevmajor rdevminor, then name size and check. */
function encodeRecord(name: string, fields: readonly number[], data: Buffer): Buffer[] {
  const nameBytes = Buffer.from(`${name}\0`)
  const numbers = [...fields, nameBytes.length, 0].map((value) => value.toString(16).toUpperCase().padStart(8, '0'))
  const header = Buffer.concat([Buffer.from(MAGIC + numbers.join('')), nameBytes])
  return [header, Buffer.alloc(-header.length & 3), data, Buffer.alloc(-data.length & 3)]
}

/** Reads one archive; what follows its trailer is not looked at. */
export function parseCpio(bytes: Buffer): CpioEntry[] | CpioFault {
  const entries: CpioEntry[] = []
  let offset = 0
  while (offset + HEADER_BYTES <= bytes.length) {
    const header = bytes.toString('latin1', offset, offset + HEADER_BYTES)
    if (!header.startsWith(MAGIC)) return { fault: 'magic', offset }
    const numbers = (header.slice(6).match(/.{8}/g) ?? []).map((hex) =>
      /^[0-9a-fA-F]{8}$/.test(hex) ? Number.parseInt(hex, 16) : Number.NaN,
    )
    if (numbers.some(Number.isNaN)) return { fault: 'number', offset }
    const [, mode = 0, , , , , size = 0, , , major = 0, minor = 0, nameSize = 0] = numbers
    const nameStart = offset + HEADER_BYTES
    const dataStart = (nameStart + nameSize + 3) & ~3
    if (nameSize === 0 || dataStart + size > bytes.length) return { fault: 'short', offset }
    if (bytes[nameStart + nameSize - 1] !== 0) return { fault: 'name', offset }
    const name = bytes.toString('utf8', nameStart, nameStart + nameSize - 1)
    if (name === TRAILER) return entries
    const kind = kindOf(mode)
    if (kind === undefined) return { fault: 'kind', offset }
    const base = { name, kind, mode: mode & 0o7777 }
    if (kind === 'char') entries.push({ ...base, device: [major, minor] })
    else if (kind === 'dir') entries.push(base)
    else entries.push({ ...base, data: bytes.subarray(dataStart, dataStart + size) })
    offset = (dataStart + size + 3) & ~3
  }
  return { fault: 'short', offset }
}

function kindOf(mode: number): CpioEntry['kind'] | undefined {
  const bits = mode & 0o170000
  return bits === KIND_BITS.file
    ? 'file'
    : bits === KIND_BITS.dir
      ? 'dir'
      : bits === KIND_BITS.symlink
        ? 'symlink'
        : bits === KIND_BITS.char
          ? 'char'
          : undefined
}
