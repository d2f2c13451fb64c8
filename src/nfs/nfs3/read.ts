/** READ (RFC 1813 §3.3.6). */
import { read as readAsync, readSync } from 'node:fs'
import { type Inode, READ } from '../inode.ts'
import { limits } from '../limits.ts'
import { MAY_READ, permitsOpenFile } from '../permission.ts'
import { GARBAGE, type LateResult, type Nfs3Call, type Procedure } from './call.ts'
import { nfsStatus } from './status.ts'
import { encodePostOp } from './structures.ts'

const { NFS3_OK, NFS3ERR_ACCES, NFS3ERR_INVAL, NFS3ERR_ISDIR } = nfsStatus

async function readLater(call: Nfs3Call, file: Inode, fd: number, offset: number, count: number): Promise<LateResult> {
  const { room } = call
  const buffer = room.takeBuffer()
  room.openFiles.begin(file)
  let got: number
  try {
    got = await new Promise<number>((resolve, reject) =>
      readAsync(fd, buffer, 0, count, offset, (error, bytes) => (error ? reject(error) : resolve(bytes))),
    )
  } catch (error) {
    room.returnBuffer(buffer)
    throw error
  } finally {
    room.openFiles.end(file)
  }
  room.counters.readBytes += got
  const attributes = file.attributes
  const padded = (got + 3) & ~3
  buffer.fill(0, got, padded)
  return {
    data: buffer.subarray(0, padded),
    release: () => room.returnBuffer(buffer),
    encode(out) {
      out.u32(NFS3_OK)
      encodePostOp(out, attributes, file.exportId)
      out.u32(got)
      out.bool(got < count || offset + got >= attributes.size)
      out.u32(got)
    },
  }
}

export const read: Procedure = {
  name: 'READ',
  failure: 'attributes',
  modifies: false,
  keepReply: false,
  run(call, args, out) {
    const file = call.take(args)
    const offset = args.u64()
    const asked = args.u32()
    if (args.fault) return GARBAGE
    if (file === undefined) return call.status
    const tree = call.tree!
    const known = tree.attributes(file)
    if (known.type === 'dir') return NFS3ERR_ISDIR
    if (known.type !== 'reg') return NFS3ERR_INVAL
    if (file.isCovered || !permitsOpenFile(call.caller, known, MAY_READ)) return NFS3ERR_ACCES
    if (offset > Number.MAX_SAFE_INTEGER) return NFS3ERR_INVAL
    const fd = tree.openFor(file, READ)
    // The end of the file is told from these attributes: they must be of now, not of up to a second ago.
    const attributes = tree.isFrozen ? known : tree.refresh(file)
    const count = Math.min(asked, limits.transferBytes)
    const left = Math.max(0, Math.min(count, attributes.size - offset))
    if (left > limits.directReadBytes) return readLater(call, file, fd, offset, left)
    out.u32(NFS3_OK)
    encodePostOp(out, attributes, file.exportId)
    const words = out.reserve(12)
    const at = out.reserve((left + 3) & ~3)
    const got = left === 0 ? 0 : readSync(fd, out.buffer, at, left, offset)
    out.buffer.fill(0, at + got, at + ((got + 3) & ~3))
    out.truncate(at + ((got + 3) & ~3))
    out.patch(words, got)
    out.patch(words + 4, offset + got >= attributes.size || got < left ? 1 : 0)
    out.patch(words + 8, got)
    call.room.counters.readBytes += got
    return NFS3_OK
  },
}
