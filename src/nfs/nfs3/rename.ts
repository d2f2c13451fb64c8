/** RENAME and LINK (RFC 1813 §3.3.14, 3.3.15). */
import { linkSync, renameSync, unlinkSync } from 'node:fs'
import { isSameFile } from '../attributes.ts'
import type { Inode } from '../inode.ts'
import { limits } from '../limits.ts'
import { pathBelow } from '../open-files.ts'
import { MAY_WRITE, permits, permitsRemoval } from '../permission.ts'
import type { Tree } from '../tree.ts'
import { afterFlush, GARBAGE, type Procedure } from './call.ts'
import { decideChange, forgetName, nameOf } from './entry.ts'
import { nfsStatus } from './status.ts'
import { encodePostOp, encodeWcc } from './structures.ts'

const { NFS3_OK, NFS3ERR_ACCES, NFS3ERR_EXIST, NFS3ERR_INVAL, NFS3ERR_ISDIR, NFS3ERR_NOENT } = nfsStatus
const { NFS3ERR_NOTDIR, NFS3ERR_NOTEMPTY, NFS3ERR_STALE } = nfsStatus

function isDots(name: string): boolean {
  return name === '.' || name === '..'
}

/** A directory must not move below itself; the kernel says so too (EINVAL), but of names, which may have changed. */
function move(tree: Tree, from: Inode, fromName: string, to: Inode, toName: string, source: Inode): void {
  renameSync(pathBelow(from.fd, fromName), pathBelow(to.fd, toName))
  forgetName(tree, from, fromName)
  to.names?.delete(toName)
  source.parent = to
  source.name = toName
  source.attributesAtMs = 0
}

export const rename: Procedure = {
  name: 'RENAME',
  failure: 'rename',
  modifies: true,
  keepReply: true,
  run(call, args) {
    const from = call.take(args)
    const fromName = args.text(limits.recordBytes)
    const to = from === undefined ? undefined : call.take(args)
    if (from === undefined) args.opaque(64)
    const toName = args.text(limits.recordBytes)
    if (args.fault) return GARBAGE
    if (from === undefined || to === undefined) return call.status
    const tree = call.tree!
    const fromBefore = tree.refresh(from)
    const toBefore = to === from ? fromBefore : tree.refresh(to)
    call.firstBefore = fromBefore
    call.secondBefore = toBefore
    const refusal =
      decideChange(call, { directory: from, before: fromBefore, name: fromName }) ??
      decideChange(call, { directory: to, before: toBefore, name: toName })
    if (refusal !== undefined) return refusal
    if (isDots(fromName) || isDots(toName)) return NFS3ERR_INVAL
    const source = tree.lookupNow(from, fromName)
    if (source === undefined) return NFS3ERR_NOENT
    const target = tree.lookupNow(to, toName)
    const isDirectory = source.attributes.type === 'dir'
    if (source.isCovered || target?.isCovered) return NFS3ERR_ACCES
    if (!permitsRemoval(call.caller, fromBefore, source.attributes)) return NFS3ERR_ACCES
    // Moving a directory changes its `..`.
    if (isDirectory && from !== to && !permits(call.caller, source.attributes, MAY_WRITE)) return NFS3ERR_ACCES
    if (target !== undefined) {
      if (!permitsRemoval(call.caller, toBefore, target.attributes)) return NFS3ERR_ACCES
      // RFC 1813 §3.3.14: both must be directories, or none.
      if (isDirectory !== (target.attributes.type === 'dir')) return isDirectory ? NFS3ERR_NOTDIR : NFS3ERR_ISDIR
    }
    try {
      if (target !== source) move(tree, from, fromName, to, toName, source)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return NFS3ERR_NOTEMPTY
      throw error
    }
    if (target !== undefined && target !== source) {
      // A file that was replaced stays open here, so that clients that hold its handle can read on.
      target.attributesAtMs = 0
      if (isDirectory) call.room.forest.gone(tree, target)
    }
    const fromAfter = tree.refresh(from)
    const toAfter = to === from ? fromAfter : tree.refresh(to)
    return afterFlush(call.room, to === from ? [to] : [to, from], (out) => {
      out.u32(NFS3_OK)
      encodeWcc(out, fromBefore, fromAfter, from.exportId)
      encodeWcc(out, toBefore, toAfter, to.exportId)
    })
  },
}

export const link: Procedure = {
  name: 'LINK',
  failure: 'link',
  modifies: true,
  keepReply: true,
  run(call, args) {
    const file = call.take(args)
    const directory = file === undefined ? undefined : call.take(args)
    if (file === undefined) args.opaque(64)
    const name = args.text(limits.recordBytes)
    if (args.fault) return GARBAGE
    if (file === undefined || directory === undefined) return call.status
    const tree = call.tree!
    const before = tree.refresh(directory)
    call.secondBefore = before
    const refusal = decideChange(call, { directory, before, name })
    if (refusal !== undefined) return refusal
    if (isDots(name)) return NFS3ERR_EXIST
    if (file.attributes.type === 'dir') return NFS3ERR_ISDIR
    if (file.isCovered) return NFS3ERR_ACCES
    const existing = nameOf(tree, file)
    if (existing === undefined) return NFS3ERR_STALE
    const path = pathBelow(directory.fd, name)
    linkSync(existing, path)
    directory.names?.delete(name)
    const made = tree.glance(directory, name)
    // The old name was changed in between: what was linked is another file.
    if (made !== file && (made === undefined || !isSameFile(made.attributes, file.attributes))) {
      unlinkSync(path)
      return NFS3ERR_STALE
    }
    const attributes = tree.refresh(file)
    const after = tree.refresh(directory)
    return afterFlush(call.room, [directory], (out) => {
      out.u32(NFS3_OK)
      encodePostOp(out, attributes, file.exportId)
      encodeWcc(out, before, after, directory.exportId)
    })
  },
}
