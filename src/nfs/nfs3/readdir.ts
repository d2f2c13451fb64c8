/** READDIR and READDIRPLUS (RFC 1813 §3.3.16, 3.3.17). */
import { readdir as readdirAsync, readdirSync } from 'node:fs'
import { isUnchanged } from '../attributes.ts'
import type { Inode } from '../inode.ts'
import { limits } from '../limits.ts'
import { compileListing, indexAfter, type Listing } from '../listing.ts'
import { pathOfFd } from '../open-files.ts'
import { MAY_READ, permits } from '../permission.ts'
import type { Tree } from '../tree.ts'
import { XdrWriter } from '../xdr.ts'
import { GARBAGE, type LateResult, type Nfs3Call, type Procedure } from './call.ts'
import { type NfsStatus, nfsStatus } from './status.ts'
import { encodePostOp, encodePostOpHandle } from './structures.ts'

const { NFS3_OK, NFS3ERR_ACCES, NFS3ERR_BAD_COOKIE, NFS3ERR_NOTDIR, NFS3ERR_TOOSMALL } = nfsStatus

/** Names the way cookies are made (see listing.ts): another verifier means cookies of another server. */
export const COOKIE_VERIFIER = Buffer.from('lbcooki1', 'latin1')
const NO_VERIFIER = Buffer.alloc(8)
const EMPTY: readonly string[] = []

/** resok without entries: post_op_attr 88, verifier 8, end of list 4, eof 4. */
const FRAME_BYTES = 104
/** READDIRPLUS, for every entry: post_op_attr 88, post_op_fh3 4 + 4 + 44. */
const PLUS_BYTES = 140

interface Question {
  readonly cookie: number
  readonly verifier: Buffer
  /** Bytes of names, cookies, file ids. */
  readonly nameBytes: number
  /** Bytes of the whole result. */
  readonly totalBytes: number
  readonly isPlus: boolean
}

/** The listing to answer from; a promise when the directory is so large that reading it would hold up others. */
function listingOf(call: Nfs3Call, tree: Tree, directory: Inode, cookie: number): Listing | Promise<Listing> {
  const { keepListing, now } = call.room
  const nowMs = now()
  if (directory.isCovered) return compileListing(EMPTY, directory.attributes, nowMs)
  const kept = directory.listing
  if (kept !== undefined) {
    if (tree.isFrozen) return kept
    // Entries that stay have the same cookies in every listing: an older one may be continued.
    if (cookie > 2 && nowMs - kept.atMs < limits.listingKeepMs) return kept
    const stamp = tree.refresh(directory)
    const changedAtMs = stamp.mtimeSeconds * 1000 + stamp.mtimeNanos / 1e6
    if (isUnchanged(stamp, kept.stamp) && kept.atMs - changedAtMs > limits.stampSettleMs) return kept
  }
  const stamp = tree.refresh(directory)
  const path = pathOfFd(directory.fd)
  if (stamp.size <= limits.directListingBytes) {
    const listing = compileListing(readdirSync(path, 'latin1'), stamp, nowMs)
    keepListing(directory, listing)
    return listing
  }
  call.room.openFiles.begin(directory)
  return new Promise<Listing>((resolve, reject) => {
    readdirAsync(path, 'latin1', (error, names) => {
      call.room.openFiles.end(directory)
      if (error) return reject(error)
      const listing = compileListing(names, stamp, nowMs)
      keepListing(directory, listing)
      resolve(listing)
    })
  })
}

function encodeEntry(call: Nfs3Call, out: XdrWriter, entry: Inode, name: string, cookie: number, isPlus: boolean) {
  out.u32(1)
  out.u32(entry.attributes.inoHigh)
  out.u32(entry.attributes.inoLow)
  out.text(name)
  out.u64(cookie)
  if (!isPlus) return
  encodePostOp(out, call.tree!.attributes(entry), entry.exportId)
  encodePostOpHandle(out, call.room.forest.handle(entry))
}

/** Writes the whole result; answers TOOSMALL when not even one entry has room. */
function encodeListing(
  call: Nfs3Call,
  out: XdrWriter,
  directory: Inode,
  listing: Listing,
  question: Question,
): NfsStatus {
  const tree = call.tree!
  const { isPlus } = question
  out.u32(NFS3_OK)
  encodePostOp(out, tree.attributes(directory), directory.exportId)
  out.fixed(COOKIE_VERIFIER)
  let nameLeft = question.nameBytes
  let totalLeft = question.totalBytes - FRAME_BYTES
  let isFull = false
  let written = 0
  const add = (entry: Inode, name: string, cookie: number): void => {
    const bytes = 24 + ((name.length + 3) & ~3)
    nameLeft -= bytes
    totalLeft -= isPlus ? bytes + PLUS_BYTES : bytes
    // dircount is a hint for the names (RFC 1813 §3.3.17): one entry is given even if it is too small for that.
    isFull = totalLeft < 0 || (nameLeft < 0 && written > 0)
    if (isFull) return
    encodeEntry(call, out, entry, name, cookie, isPlus)
    written++
  }
  if (question.cookie < 1) add(directory, '.', 1)
  if (question.cookie < 2 && !isFull) add(tree.above(directory) ?? directory, '..', 2)
  const { names, cookies } = listing
  for (let i = indexAfter(listing, question.cookie); i < names.length && !isFull; i++) {
    const name = names[i]!
    if (name === '') continue
    // For READDIR only the number of the file is wanted, and that is known as long as the name is.
    const known = isPlus ? undefined : tree.known(directory, name)
    const entry = known ?? tree.glance(directory, name)
    if (entry !== undefined) add(entry, name, cookies[i]!)
  }
  if (isFull && written === 0) return NFS3ERR_TOOSMALL
  out.u32(0)
  out.bool(!isFull)
  return NFS3_OK
}

function list(call: Nfs3Call, out: XdrWriter, directory: Inode, question: Question) {
  const tree = call.tree!
  const attributes = tree.attributes(directory)
  if (attributes.type !== 'dir') return NFS3ERR_NOTDIR
  if (!permits(call.caller, attributes, MAY_READ)) return NFS3ERR_ACCES
  const { cookie, verifier } = question
  if (cookie > 0 && !verifier.equals(COOKIE_VERIFIER) && !verifier.equals(NO_VERIFIER)) return NFS3ERR_BAD_COOKIE
  const listing = listingOf(call, tree, directory, cookie)
  if (!(listing instanceof Promise)) return encodeListing(call, out, directory, listing, question)
  return listing.then((ready): LateResult | NfsStatus => {
    if (tree.open(directory) < 0) return nfsStatus.NFS3ERR_STALE
    const own = new XdrWriter(Buffer.allocUnsafe(8192))
    const status = encodeListing(call, own, directory, ready, question)
    return status === NFS3_OK ? { encode: (late) => late.fixed(own.bytes()) } : status
  })
}

/** READDIRPLUS says besides how many bytes of names are wanted (RFC 1813 §3.3.16, 3.3.17). */
function listProcedure(name: string, isPlus: boolean): Procedure {
  return {
    name,
    failure: 'attributes',
    modifies: false,
    keepReply: false,
    run(call, args, out) {
      const directory = call.take(args)
      const cookie = args.u64()
      const verifier = args.fixed(8)
      const wantedNames = isPlus ? args.u32() : undefined
      const totalBytes = Math.min(args.u32(), limits.directoryReplyBytes)
      if (args.fault) return GARBAGE
      if (directory === undefined) return call.status
      return list(call, out, directory, { cookie, verifier, nameBytes: wantedNames ?? totalBytes, totalBytes, isPlus })
    },
  }
}

export const readdir = listProcedure('READDIR', false)
export const readdirplus = listProcedure('READDIRPLUS', true)
