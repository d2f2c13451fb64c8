/**
 * Descriptors held on known files. A descriptor made with O_PATH is the file itself, not a name: through
 * `/proc/self/fd/<n>/<name>` one step down a directory is made without walking a path that somebody could
 * change meanwhile (Node has no openat). It also keeps a file alive that was replaced by a rename.
 */
import { closeSync, constants, fstatSync, openSync } from 'node:fs'
import { CLOSED, type Inode, type OpenMode, type READ, WRITE } from './inode.ts'
import { limits } from './limits.ts'

/** Linux, all architectures that Node runs on; Node does not export it. */
export const O_PATH = 0o10000000
export const { O_NOFOLLOW, O_DIRECTORY, O_RDONLY, O_RDWR, O_NONBLOCK } = constants
const O_NOATIME = constants.O_NOATIME ?? 0

/** The file behind a descriptor, as a path for calls that take one. Only for files that are not symbolic links. */
export function pathOfFd(fd: number): string {
  return `/proc/self/fd/${fd}`
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the range of ASCII
const ASCII = /^[\x00-\x7f]*$/

/** Path of an entry of an open directory. Names are byte strings. */
export function pathBelow(fd: number, name: string): string | Buffer {
  const path = `/proc/self/fd/${fd}/${name}`
  return ASCII.test(name) ? path : Buffer.from(path, 'latin1')
}

export class OpenFiles {
  private readonly held = new Set<Inode>()
  private readonly limit: number

  constructor(limit: number = limits.openFiles) {
    this.limit = limit
  }

  get size(): number {
    return this.held.size
  }

  /** Gives the inode a descriptor, in place of the one it has. */
  hold(inode: Inode, fd: number, mode: OpenMode, nowMs: number): void {
    if (inode.fd >= 0) this.retire(inode)
    inode.fd = fd
    inode.openMode = mode
    inode.usedAtMs = nowMs
    this.held.add(inode)
  }

  /** Makes the O_PATH descriptor of a regular file one that reads (or writes); throws what open() says. */
  upgrade(inode: Inode, mode: typeof READ | typeof WRITE, nowMs: number): number {
    if (inode.openMode >= mode) return inode.fd
    const path = pathOfFd(inode.fd)
    const flags = mode === WRITE ? O_RDWR : O_RDONLY | O_NOATIME
    this.hold(inode, openSync(path, flags | O_NONBLOCK), mode, nowMs)
    return inode.fd
  }

  begin(inode: Inode): void {
    inode.busy++
  }

  end(inode: Inode): void {
    inode.busy--
    if (inode.busy > 0 || inode.retired === undefined) return
    for (const fd of inode.retired) closeSync(fd)
    inode.retired = undefined
  }

  release(inode: Inode): void {
    if (inode.fd >= 0) this.retire(inode)
    this.held.delete(inode)
  }

  private retire(inode: Inode): void {
    if (inode.busy > 0) {
      inode.retired ??= []
      inode.retired.push(inode.fd)
    } else closeSync(inode.fd)
    inode.fd = -1
    inode.openMode = CLOSED
  }

  /**
   * Closes some when there are too many: second chance in order of opening, deleted files last, because nothing can
   * bring them back. Called between calls only, so that no call loses a descriptor that it works with.
   */
  trim(nowMs: number): void {
    if (this.held.size <= this.limit) return
    let looked = 0
    for (const inode of this.held) {
      if (this.held.size <= this.limit - 16 || ++looked > 512) return
      const isRecent = nowMs - inode.usedAtMs < 5000
      if (inode.busy > 0 || ((isRecent || isDeleted(inode)) && looked <= 256)) {
        this.held.delete(inode)
        this.held.add(inode)
      } else this.release(inode)
    }
  }

  /** Closes what was not used for long; called by a timer. */
  sweep(nowMs: number, isReadOnly: (inode: Inode) => boolean): void {
    for (const inode of this.held) {
      const idleMs = nowMs - inode.usedAtMs
      if (idleMs < limits.openFileIdleMs || inode.busy > 0) continue
      if (idleMs < limits.deletedFileIdleMs && isReadOnly(inode) && isDeleted(inode)) continue
      this.release(inode)
    }
  }

  closeAll(): void {
    for (const inode of this.held) this.release(inode)
  }
}

function isDeleted(inode: Inode): boolean {
  return inode.attributes.type === 'reg' && inode.fd >= 0 && fstatSync(inode.fd).nlink === 0
}
