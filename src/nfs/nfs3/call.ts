/**
 * What a procedure gets and gives. A procedure decodes its arguments, does its work at once and writes the whole
 * result (status first), or answers a promise when it must wait for a disk. Failure is a status: the result of a
 * failed call is written in one place, from what the call has learned about its files.
 */
import { closeSync, fsync, openSync } from 'node:fs'
import type { Attributes } from '../attributes.ts'
import type { Forest } from '../forest.ts'
import type { Inode } from '../inode.ts'
import { limits } from '../limits.ts'
import type { Listing } from '../listing.ts'
import { O_DIRECTORY, O_NONBLOCK, O_RDONLY, type OpenFiles, pathOfFd } from '../open-files.ts'
import type { Caller } from '../rpc.ts'
import type { Found } from '../scan.ts'
import type { Tree } from '../tree.ts'
import type { XdrReader, XdrWriter } from '../xdr.ts'
import { type NfsStatus, nfsStatus } from './status.ts'

/** The arguments could not be decoded: GARBAGE_ARGS. */
export const GARBAGE = -1
export type Garbage = typeof GARBAGE

/** Result that is ready later: written by `encode`, followed by `data` without copying, then `release`d. */
export interface LateResult {
  encode(out: XdrWriter): void
  readonly data?: Buffer
  readonly release?: () => void
}

export type Outcome = NfsStatus | Garbage | Promise<LateResult | NfsStatus>

/** The form of the result after a failure (RFC 1813 §3.3): nothing, post_op_attr, wcc_data, both directories, file and directory. */
export type FailureForm = 'nothing' | 'attributes' | 'wcc' | 'rename' | 'link'

export interface Procedure {
  readonly name: string
  readonly failure: FailureForm
  /** Changes something: refused on a read-only export. */
  readonly modifies: boolean
  /** Doing it twice gives another result: the reply is kept for retransmissions. */
  readonly keepReply: boolean
  run(call: Nfs3Call, args: XdrReader, out: XdrWriter): Outcome
}

/** What procedures need of the server. */
export interface Nfs3Room {
  readonly forest: Forest
  readonly openFiles: OpenFiles
  /** Changes whenever written data that was not committed may have been lost. */
  readonly writeVerifier: Buffer
  readonly renewWriteVerifier: () => void
  readonly random: (bytes: number) => Buffer
  readonly now: () => number
  readonly keepListing: (directory: Inode, listing: Listing) => void
  /** READ buffers of `transferBytes`. */
  readonly takeBuffer: () => Buffer
  readonly returnBuffer: (buffer: Buffer) => void
  /** Changes of names and attributes are on disk before they are answered (RFC 1813 §4.8). */
  readonly commitMetadata: boolean
  readonly counters: { readBytes: number; writtenBytes: number }
  readonly onHandleRefused: (clientIp: string, reason: string) => void
}

export class Nfs3Call {
  readonly room: Nfs3Room
  readonly clientIp: string
  readonly caller: Caller
  /** Set when a handle needs a search: the call is run again after it. */
  search: Promise<Found> | undefined = undefined
  /** Why `take` answered undefined. */
  status: NfsStatus = nfsStatus.NFS3ERR_STALE
  tree: Tree | undefined = undefined
  /** Files of the call and what they were before it: for weak cache consistency. */
  first: Inode | undefined = undefined
  firstBefore: Attributes | undefined = undefined
  second: Inode | undefined = undefined
  secondBefore: Attributes | undefined = undefined

  private readonly modifies: boolean

  constructor(room: Nfs3Room, clientIp: string, caller: Caller, modifies: boolean) {
    this.modifies = modifies
    this.room = room
    this.clientIp = clientIp
    this.caller = caller
  }

  /** The open file behind the next handle of the arguments; undefined: answer `status`. */
  take(args: XdrReader): Inode | undefined {
    // RFC 1813 §2.4: at most NFS3_FHSIZE.
    const handle = args.opaque(64)
    if (args.fault !== undefined) return undefined
    const resolved = this.room.forest.resolve(this.clientIp, handle)
    if ('inode' in resolved) {
      this.tree ??= resolved.tree
      if (this.tree !== resolved.tree) {
        this.status = nfsStatus.NFS3ERR_XDEV
        return undefined
      }
      if (this.first === undefined) this.first = resolved.inode
      else this.second = resolved.inode
      if (this.modifies && resolved.tree.grant.access === 'ro') {
        this.status = nfsStatus.NFS3ERR_ROFS
        return undefined
      }
      return resolved.inode
    }
    if ('search' in resolved) {
      this.search = resolved.search
      this.status = nfsStatus.NFS3ERR_JUKEBOX
      return undefined
    }
    if (resolved.refused === 'no-grant') this.status = nfsStatus.NFS3ERR_ACCES
    else if (resolved.refused === 'stale') this.status = nfsStatus.NFS3ERR_STALE
    // A disk that is not mounted yet, an image being replaced: the node waits, as it would for a server that is down.
    else if (resolved.refused === 'no-directory') this.status = nfsStatus.NFS3ERR_JUKEBOX
    else this.status = nfsStatus.NFS3ERR_BADHANDLE
    this.room.onHandleRefused(this.clientIp, resolved.refused)
    return undefined
  }

  /** For the attributes of results: a file of this call as it is now. */
  after(inode: Inode): Attributes | undefined {
    if (inode.fd < 0) return undefined
    return this.tree?.refresh(inode)
  }

  get fsid(): number {
    return this.tree?.grant.id ?? 0
  }
}

/** filename3: one name below a directory. */
export function nameFault(name: string): NfsStatus | undefined {
  if (name.length === 0) return nfsStatus.NFS3ERR_INVAL
  if (name.length > limits.nameBytes) return nfsStatus.NFS3ERR_NAMETOOLONG
  if (name.includes('/') || name.includes('\0')) return nfsStatus.NFS3ERR_ACCES
  return undefined
}

/** Flushes a file or directory to disk: its attributes, its entries. */
export async function flush(room: Nfs3Room, inode: Inode): Promise<void> {
  const type = inode.attributes.type
  if (inode.fd < 0 || (type !== 'reg' && type !== 'dir')) return
  let fd: number
  try {
    fd = openSync(pathOfFd(inode.fd), O_RDONLY | O_NONBLOCK | (type === 'dir' ? O_DIRECTORY : 0))
  } catch {
    return
  }
  try {
    await new Promise<void>((resolve, reject) => fsync(fd, (error) => (error ? reject(error) : resolve())))
  } catch (error) {
    room.renewWriteVerifier()
    throw error
  } finally {
    closeSync(fd)
  }
}

/** The result of a change, once it is on disk (or at once when the operator chose so). */
export async function afterFlush(
  room: Nfs3Room,
  inodes: readonly (Inode | undefined)[],
  encode: (out: XdrWriter) => void,
): Promise<LateResult> {
  if (room.commitMetadata) for (const inode of inodes) if (inode !== undefined) await flush(room, inode)
  return { encode }
}
