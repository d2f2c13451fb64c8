/** LOOKUP and READLINK (RFC 1813 §3.3.3, 3.3.5). */
import { readlinkSync } from 'node:fs'
import type { Inode } from '../inode.ts'
import { limits } from '../limits.ts'
import { MAY_EXECUTE, permits } from '../permission.ts'
import type { Tree } from '../tree.ts'
import { GARBAGE, nameFault, type Procedure } from './call.ts'
import { nameOf } from './entry.ts'
import { nfsStatus } from './status.ts'
import { encodePostOp } from './structures.ts'

const { NFS3_OK, NFS3ERR_ACCES, NFS3ERR_INVAL, NFS3ERR_NOENT, NFS3ERR_NOTDIR, NFS3ERR_STALE } = nfsStatus

function entryOf(tree: Tree, directory: Inode, name: string): Inode | undefined {
  if (name === '.') return directory
  if (name === '..') return tree.above(directory)
  return directory.isCovered ? undefined : tree.lookup(directory, name)
}

export const lookup: Procedure = {
  name: 'LOOKUP',
  failure: 'attributes',
  modifies: false,
  keepReply: false,
  run(call, args, out) {
    const directory = call.take(args)
    const name = args.text(limits.recordBytes)
    if (args.fault) return GARBAGE
    if (directory === undefined) return call.status
    const tree = call.tree!
    const attributes = tree.attributes(directory)
    if (attributes.type !== 'dir') return NFS3ERR_NOTDIR
    if (!permits(call.caller, attributes, MAY_EXECUTE)) return NFS3ERR_ACCES
    const fault = nameFault(name)
    if (fault !== undefined) return fault
    const entry = entryOf(tree, directory, name)
    if (entry === undefined) return name === '..' ? NFS3ERR_STALE : NFS3ERR_NOENT
    out.u32(NFS3_OK)
    out.opaque(call.room.forest.handle(entry))
    encodePostOp(out, tree.attributes(entry), entry.exportId)
    encodePostOp(out, attributes, directory.exportId)
    return NFS3_OK
  },
}

/** The text of a link never changes: a new text is a new file. undefined: it was moved and not yet found again. */
export function linkTextOf(tree: Tree, link: Inode): string | undefined {
  if (link.linkText !== undefined) return link.linkText
  const path = nameOf(tree, link)
  if (path === undefined) return undefined
  const text = readlinkSync(path, 'latin1')
  // The name is read, not the descriptor: make sure that it still was this link.
  if (nameOf(tree, link) === undefined) return undefined
  link.linkText = text
  return text
}

export const readlink: Procedure = {
  name: 'READLINK',
  failure: 'attributes',
  modifies: false,
  keepReply: false,
  run(call, args, out) {
    const link = call.take(args)
    if (args.fault) return GARBAGE
    if (link === undefined) return call.status
    const tree = call.tree!
    const attributes = tree.attributes(link)
    if (attributes.type !== 'lnk') return NFS3ERR_INVAL
    const text = linkTextOf(tree, link)
    if (text === undefined) return NFS3ERR_STALE
    out.u32(NFS3_OK)
    encodePostOp(out, attributes, link.exportId)
    out.text(text)
    return NFS3_OK
  },
}
