/** WRITE and COMMIT (RFC 1813 §3.3.7, 3.3.21). */
import { chmodSync, fdatasync, fsync, write as writeAsync, writeSync } from 'node:fs'
import type { Attributes } from '../attributes.ts'
import { type Inode, WRITE } from '../inode.ts'
import { limits } from '../limits.ts'
import { pathOfFd } from '../open-files.ts'
import { MAY_WRITE, permitsOpenFile } from '../permission.ts'
import type { XdrWriter } from '../xdr.ts'
import { GARBAGE, type LateResult, type Nfs3Call, type Procedure } from './call.ts'
import { type NfsStatus, nfsStatus } from './status.ts'
import { encodeWcc } from './structures.ts'

const { NFS3_OK, NFS3ERR_ACCES, NFS3ERR_FBIG, NFS3ERR_INVAL, NFS3ERR_ISDIR } = nfsStatus

/** stable_how */
const UNSTABLE = 0
const DATA_SYNC = 1
const FILE_SYNC = 2

function decideWrite(call: Nfs3Call, file: Inode, attributes: Attributes): NfsStatus | undefined {
  if (attributes.type === 'dir') return NFS3ERR_ISDIR
  if (attributes.type !== 'reg') return NFS3ERR_INVAL
  if (file.isCovered || !permitsOpenFile(call.caller, attributes, MAY_WRITE)) return NFS3ERR_ACCES
  return undefined
}

/** One write in the thread pool; short writes are answered as such. */
function writeLater(fd: number, data: Buffer, offset: number): Promise<number> {
  return new Promise((resolve, reject) =>
    writeAsync(fd, data, 0, data.length, offset, (error, bytes) => (error ? reject(error) : resolve(bytes))),
  )
}

/** fsync or fdatasync; after a failure the kernel has forgotten the data, so the client must learn that it is lost. */
async function syncFile(call: Nfs3Call, fd: number, how: number): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      const done = (error: Error | null) => (error ? reject(error) : resolve())
      if (how === DATA_SYNC) fdatasync(fd, done)
      else fsync(fd, done)
    })
  } catch (error) {
    call.room.renewWriteVerifier()
    throw error
  }
}

/** As the kernel does when somebody else than root writes: set-id bits go. */
function dropSetId(call: Nfs3Call, file: Inode, before: Attributes): void {
  const isRunAs = (before.mode & 0o4000) !== 0 || (before.mode & 0o2010) === 0o2010
  if (call.caller.uid !== 0 && isRunAs) chmodSync(pathOfFd(file.fd), before.mode & ~0o6000)
}

async function finishWrite(
  call: Nfs3Call,
  file: Inode,
  before: Attributes,
  written: number | Promise<number>,
  stable: number,
): Promise<LateResult> {
  const { room } = call
  const fd = file.fd
  room.openFiles.begin(file)
  try {
    const count = await written
    room.counters.writtenBytes += count
    if (stable !== UNSTABLE) await syncFile(call, fd, stable)
    const after = call.after(file)
    return { encode: (out) => encodeWritten(call, out, file, before, after, count, stable) }
  } finally {
    room.openFiles.end(file)
  }
}

function encodeWritten(
  call: Nfs3Call,
  out: XdrWriter,
  file: Inode,
  before: Attributes,
  after: Attributes | undefined,
  count: number,
  stable: number,
): void {
  out.u32(NFS3_OK)
  encodeWcc(out, before, after, file.exportId)
  out.u32(count)
  out.u32(stable)
  out.fixed(call.room.writeVerifier)
}

export const write: Procedure = {
  name: 'WRITE',
  failure: 'wcc',
  modifies: true,
  keepReply: false,
  run(call, args, out) {
    const file = call.take(args)
    const offset = args.u64()
    const count = args.u32()
    const stable = args.u32()
    const all = args.opaque(limits.recordBytes)
    if (args.fault || stable > FILE_SYNC) return GARBAGE
    if (file === undefined) return call.status
    const tree = call.tree!
    const before = tree.refresh(file)
    call.firstBefore = before
    const refusal = decideWrite(call, file, before)
    if (refusal !== undefined) return refusal
    // RFC 1813 §3.3.7: count and the length of data are the same, else INVAL.
    if (all.length !== count) return NFS3ERR_INVAL
    if (offset + count > Number.MAX_SAFE_INTEGER) return NFS3ERR_FBIG
    const data = count > limits.transferBytes ? all.subarray(0, limits.transferBytes) : all
    const fd = tree.openFor(file, WRITE)
    dropSetId(call, file, before)
    if (data.length > limits.directWriteBytes)
      return finishWrite(call, file, before, writeLater(fd, data, offset), stable)
    const written = data.length === 0 ? 0 : writeSync(fd, data, 0, data.length, offset)
    if (stable !== UNSTABLE) return finishWrite(call, file, before, written, stable)
    call.room.counters.writtenBytes += written
    encodeWritten(call, out, file, before, tree.refresh(file), written, stable)
    return NFS3_OK
  },
}

async function commitLater(call: Nfs3Call, file: Inode, before: Attributes): Promise<LateResult> {
  const { room } = call
  room.openFiles.begin(file)
  try {
    await syncFile(call, file.fd, FILE_SYNC)
  } finally {
    room.openFiles.end(file)
  }
  const after = call.after(file)
  return {
    encode(out) {
      out.u32(NFS3_OK)
      encodeWcc(out, before, after, file.exportId)
      out.fixed(room.writeVerifier)
    },
  }
}

export const commit: Procedure = {
  name: 'COMMIT',
  failure: 'wcc',
  modifies: true,
  keepReply: false,
  run(call, args) {
    const file = call.take(args)
    args.u64() // offset and count: the whole file is flushed, as RFC 1813 §3.3.21 allows
    args.u32()
    if (args.fault) return GARBAGE
    if (file === undefined) return call.status
    const tree = call.tree!
    const before = tree.refresh(file)
    call.firstBefore = before
    const refusal = decideWrite(call, file, before)
    if (refusal !== undefined) return refusal
    tree.openFor(file, WRITE)
    return commitLater(call, file, before)
  },
}
