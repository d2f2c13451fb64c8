/** GETATTR, SETATTR, ACCESS (RFC 1813 §3.3.1, 3.3.2, 3.3.4). */
import { chmodSync, chownSync, ftruncateSync, lchownSync, lutimesSync, utimesSync } from 'node:fs'
import type { Attributes } from '../attributes.ts'
import { type Inode, WRITE } from '../inode.ts'
import { pathOfFd } from '../open-files.ts'
import { isInGroup, MAY_EXECUTE, MAY_READ, MAY_WRITE, permits, permitsOpenFile } from '../permission.ts'
import type { Caller } from '../rpc.ts'
import type { Tree } from '../tree.ts'
import { afterFlush, GARBAGE, type Procedure } from './call.ts'
import { nameOf } from './entry.ts'
import { type NfsStatus, nfsStatus } from './status.ts'
import {
  encodeAttributes,
  encodePostOp,
  encodeWcc,
  type NfsTime,
  parseSetAttributes,
  type SetAttributes,
} from './structures.ts'

const { NFS3_OK, NFS3ERR_ACCES, NFS3ERR_PERM, NFS3ERR_INVAL, NFS3ERR_NOT_SYNC, NFS3ERR_ISDIR, NFS3ERR_FBIG } = nfsStatus

export const getattr: Procedure = {
  name: 'GETATTR',
  failure: 'nothing',
  modifies: false,
  keepReply: false,
  run(call, args, out) {
    const file = call.take(args)
    if (args.fault) return GARBAGE
    if (file === undefined) return call.status
    const attributes = call.tree!.attributes(file)
    out.u32(NFS3_OK)
    encodeAttributes(out, attributes, file.exportId)
    return NFS3_OK
  },
}

/** What the caller may not set, or undefined when all of it is allowed. */
export function decideSet(caller: Caller, file: Attributes, set: SetAttributes): NfsStatus | undefined {
  if (set.size !== undefined) {
    if (file.type === 'dir') return NFS3ERR_ISDIR
    if (file.type !== 'reg') return NFS3ERR_INVAL
    if (set.size > Number.MAX_SAFE_INTEGER) return NFS3ERR_FBIG
    if (!permitsOpenFile(caller, file, MAY_WRITE)) return NFS3ERR_ACCES
  }
  const isOwner = caller.uid === 0 || caller.uid === file.uid
  if (set.mode !== undefined && !isOwner) return NFS3ERR_PERM
  if (set.uid !== undefined && caller.uid !== 0 && (set.uid !== file.uid || !isOwner)) return NFS3ERR_PERM
  if (set.gid !== undefined && caller.uid !== 0) {
    if (!isOwner || (set.gid !== file.gid && !isInGroup(caller, set.gid))) return NFS3ERR_PERM
  }
  for (const time of [set.atime, set.mtime]) {
    if (time === undefined || isOwner) continue
    if (time !== 'server') return NFS3ERR_PERM
    if (!permits(caller, file, MAY_WRITE)) return NFS3ERR_ACCES
  }
  return undefined
}

/** As Node takes times: an invalid Date leaves the time alone, 'Infinity' is the file system's own clock. */
function timeArgument(time: 'server' | NfsTime | undefined): Date | string | number {
  if (time === undefined) return new Date(Number.NaN)
  if (time === 'server') return 'Infinity'
  return time.seconds + time.nanos / 1e9
}

/** Sets what is asked on an open file; throws what the system says. */
export function applySet(tree: Tree, file: Inode, caller: Caller, set: SetAttributes): void {
  const before = file.attributes
  const isLink = before.type === 'lnk'
  if (set.size !== undefined) ftruncateSync(tree.openFor(file, WRITE), set.size)
  const openPath = isLink ? nameOf(tree, file) : pathOfFd(file.fd)
  if (openPath === undefined) throw Object.assign(new Error('the link was moved'), { code: 'ESTALE' })
  let mode = set.mode
  const isChown = set.uid !== undefined || set.gid !== undefined
  if (isChown) {
    const uid = set.uid ?? before.uid
    const gid = set.gid ?? before.gid
    if (isLink) lchownSync(openPath, uid, gid)
    else chownSync(openPath, uid, gid)
  } else if (set.size !== undefined && caller.uid !== 0 && mode === undefined && (before.mode & 0o6000) !== 0) {
    // As the kernel does when somebody else than root changes the content.
    mode = before.mode & ~0o6000
  }
  if (mode !== undefined && !isLink) {
    const gid = set.gid ?? before.gid
    if (caller.uid !== 0 && before.type === 'reg' && !isInGroup(caller, gid)) mode &= ~0o2000
    chmodSync(openPath, mode)
  }
  if (set.atime !== undefined || set.mtime !== undefined) {
    const [atime, mtime] = [timeArgument(set.atime), timeArgument(set.mtime)]
    if (isLink) lutimesSync(openPath, atime, mtime)
    else utimesSync(openPath, atime, mtime)
  }
}

export const setattr: Procedure = {
  name: 'SETATTR',
  failure: 'wcc',
  modifies: true,
  keepReply: true,
  run(call, args) {
    const file = call.take(args)
    const set = parseSetAttributes(args)
    const guard = args.bool() ? { seconds: args.u32(), nanos: args.u32() } : undefined
    if (args.fault) return GARBAGE
    if (file === undefined) return call.status
    const tree = call.tree!
    const before = tree.refresh(file)
    call.firstBefore = before
    if (file.isCovered) return NFS3ERR_ACCES
    if (guard && (guard.seconds !== before.ctimeSeconds || guard.nanos !== before.ctimeNanos)) return NFS3ERR_NOT_SYNC
    const refusal = decideSet(call.caller, before, set)
    if (refusal !== undefined) return refusal
    applySet(tree, file, call.caller, set)
    const after = tree.refresh(file)
    return afterFlush(call.room, [file], (out) => {
      out.u32(NFS3_OK)
      encodeWcc(out, before, after, file.exportId)
    })
  },
}

const ACCESS_READ = 0x01
const ACCESS_LOOKUP = 0x02
const ACCESS_MODIFY = 0x04
const ACCESS_EXTEND = 0x08
const ACCESS_DELETE = 0x10
const ACCESS_EXECUTE = 0x20

/** Which of the rights the caller has. Devices, fifos and sockets are written on the client: a read-only export does not matter. */
export function decideAccess(caller: Caller, file: Attributes, isWritable: boolean): number {
  let granted = 0
  if (permits(caller, file, MAY_READ)) granted |= ACCESS_READ
  if (file.type === 'dir') {
    if (permits(caller, file, MAY_EXECUTE)) granted |= ACCESS_LOOKUP
    const mayChange = isWritable && permits(caller, file, MAY_WRITE | MAY_EXECUTE)
    return mayChange ? granted | ACCESS_MODIFY | ACCESS_EXTEND | ACCESS_DELETE : granted
  }
  if (permits(caller, file, MAY_EXECUTE)) granted |= ACCESS_EXECUTE
  const isContentHere = file.type === 'reg' || file.type === 'lnk'
  if ((isWritable || !isContentHere) && permits(caller, file, MAY_WRITE)) granted |= ACCESS_MODIFY | ACCESS_EXTEND
  return granted
}

export const access: Procedure = {
  name: 'ACCESS',
  failure: 'attributes',
  modifies: false,
  keepReply: false,
  run(call, args, out) {
    const file = call.take(args)
    const wanted = args.u32()
    if (args.fault) return GARBAGE
    if (file === undefined) return call.status
    const tree = call.tree!
    const attributes = tree.attributes(file)
    const isWritable = tree.grant.access === 'rw' && !file.isCovered
    out.u32(NFS3_OK)
    encodePostOp(out, attributes, file.exportId)
    out.u32(wanted & decideAccess(call.caller, attributes, isWritable))
    return NFS3_OK
  },
}
