/** Structures that several procedures share (RFC 1813 §2.5–2.6): attributes out, settable attributes in. */
import type { Attributes, FileType } from '../attributes.ts'
import type { XdrReader, XdrWriter } from '../xdr.ts'

/** ftype3 */
export const fileTypeNumbers: Readonly<Record<FileType, number>> = {
  reg: 1,
  dir: 2,
  blk: 3,
  chr: 4,
  lnk: 5,
  sock: 6,
  fifo: 7,
}

/** fattr3, 84 bytes. `fsid` is the export's id: stable over restarts, whatever disk it is on. */
export function encodeAttributes(out: XdrWriter, a: Attributes, fsid: number): void {
  const at = out.reserve(84)
  out.patch(at, fileTypeNumbers[a.type])
  out.patch(at + 4, a.mode)
  out.patch(at + 8, a.nlink)
  out.patch(at + 12, a.uid)
  out.patch(at + 16, a.gid)
  out.patch(at + 20, Math.floor(a.size / 0x100000000))
  out.patch(at + 24, a.size >>> 0)
  out.patch(at + 28, Math.floor(a.usedBytes / 0x100000000))
  out.patch(at + 32, a.usedBytes >>> 0)
  out.patch(at + 36, a.rdevMajor)
  out.patch(at + 40, a.rdevMinor)
  out.patch(at + 44, 0)
  out.patch(at + 48, fsid)
  out.patch(at + 52, a.inoHigh)
  out.patch(at + 56, a.inoLow)
  out.patch(at + 60, a.atimeSeconds)
  out.patch(at + 64, a.atimeNanos)
  out.patch(at + 68, a.mtimeSeconds)
  out.patch(at + 72, a.mtimeNanos)
  out.patch(at + 76, a.ctimeSeconds)
  out.patch(at + 80, a.ctimeNanos)
}

/** post_op_attr */
export function encodePostOp(out: XdrWriter, a: Attributes | undefined, fsid: number): void {
  out.bool(a !== undefined)
  if (a !== undefined) encodeAttributes(out, a, fsid)
}

/** wcc_data: what it was before the call, what it is after. */
export function encodeWcc(
  out: XdrWriter,
  before: Attributes | undefined,
  after: Attributes | undefined,
  fsid: number,
): void {
  if (before === undefined) out.u32(0)
  else {
    out.u32(1)
    out.u64(before.size)
    out.u32(before.mtimeSeconds)
    out.u32(before.mtimeNanos)
    out.u32(before.ctimeSeconds)
    out.u32(before.ctimeNanos)
  }
  encodePostOp(out, after, fsid)
}

/** post_op_fh3 */
export function encodePostOpHandle(out: XdrWriter, handle: Buffer): void {
  out.u32(1)
  out.opaque(handle)
}

export interface NfsTime {
  readonly seconds: number
  readonly nanos: number
}

/** sattr3; undefined: leave as it is. */
export interface SetAttributes {
  readonly mode: number | undefined
  readonly uid: number | undefined
  readonly gid: number | undefined
  readonly size: number | undefined
  readonly atime: 'server' | NfsTime | undefined
  readonly mtime: 'server' | NfsTime | undefined
}

function parseSetTime(args: XdrReader): 'server' | NfsTime | undefined {
  const how = args.u32()
  if (how === 1) return 'server'
  if (how === 0) return undefined
  const seconds = args.u32()
  return { seconds, nanos: args.u32() }
}

export function parseSetAttributes(args: XdrReader): SetAttributes {
  const mode = args.bool() ? args.u32() & 0o7777 : undefined
  const uid = args.bool() ? args.u32() : undefined
  const gid = args.bool() ? args.u32() : undefined
  const size = args.bool() ? args.u64() : undefined
  const atime = parseSetTime(args)
  const mtime = parseSetTime(args)
  return { mode, uid, gid, size, atime, mtime }
}
