/** NULL, FSSTAT, FSINFO, PATHCONF (RFC 1813 §3.3.0, 3.3.18–3.3.20). */
import { statfsSync } from 'node:fs'
import type { Inode } from '../inode.ts'
import { limits } from '../limits.ts'
import { pathBelow } from '../open-files.ts'
import type { XdrWriter } from '../xdr.ts'
import { GARBAGE, type Nfs3Call, type Outcome, type Procedure } from './call.ts'
import { nfsStatus } from './status.ts'
import { encodePostOp } from './structures.ts'

const { NFS3_OK } = nfsStatus

export const nullProcedure: Procedure = {
  name: 'NULL',
  failure: 'nothing',
  modifies: false,
  keepReply: false,
  run: () => NFS3_OK,
}

/** What is asked of a file system is asked of any file of it, and of nothing else. */
function question(name: string, answer: (call: Nfs3Call, file: Inode, out: XdrWriter) => Outcome): Procedure {
  return {
    name,
    failure: 'attributes',
    modifies: false,
    keepReply: false,
    run(call, args, out) {
      const file = call.take(args)
      if (args.fault) return GARBAGE
      return file === undefined ? call.status : answer(call, file, out)
    },
  }
}

export const fsstat = question('FSSTAT', (call, file, out) => {
  const tree = call.tree!
  if (tree.open(tree.root) < 0) return nfsStatus.NFS3ERR_STALE
  const fs = statfsSync(pathBelow(tree.root.fd, '.'))
  out.u32(NFS3_OK)
  encodePostOp(out, tree.attributes(file), file.exportId)
  out.u64(fs.blocks * fs.bsize)
  out.u64(fs.bfree * fs.bsize)
  out.u64(fs.bavail * fs.bsize)
  out.u64(fs.files)
  out.u64(fs.ffree)
  out.u64(fs.ffree)
  out.u32(0) // invarsec: may change at any time
  return NFS3_OK
})

/** FSF3_LINK | FSF3_SYMLINK | FSF3_HOMOGENEOUS | FSF3_CANSETTIME */
const PROPERTIES = 0x1b
/** Largest file of ext4 with 4 KiB blocks. */
const MAX_FILE_BYTES = 2 ** 44 - 4096

export const fsinfo = question('FSINFO', (call, file, out) => {
  out.u32(NFS3_OK)
  encodePostOp(out, call.tree!.attributes(file), file.exportId)
  for (const word of [limits.transferBytes, limits.transferBytes, 4096]) out.u32(word) // rtmax rtpref rtmult
  for (const word of [limits.transferBytes, limits.transferBytes, 4096]) out.u32(word) // wtmax wtpref wtmult
  out.u32(limits.directoryPreferredBytes)
  out.u64(MAX_FILE_BYTES)
  out.u32(0)
  out.u32(1) // time_delta: 1 ns
  out.u32(PROPERTIES)
  return NFS3_OK
})

export const pathconf = question('PATHCONF', (call, file, out) => {
  out.u32(NFS3_OK)
  encodePostOp(out, call.tree!.attributes(file), file.exportId)
  out.u32(65_000) // linkmax: ext4
  out.u32(limits.nameBytes)
  out.bool(true) // no_trunc
  out.bool(true) // chown_restricted
  out.bool(false) // case_insensitive
  out.bool(true) // case_preserving
  return NFS3_OK
})
