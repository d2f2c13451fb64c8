/**
 * A tree as a cpio archive of the "newc" form (Documentation/driver-api/early-userspace/buffer-format.rst), in pieces:
 * never more than one piece in memory. The bytes depend on the tree only: order as given, inode numbers counted up.
 *
 * Hard links carry their content on the last of them, as GNU cpio writes them. Extended attributes have no place in newc.
 */
import { type BigIntStats, closeSync, fstatSync, openSync, readlinkSync, readSync } from 'node:fs'
import { ImageError } from '../image-error.ts'
import { bytesOfName, shownName } from './file-name.ts'
import { absolute, statOf } from './selection.ts'

/** Sizes have eight hex digits. */
const SIZE_LIMIT = 2n ** 32n
const FIELD_MAX = 0xffffffffn
/** PATH_MAX with its NUL: neither the kernel nor cpio programs take longer names. */
const NAME_BYTES_MAX = 4096
const PIECE_BYTES = 1024 * 1024
/** The whole archive is padded to this, as cpio(1) does. */
const BLOCK_BYTES = 512

interface Inode {
  readonly number: number
  /** Names of it in the archive. */
  names: number
  written: number
}

/**
 * @param paths as in `Selection`
 * @param onPath told before each path is read
 * @throws ImageError image-pack for what the form cannot hold
 */
export function* newcPieces(
  root: string,
  paths: readonly string[],
  onPath: (index: number) => void = () => undefined,
): Generator<Buffer> {
  const out = new Pieces()
  const inodes = countLinks(root, paths)
  let nextInode = 1
  for (const [index, path] of paths.entries()) {
    onPath(index)
    const stat = statOf(root, path)
    const shared = stat.isFile() ? inodes.get(keyOf(stat)) : undefined
    if (shared !== undefined) shared.written++
    const inode = shared?.number ?? inodes.size + nextInode++
    const links = stat.isDirectory() ? 2 : (shared?.names ?? 1)
    const isLast = shared === undefined || shared.written === shared.names
    if (stat.isFile() && isLast && stat.size > 0n) yield* fileRecord(out, root, path, stat, inode, links)
    else {
      const data = stat.isSymbolicLink() ? readlinkSync(absolute(root, path), 'buffer') : Buffer.alloc(0)
      yield* out.add(header(path, stat, inode, links, BigInt(data.length)))
      yield* out.add(data)
      yield* out.align(4)
    }
  }
  yield* out.add(trailer())
  yield* out.align(BLOCK_BYTES)
  yield* out.flush()
}

function keyOf(stat: BigIntStats): string {
  return `${stat.dev} ${stat.ino}`
}

/** Files with several names in the archive; names outside of it do not count. */
function countLinks(root: string, paths: readonly string[]): Map<string, Inode> {
  const found = new Map<string, number>()
  for (const path of paths) {
    const stat = statOf(root, path)
    if (stat.isFile() && stat.size >= SIZE_LIMIT)
      throw new ImageError(
        'image-pack',
        `${shownName(path.slice(1))} has ${stat.size} bytes, a cpio archive takes files below 4 GiB: leave it out (exlist), or pack with -m squashfs`,
      )
    if (stat.isFile() && stat.nlink > 1n) found.set(keyOf(stat), (found.get(keyOf(stat)) ?? 0) + 1)
  }
  const several = [...found].filter(([, names]) => names > 1)
  return new Map(several.map(([key, names], index) => [key, { number: index + 1, names, written: 0 }]))
}

function* fileRecord(
  out: Pieces,
  root: string,
  path: string,
  found: BigIntStats,
  inode: number,
  links: number,
): Generator<Buffer> {
  const fd = openSync(absolute(root, path), 'r')
  try {
    const { size } = fstatSync(fd, { bigint: true })
    if (size >= SIZE_LIMIT) throw new ImageError('image-pack', `${shownName(path.slice(1))} grew while it was read`)
    yield* out.add(header(path, found, inode, links, size))
    for (let left = Number(size); left > 0; ) {
      const room = out.room()
      const read = readSync(fd, room, 0, Math.min(room.length, left), null)
      if (read === 0)
        throw new ImageError(
          'image-pack',
          `${shownName(path.slice(1))} became shorter while it was read: somebody writes in the image; run again when that has ended`,
        )
      left -= read
      yield* out.filled(read)
    }
    yield* out.align(4)
  } finally {
    closeSync(fd)
  }
}

function header(path: string, stat: BigIntStats, inode: number, links: number, size: bigint): Buffer {
  const name = bytesOfName(path)
  if (name.length >= NAME_BYTES_MAX)
    throw new ImageError('image-pack', `the name ${shownName(path.slice(1, 60))}… is too long for a cpio archive`)
  const seconds = stat.mtimeNs / 1_000_000_000n
  const isDevice = stat.isCharacterDevice() || stat.isBlockDevice()
  const { major, minor } = isDevice ? deviceOf(stat.rdev) : { major: 0n, minor: 0n }
  const fields = [
    ...[BigInt(inode), stat.mode, stat.uid, stat.gid, BigInt(links)],
    // Before 1970 or after 2106: as near as the form allows.
    seconds < 0n ? 0n : seconds > FIELD_MAX ? FIELD_MAX : seconds,
    ...[size, 0n, 0n, major, minor],
  ]
  return record(fields, name)
}

function trailer(): Buffer {
  return record([0n, 0n, 0n, 0n, 1n, 0n, 0n, 0n, 0n, 0n, 0n], Buffer.from('TRAILER!!!'))
}

/** Fields in order: inode mode uid gid links mtime size devmajor devminor rdevmajor rdevminor, then name size and check. */
function record(fields: readonly bigint[], name: Buffer): Buffer {
  const numbers = [...fields, BigInt(name.length + 1), 0n].map((value) =>
    value.toString(16).toUpperCase().padStart(8, '0'),
  )
  const head = Buffer.from(`070701${numbers.join('')}`)
  const size = head.length + name.length + 1
  return Buffer.concat([head, name], size + (-size & 3))
}

/** makedev(3) of the GNU C library, backwards. */
function deviceOf(rdev: bigint): { readonly major: bigint; readonly minor: bigint } {
  return {
    major: ((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & ~0xfffn),
    minor: (rdev & 0xffn) | ((rdev >> 12n) & ~0xffn),
  }
}

/** Collects bytes into pieces of one size. A piece that was handed out is never written to again. */
class Pieces {
  #piece: Buffer = Buffer.allocUnsafeSlow(PIECE_BYTES)
  #used = 0
  #total = 0

  /** Where the next bytes go; at least one. */
  room(): Buffer {
    return this.#piece.subarray(this.#used)
  }

  *filled(count: number): Generator<Buffer> {
    this.#used += count
    this.#total += count
    if (this.#used < PIECE_BYTES) return
    yield this.#piece
    this.#piece = Buffer.allocUnsafeSlow(PIECE_BYTES)
    this.#used = 0
  }

  *add(bytes: Buffer): Generator<Buffer> {
    for (let at = 0; at < bytes.length; ) {
      const count = bytes.copy(this.room(), 0, at)
      at += count
      yield* this.filled(count)
    }
  }

  *align(to: number): Generator<Buffer> {
    const missing = (to - (this.#total % to)) % to
    if (missing > 0) yield* this.add(Buffer.alloc(missing))
  }

  *flush(): Generator<Buffer> {
    if (this.#used > 0) yield this.#piece.subarray(0, this.#used)
  }
}
