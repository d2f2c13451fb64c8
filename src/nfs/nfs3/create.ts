/** CREATE, MKDIR, SYMLINK (RFC 1813 §3.3.8–3.3.10). */
import { constants, fstatSync, mkdirSync, openSync, symlinkSync, utimesSync } from 'node:fs'
import type { Attributes } from '../attributes.ts'
import { type Inode, WRITE } from '../inode.ts'
import { limits } from '../limits.ts'
import { O_NOFOLLOW, O_RDWR, pathBelow, pathOfFd } from '../open-files.ts'
import { MAY_EXECUTE, permits } from '../permission.ts'
import type { XdrReader } from '../xdr.ts'
import { applySet, decideSet } from './attributes.ts'
import { afterFlush, type LateResult, type Nfs3Call } from './call.ts'
import { changeBelow, decideChange, giveLinkTo, giveTo, ownerOfNew } from './entry.ts'
import { type NfsStatus, nfsStatus } from './status.ts'
import { encodePostOp, encodePostOpHandle, encodeWcc, parseSetAttributes, type SetAttributes } from './structures.ts'

const { NFS3_OK, NFS3ERR_ACCES, NFS3ERR_EXIST, NFS3ERR_INVAL, NFS3ERR_IO, NFS3ERR_NAMETOOLONG } = nfsStatus
const { O_CREAT, O_EXCL } = constants

const UNCHECKED = 0
const GUARDED = 1
const EXCLUSIVE = 2

const NOTHING: SetAttributes = {
  mode: undefined,
  uid: undefined,
  gid: undefined,
  size: undefined,
  atime: undefined,
  mtime: undefined,
}

/** The result of CREATE, MKDIR, SYMLINK, MKNOD: handle, attributes, directory before and after. */
export function created(call: Nfs3Call, directory: Inode, file: Inode): Promise<LateResult> {
  const tree = call.tree!
  const before = call.firstBefore
  tree.open(file)
  const attributes = file.fd >= 0 ? tree.refresh(file) : file.attributes
  const after = tree.refresh(directory)
  return afterFlush(call.room, [file, directory], (out) => {
    out.u32(NFS3_OK)
    encodePostOpHandle(out, call.room.forest.handle(file))
    encodePostOp(out, attributes, file.exportId)
    encodeWcc(out, before, after, directory.exportId)
  })
}

/** RFC 1813 §3.3.8: the verifier is kept in the file's times until the client sets them; 31 bits each, as knfsd does. */
function verifierTimes(verifier: Buffer): { mtime: number; atime: number } {
  return { mtime: verifier.readUInt32BE(0) & 0x7fffffff, atime: verifier.readUInt32BE(4) & 0x7fffffff }
}

function createFile(
  call: Nfs3Call,
  directory: Inode,
  before: Attributes,
  name: string,
  set: SetAttributes,
  verifier: Buffer | undefined,
): Inode {
  const { room, caller } = call
  const tree = call.tree!
  const fd = openSync(pathBelow(directory.fd, name), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0)
  const file = tree.adopt(directory, name, fstatSync(fd, { bigint: true }), -1)
  room.openFiles.hold(file, fd, WRITE, file.attributesAtMs)
  giveTo(fd, ownerOfNew(caller, before, set), set.mode ?? 0o600)
  tree.refresh(file)
  if (verifier !== undefined) {
    const times = verifierTimes(verifier)
    utimesSync(pathOfFd(fd), times.atime, times.mtime)
  } else applySet(tree, file, { ...caller, uid: 0 }, { ...NOTHING, size: set.size, atime: set.atime, mtime: set.mtime })
  return file
}

/** An entry of that name is there already. */
function decideExisting(
  call: Nfs3Call,
  file: Inode,
  how: number,
  set: SetAttributes,
  verifier: Buffer | undefined,
): NfsStatus {
  const tree = call.tree!
  if (file.isCovered || tree.open(file) < 0) return NFS3ERR_EXIST
  const a = tree.refresh(file)
  if (a.type !== 'reg') return NFS3ERR_EXIST
  if (verifier !== undefined) {
    const times = verifierTimes(verifier)
    return a.size === 0 && a.mtimeSeconds === times.mtime && a.atimeSeconds === times.atime ? NFS3_OK : NFS3ERR_EXIST
  }
  if (how === GUARDED) return NFS3ERR_EXIST
  // Of the attributes only a truncation applies to a file that exists.
  if (set.size === undefined) return NFS3_OK
  const truncate = { ...NOTHING, size: set.size }
  const refusal = decideSet(call.caller, a, truncate)
  if (refusal === undefined) applySet(tree, file, call.caller, truncate)
  return refusal ?? NFS3_OK
}

function parseCreate(args: XdrReader) {
  const how = args.u32()
  if (how > EXCLUSIVE) return undefined
  return how === EXCLUSIVE
    ? { how, verifier: args.fixed(8), set: NOTHING }
    : { how, verifier: undefined, set: parseSetAttributes(args) }
}

export const create = changeBelow('CREATE', parseCreate, (call, place, { how, verifier, set }) => {
  const { tree, directory, name, before } = place
  const refusal = decideChange(call, place)
  const mayLook = refusal === NFS3ERR_ACCES && how === UNCHECKED && permits(call.caller, before, MAY_EXECUTE)
  if (refusal !== undefined && !mayLook) return refusal
  if (name === '.' || name === '..') return NFS3ERR_EXIST
  const existing = directory.isCovered ? undefined : tree.lookupNow(directory, name)
  if (existing !== undefined) {
    const status = decideExisting(call, existing, how, set, verifier)
    return status === NFS3_OK ? created(call, directory, existing) : status
  }
  if (refusal !== undefined) return refusal
  return created(call, directory, createFile(call, directory, before, name, set, verifier))
})

export const mkdir = changeBelow(
  'MKDIR',
  (args) => ({ set: parseSetAttributes(args) }),
  (call, place, { set }) => {
    const { tree, directory, name, before } = place
    const refusal = decideChange(call, place)
    if (refusal !== undefined) return refusal
    if (name === '.' || name === '..') return NFS3ERR_EXIST
    mkdirSync(pathBelow(directory.fd, name), 0o700)
    directory.names?.delete(name)
    const made = tree.lookup(directory, name)
    if (made === undefined || made.attributes.type !== 'dir') return NFS3ERR_IO
    const mode = (set.mode ?? 0o755) | (before.mode & 0o2000)
    giveTo(made.fd, ownerOfNew(call.caller, before, set), mode)
    return created(call, directory, made)
  },
)

/** Text of a symbolic link; its attributes but the owner mean nothing on Linux. */
export const symlink = changeBelow(
  'SYMLINK',
  (args) => ({ set: parseSetAttributes(args), text: args.text(limits.recordBytes) }),
  (call, place, { set, text }) => {
    const { tree, directory, name, before } = place
    const refusal = decideChange(call, place)
    if (refusal !== undefined) return refusal
    if (name === '.' || name === '..') return NFS3ERR_EXIST
    if (text.length > limits.linkTextBytes) return NFS3ERR_NAMETOOLONG
    if (text.length === 0 || text.includes('\0')) return NFS3ERR_INVAL
    const path = pathBelow(directory.fd, name)
    symlinkSync(Buffer.from(text, 'latin1'), path)
    giveLinkTo(path, ownerOfNew(call.caller, before, set))
    directory.names?.delete(name)
    const link = tree.lookup(directory, name)
    if (link === undefined) return NFS3ERR_IO
    return created(call, directory, link)
  },
)
