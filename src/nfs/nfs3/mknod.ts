/**
 * MKNOD (RFC 1813 §3.3.11): devices, fifos, sockets. Node has no mknod(2): the program does it; a socket is made by
 * binding one to a temporary name and linking that.
 */
import { execFile } from 'node:child_process'
import { linkSync, lstatSync } from 'node:fs'
import { createServer } from 'node:net'
import type { Inode } from '../inode.ts'
import { limits } from '../limits.ts'
import { pathBelow } from '../open-files.ts'
import type { XdrReader } from '../xdr.ts'
import type { LateResult, Nfs3Call } from './call.ts'
import { created } from './create.ts'
import { changeBelow, decideChange, giveTo, ownerOfNew } from './entry.ts'
import { type NfsStatus, nfsStatus } from './status.ts'
import { fileTypeNumbers, parseSetAttributes, type SetAttributes } from './structures.ts'

const { NFS3ERR_BADTYPE, NFS3ERR_EXIST, NFS3ERR_INVAL, NFS3ERR_IO, NFS3ERR_PERM } = nfsStatus

type NodeLetter = 'c' | 'b' | 'p'

/** The child sees our descriptors under our own process id, not under `self`. */
function runMknod(directoryFd: number, name: string, letter: NodeLetter, device: readonly string[]): Promise<void> {
  const path = `/proc/${process.pid}/fd/${directoryFd}/${name}`
  return new Promise((resolve, reject) =>
    execFile('mknod', ['-m', '0', '--', path, letter, ...device], { timeout: limits.mknodMs }, (error) =>
      error ? reject(error) : resolve(),
    ),
  )
}

function bindSocket(directoryFd: number, name: string, unique: string): Promise<void> {
  const temporary = pathBelow(directoryFd, `.nfs-socket-${unique}`) as string
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(temporary, () => {
      try {
        linkSync(temporary, pathBelow(directoryFd, name))
        server.close(() => resolve()) // takes the temporary name away
      } catch (error) {
        server.close(() => reject(error))
      }
    })
  })
}

async function makeNode(
  call: Nfs3Call,
  directory: Inode,
  name: string,
  set: SetAttributes,
  make: () => Promise<void>,
): Promise<LateResult | NfsStatus> {
  const tree = call.tree!
  const before = directory.attributes
  call.room.openFiles.begin(directory)
  try {
    await make()
    directory.names?.delete(name)
    const file = tree.lookup(directory, name)
    if (file === undefined || file.attributes.type === 'lnk') return NFS3ERR_IO
    giveTo(file.fd, ownerOfNew(call.caller, before, set), set.mode ?? 0o600)
    return await created(call, directory, file)
  } finally {
    call.room.openFiles.end(directory)
  }
}

function parseMknod(args: XdrReader) {
  const type = args.u32()
  const isDevice = type === fileTypeNumbers.chr || type === fileTypeNumbers.blk
  const isOther = type === fileTypeNumbers.sock || type === fileTypeNumbers.fifo
  const set = isDevice || isOther ? parseSetAttributes(args) : undefined
  const device = isDevice ? [String(args.u32()), String(args.u32())] : []
  return { type, isDevice, set, device }
}

export const mknod = changeBelow('MKNOD', parseMknod, (call, place, { type, isDevice, set, device }) => {
  const { directory, name } = place
  if (set === undefined) return NFS3ERR_BADTYPE
  const refusal = decideChange(call, place)
  if (refusal !== undefined) return refusal
  if (isDevice && call.caller.uid !== 0) return NFS3ERR_PERM
  const path = pathBelow(directory.fd, name)
  if (name === '.' || name === '..' || lstatSync(path, { throwIfNoEntry: false })) return NFS3ERR_EXIST
  // An argument vector is text for Node: other bytes would arrive as something else.
  if (typeof path !== 'string') return NFS3ERR_INVAL
  if (type === fileTypeNumbers.sock) {
    const unique = call.room.random(6).toString('hex')
    return makeNode(call, directory, name, set, () => bindSocket(directory.fd, name, unique))
  }
  const letter = type === fileTypeNumbers.chr ? 'c' : type === fileTypeNumbers.blk ? 'b' : 'p'
  return makeNode(call, directory, name, set, () => runMknod(directory.fd, name, letter, device))
})
