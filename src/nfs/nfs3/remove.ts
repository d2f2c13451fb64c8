/** REMOVE and RMDIR (RFC 1813 §3.3.12, 3.3.13). */
import { fstatSync, rmdirSync, unlinkSync } from 'node:fs'
import type { Inode } from '../inode.ts'
import { pathBelow } from '../open-files.ts'
import { permitsRemoval } from '../permission.ts'
import { afterFlush, type Nfs3Call } from './call.ts'
import { changeBelow, decideChange, forgetName } from './entry.ts'
import { nfsStatus } from './status.ts'
import { encodeWcc } from './structures.ts'

const { NFS3_OK, NFS3ERR_ACCES, NFS3ERR_EXIST, NFS3ERR_INVAL, NFS3ERR_ISDIR, NFS3ERR_NOENT, NFS3ERR_NOTDIR } = nfsStatus
const { NFS3ERR_NOTEMPTY } = nfsStatus

function removed(call: Nfs3Call, directory: Inode) {
  const before = call.firstBefore
  const after = call.tree!.refresh(directory)
  return afterFlush(call.room, [directory], (out) => {
    out.u32(NFS3_OK)
    encodeWcc(out, before, after, directory.exportId)
  })
}

export const remove = changeBelow(
  'REMOVE',
  () => ({}),
  (call, place) => {
    const { tree, directory, name, before } = place
    const refusal = decideChange(call, place)
    if (refusal !== undefined) return refusal
    if (name === '.' || name === '..') return NFS3ERR_ISDIR
    const file = tree.lookupNow(directory, name)
    if (file === undefined) return NFS3ERR_NOENT
    if (file.attributes.type === 'dir') return NFS3ERR_ISDIR
    if (file.isCovered || !permitsRemoval(call.caller, before, file.attributes)) return NFS3ERR_ACCES
    unlinkSync(pathBelow(directory.fd, name))
    forgetName(tree, directory, name)
    // A client that has it open renames it instead of removing it: nobody needs it, and its space is wanted back.
    if (file.fd >= 0 && fstatSync(file.fd).nlink === 0) call.room.forest.gone(tree, file)
    else file.attributesAtMs = 0
    return removed(call, directory)
  },
)

export const rmdir = changeBelow(
  'RMDIR',
  () => ({}),
  (call, place) => {
    const { tree, directory, name, before } = place
    const refusal = decideChange(call, place)
    if (refusal !== undefined) return refusal
    // RFC 1813 §3.3.13
    if (name === '.') return NFS3ERR_INVAL
    if (name === '..') return NFS3ERR_EXIST
    const entry = tree.lookupNow(directory, name)
    if (entry === undefined) return NFS3ERR_NOENT
    if (entry.attributes.type !== 'dir') return NFS3ERR_NOTDIR
    if (entry.isCovered || !permitsRemoval(call.caller, before, entry.attributes)) return NFS3ERR_ACCES
    try {
      rmdirSync(pathBelow(directory.fd, name))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return NFS3ERR_NOTEMPTY
      throw error
    }
    forgetName(tree, directory, name)
    call.room.forest.gone(tree, entry)
    return removed(call, directory)
  },
)
