/** What the procedures that change a directory have in common. */
import { chmodSync, chownSync, lchownSync, lstatSync, readlinkSync } from 'node:fs'
import { type Attributes, attributesOf, isSameFile } from '../attributes.ts'
import type { Inode } from '../inode.ts'
import { limits } from '../limits.ts'
import { dropFromListing } from '../listing.ts'
import { pathBelow, pathOfFd } from '../open-files.ts'
import { isInGroup, MAY_EXECUTE, MAY_WRITE, permits } from '../permission.ts'
import type { Caller } from '../rpc.ts'
import type { Tree } from '../tree.ts'
import type { XdrReader } from '../xdr.ts'
import { GARBAGE, type Nfs3Call, nameFault, type Outcome, type Procedure } from './call.ts'
import { type NfsStatus, nfsStatus } from './status.ts'
import type { SetAttributes } from './structures.ts'

const { NFS3ERR_ACCES, NFS3ERR_NOTDIR } = nfsStatus

/** Where a procedure changes something: a name below a directory, which is as it was `before`. */
export interface ChangePlace {
  readonly tree: Tree
  readonly directory: Inode
  readonly name: string
  readonly before: Attributes
}

/**
 * CREATE, MKDIR, SYMLINK, MKNOD, REMOVE, RMDIR: diropargs3, then what `parse` takes (undefined: cannot be decoded); the
 * directory's attributes are noted for the result, also that of a failure.
 */
export function changeBelow<T extends object>(
  name: string,
  parse: (args: XdrReader) => T | undefined,
  change: (call: Nfs3Call, place: ChangePlace, given: T) => Outcome,
): Procedure {
  return {
    name,
    failure: 'wcc',
    modifies: true,
    keepReply: true,
    run(call, args) {
      const directory = call.take(args)
      const entry = args.text(limits.recordBytes)
      const given = parse(args)
      if (args.fault || given === undefined) return GARBAGE
      if (directory === undefined) return call.status
      const tree = call.tree!
      const before = tree.refresh(directory)
      call.firstBefore = before
      return change(call, { tree, directory, name: entry, before }, given)
    },
  }
}

/** May the caller add or remove `name` in `directory`? undefined: yes. */
export function decideChange(
  { caller }: Nfs3Call,
  { directory, before, name }: Pick<ChangePlace, 'directory' | 'before' | 'name'>,
): NfsStatus | undefined {
  if (before.type !== 'dir') return NFS3ERR_NOTDIR
  const fault = nameFault(name)
  if (fault !== undefined) return fault
  if (directory.isCovered || !permits(caller, before, MAY_WRITE | MAY_EXECUTE)) return NFS3ERR_ACCES
  return undefined
}

/** Whom a new file belongs to: the caller, the group of a set-gid directory; root may say otherwise. */
export function ownerOfNew(
  caller: Caller,
  directory: Attributes,
  set: Pick<SetAttributes, 'uid' | 'gid'>,
): { uid: number; gid: number } {
  const inherited = (directory.mode & 0o2000) !== 0 ? directory.gid : caller.gid
  if (caller.uid === 0) return { uid: set.uid ?? caller.uid, gid: set.gid ?? inherited }
  return { uid: caller.uid, gid: set.gid !== undefined && isInGroup(caller, set.gid) ? set.gid : inherited }
}

/** Owner first: chown() takes the set-id bits away. `fd` may be O_PATH; symbolic links have no mode. */
export function giveTo(fd: number, owner: { uid: number; gid: number }, mode: number): void {
  chownSync(pathOfFd(fd), owner.uid, owner.gid)
  chmodSync(pathOfFd(fd), mode)
}

export function giveLinkTo(path: string | Buffer, owner: { uid: number; gid: number }): void {
  lchownSync(path, owner.uid, owner.gid)
}

/** A path that names this very file now (for calls that take no descriptor); undefined when there is none. */
export function nameOf(tree: Tree, file: Inode): string | Buffer | undefined {
  const candidates: (string | Buffer)[] = []
  const parentFd = file.parent === undefined ? -1 : tree.open(file.parent)
  if (parentFd >= 0) candidates.push(pathBelow(parentFd, file.name))
  // Renamed behind our back: the kernel knows its present name.
  if (file.fd >= 0) candidates.push(readlinkSync(pathOfFd(file.fd), 'buffer'))
  for (const path of candidates) {
    const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false })
    if (stats !== undefined && isSameFile(attributesOf(stats), file.attributes)) return path
  }
  return undefined
}

/** After we removed `name` ourselves. */
export function forgetName(tree: Tree, directory: Inode, name: string): void {
  tree.remember(directory, name, null)
  if (directory.listing !== undefined) dropFromListing(directory.listing, name)
}
