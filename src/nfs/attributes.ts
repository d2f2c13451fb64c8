/** What the file system says about a file, in the form NFS needs it. */
import type { BigIntStats } from 'node:fs'

export type FileType = 'reg' | 'dir' | 'blk' | 'chr' | 'lnk' | 'sock' | 'fifo'

export interface Attributes {
  readonly type: FileType
  /** Permission bits with set-id and sticky, without the type. */
  readonly mode: number
  readonly nlink: number
  readonly uid: number
  readonly gid: number
  readonly size: number
  readonly usedBytes: number
  readonly rdevMajor: number
  readonly rdevMinor: number
  readonly device: number
  readonly inoHigh: number
  readonly inoLow: number
  readonly birthNs: bigint
  readonly atimeSeconds: number
  readonly atimeNanos: number
  readonly mtimeSeconds: number
  readonly mtimeNanos: number
  readonly ctimeSeconds: number
  readonly ctimeNanos: number
}

const NS = 1_000_000_000n
/** By the upper four bits of st_mode (S_IFREG is 0o100000). Decimal: the formatter miscounts octal keys. */
const TYPES: Readonly<Record<number, FileType>> = {
  8: 'reg',
  4: 'dir',
  6: 'blk',
  2: 'chr',
  10: 'lnk',
  12: 'sock',
  1: 'fifo',
}

/** nfstime3 is unsigned 32 bits: times outside 1970–2106 are clamped. */
function clampSeconds(seconds: number): number {
  return seconds < 0 ? 0 : seconds > 0xffffffff ? 0xffffffff : seconds
}

export function attributesOf(stats: BigIntStats): Attributes {
  const mode = Number(stats.mode)
  const type = TYPES[mode >> 12] ?? 'reg'
  const atime = stats.atimeNs / NS
  const mtime = stats.mtimeNs / NS
  const ctime = stats.ctimeNs / NS
  const isDevice = type === 'chr' || type === 'blk'
  const rdev = isDevice ? Number(stats.rdev) : 0
  const low = rdev % 0x100000000
  const high = Math.floor(rdev / 0x100000000)
  return {
    type,
    mode: mode & 0o7777,
    nlink: Number(stats.nlink),
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    size: Number(stats.size),
    usedBytes: Number(stats.blocks) * 512,
    // Linux dev_t: major in bits 8–19 and 44–63, minor in bits 0–7 and 20–43.
    rdevMajor: ((low >>> 8) & 0xfff) + (high >>> 12) * 4096,
    rdevMinor: (low & 0xff) + ((low >>> 20) << 8) + (high & 0xfff) * 0x100000,
    device: Number(BigInt.asUintN(32, stats.dev)),
    inoHigh: Number(BigInt.asUintN(32, stats.ino >> 32n)),
    inoLow: Number(BigInt.asUintN(32, stats.ino)),
    birthNs: BigInt.asUintN(64, stats.birthtimeNs),
    atimeSeconds: clampSeconds(Number(atime)),
    atimeNanos: atime < 0n ? 0 : Number(stats.atimeNs - atime * NS),
    mtimeSeconds: clampSeconds(Number(mtime)),
    mtimeNanos: mtime < 0n ? 0 : Number(stats.mtimeNs - mtime * NS),
    ctimeSeconds: clampSeconds(Number(ctime)),
    ctimeNanos: ctime < 0n ? 0 : Number(stats.ctimeNs - ctime * NS),
  }
}

/** Number a file is filed under: the low 53 bits of the inode number, exact for every file system but a few overlays. */
export function inodeKey(inoHigh: number, inoLow: number): number {
  return (inoHigh & 0x1fffff) * 0x100000000 + inoLow
}

export function isSameFile(a: Attributes, b: Attributes): boolean {
  return a.inoLow === b.inoLow && a.inoHigh === b.inoHigh && a.device === b.device && a.birthNs === b.birthNs
}

/** Neither content nor entries nor attributes changed between the two. */
export function isUnchanged(a: Attributes, b: Attributes): boolean {
  return (
    a.mtimeNanos === b.mtimeNanos &&
    a.ctimeNanos === b.ctimeNanos &&
    a.mtimeSeconds === b.mtimeSeconds &&
    a.ctimeSeconds === b.ctimeSeconds
  )
}
