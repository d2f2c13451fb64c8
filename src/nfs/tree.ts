/**
 * One export as the server knows it: inodes by number, with the directory and name where each was last seen.
 *
 * The file system is the truth. An inode with a descriptor is that file, whatever its name is now. An inode without
 * one is reached from the root one checked step at a time, and compared (inode number, device, birth time) with what
 * was expected. Steps are taken below open directories and never through a symbolic link, so nothing outside the
 * export can be reached. Mount points below the export are not crossed (knfsd without `crossmnt`).
 */
import { type BigIntStats, closeSync, fstatSync, lstatSync, openSync } from 'node:fs'
import { type Attributes, attributesOf, inodeKey, isSameFile, isUnchanged } from './attributes.ts'
import type { ExportGrant } from './export-table.ts'
import { Inode, PATH, type READ, type WRITE } from './inode.ts'
import { limits } from './limits.ts'
import { O_NOFOLLOW, O_PATH, type OpenFiles, pathBelow } from './open-files.ts'

export interface TreeRoom {
  readonly openFiles: OpenFiles
  readonly now: () => number
  /** Bounds the number of inodes over all exports. */
  readonly onAdopt: (tree: Tree, inode: Inode) => void
}

/** Young enough to be believed; nothing from the future is, in case the clock was set back. */
function isTrusted(nowMs: number, atMs: number): boolean {
  return nowMs >= atMs && nowMs - atMs < limits.attributeTrustMs
}

export class Tree {
  grant: ExportGrant
  root: Inode
  rootCheckedAtMs: number
  usedAtMs: number
  readonly inodes = new Map<number, Inode>()
  private isClosed = false
  private readonly room: TreeRoom

  /** `root` is the open export directory; throws when it is gone. */
  constructor(grant: ExportGrant, room: TreeRoom) {
    this.grant = grant
    this.room = room
    this.rootCheckedAtMs = room.now()
    this.usedAtMs = this.rootCheckedAtMs
    this.root = this.openRoot()
  }

  /** The export directory itself is the operator's word: symbolic links in its path are followed. */
  private openRoot(): Inode {
    const fd = openSync(this.grant.dir, O_PATH)
    const attributes = attributesOf(fstatSync(fd, { bigint: true }))
    if (attributes.type !== 'dir') {
      closeSync(fd)
      throw Object.assign(new Error(`${this.grant.dir} is not a directory`), { code: 'ENOTDIR' })
    }
    const known = this.inodes.get(inodeKey(attributes.inoHigh, attributes.inoLow))
    const isKnown = known !== undefined && isSameFile(known.attributes, attributes)
    const inode = isKnown ? known : this.newInode(attributes, false)
    inode.parent = undefined
    this.room.openFiles.hold(inode, fd, PATH, this.room.now())
    return inode
  }

  /** Whether the directory at the export's path is still the one that is open; takes the new one when it was replaced. */
  checkRoot(): void {
    const now = this.room.now()
    if (isTrusted(now, this.rootCheckedAtMs) && this.root.fd >= 0) return
    this.rootCheckedAtMs = now
    this.root = this.openRoot()
  }

  private newInode(attributes: Attributes, isCovered: boolean): Inode {
    const key = isCovered
      ? -(((attributes.device % 0x100000) + 1) * 0x100000000 + attributes.inoLow)
      : inodeKey(attributes.inoHigh, attributes.inoLow)
    const inode = new Inode(this.grant.id, key, attributes, this.room.now(), isCovered)
    const old = this.inodes.get(key)
    if (old !== undefined) this.room.openFiles.release(old)
    this.inodes.set(key, inode)
    this.room.onAdopt(this, inode)
    return inode
  }

  /** Files what was just seen as `name` in `parent`; takes over `fd` (O_PATH) unless it is -1. */
  adopt(parent: Inode, name: string, stats: BigIntStats, fd: number): Inode {
    const now = this.room.now()
    const attributes = attributesOf(stats)
    const isCovered = attributes.device !== this.root.attributes.device
    let inode: Inode | undefined
    if (isCovered) {
      const seen = parent.names?.get(name)
      if (seen?.isCovered && isSameFile(seen.attributes, attributes)) inode = seen
    } else inode = this.inodes.get(inodeKey(attributes.inoHigh, attributes.inoLow))
    if (inode === undefined || !isSameFile(inode.attributes, attributes)) {
      inode = this.newInode(attributes, isCovered)
    } else {
      inode.attributes = attributes
      inode.attributesAtMs = now
      inode.isRecent = true
    }
    if (inode !== this.root) {
      inode.parent = parent
      inode.name = name
    }
    if (fd >= 0) {
      // A mount point is not held, so that it can be unmounted.
      if (inode.fd >= 0 || isCovered) closeSync(fd)
      else this.room.openFiles.hold(inode, fd, PATH, now)
    }
    this.remember(parent, name, inode)
    return inode
  }

  /** A descriptor of the inode (at least O_PATH), or -1 when it is not where it was last seen. */
  open(inode: Inode): number {
    if (this.isClosed) return -1
    if (inode.fd >= 0) {
      inode.usedAtMs = this.room.now()
      return inode.fd
    }
    const parent = inode.parent
    if (parent === undefined) {
      if (inode !== this.root) return -1
      try {
        const root = this.openRoot()
        this.root = root
      } catch {
        return -1
      }
      return inode.fd
    }
    const parentFd = this.open(parent)
    if (parentFd < 0) return -1
    if (inode.isCovered) return this.checkCovered(inode, parentFd)
    let fd: number
    try {
      fd = openSync(pathBelow(parentFd, inode.name), O_PATH | O_NOFOLLOW)
    } catch {
      return -1
    }
    const attributes = attributesOf(fstatSync(fd, { bigint: true }))
    if (!isSameFile(attributes, inode.attributes)) {
      closeSync(fd)
      return -1
    }
    inode.attributes = attributes
    inode.attributesAtMs = this.room.now()
    this.room.openFiles.hold(inode, fd, PATH, inode.attributesAtMs)
    return fd
  }

  /** Mount points have no descriptor: 0 says only that it is still there. */
  private checkCovered(inode: Inode, parentFd: number): number {
    const stats = lstatSync(pathBelow(parentFd, inode.name), { bigint: true, throwIfNoEntry: false })
    if (stats === undefined) return -1
    const attributes = attributesOf(stats)
    if (!isSameFile(attributes, inode.attributes)) return -1
    inode.attributes = attributes
    inode.attributesAtMs = this.room.now()
    return 0
  }

  /** A descriptor that reads or writes; the inode is a regular file and open. Throws what open() says. */
  openFor(inode: Inode, mode: typeof READ | typeof WRITE): number {
    return this.room.openFiles.upgrade(inode, mode, this.room.now())
  }

  get isFrozen(): boolean {
    return this.grant.frozen
  }

  /** Attributes, at most `attributeTrustMs` old (frozen exports: any age). The inode is open. */
  attributes(inode: Inode): Attributes {
    if (this.grant.frozen || inode.fd < 0) return inode.attributes
    if (isTrusted(this.room.now(), inode.attributesAtMs)) return inode.attributes
    return this.refresh(inode)
  }

  /** Attributes as they are now. The inode is open (mount points: as they were when it was asked for). */
  refresh(inode: Inode): Attributes {
    if (inode.fd < 0) return inode.attributes
    inode.attributes = attributesOf(fstatSync(inode.fd, { bigint: true }))
    inode.attributesAtMs = this.room.now()
    return inode.attributes
  }

  /** The remembered names of an open directory, emptied when the directory changed since they were seen. */
  private currentNames(directory: Inode): Map<string, Inode | null> {
    const now = this.room.now()
    const names = directory.names
    if (names !== undefined && (this.grant.frozen || isTrusted(now, directory.namesCheckedAtMs))) return names
    const stamp = this.refresh(directory)
    const old = directory.namesStamp
    directory.namesCheckedAtMs = now
    if (names !== undefined && old !== undefined && isUnchanged(old, stamp)) {
      // A change within the same clock tick leaves no trace: only a stamp that had settled proves anything.
      const changedAtMs = stamp.mtimeSeconds * 1000 + stamp.mtimeNanos / 1e6
      if (directory.namesStampAtMs - changedAtMs > limits.stampSettleMs) return names
    }
    directory.namesStamp = stamp
    directory.namesStampAtMs = now
    directory.names = new Map()
    return directory.names
  }

  remember(directory: Inode, name: string, inode: Inode | null): void {
    const names = directory.names
    if (names === undefined) return
    if (names.size >= limits.namesPerDirectory) names.clear()
    names.set(name, inode)
  }

  /** Known entry of an open directory without asking the file system: undefined when nothing is known. */
  known(directory: Inode, name: string): Inode | null | undefined {
    return this.currentNames(directory).get(name)
  }

  /** The entry `name` of an open directory, itself open; undefined when there is none. Throws other errors. */
  lookup(directory: Inode, name: string): Inode | undefined {
    const known = this.known(directory, name)
    if (known === null) return undefined
    if (known !== undefined && (this.grant.frozen || this.open(known) >= 0)) return known
    let fd: number
    try {
      fd = openSync(pathBelow(directory.fd, name), O_PATH | O_NOFOLLOW)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      this.remember(directory, name, null)
      return undefined
    }
    return this.adopt(directory, name, fstatSync(fd, { bigint: true }), fd)
  }

  /** As `lookup`, asking the file system in any case: before something is changed. */
  lookupNow(directory: Inode, name: string): Inode | undefined {
    directory.names?.delete(name)
    return this.lookup(directory, name)
  }

  /** As `lookup`, but leaves the entry closed: for READDIRPLUS, where most entries are never used. */
  glance(directory: Inode, name: string): Inode | undefined {
    const known = this.known(directory, name)
    const isFresh = this.grant.frozen || (known && isTrusted(this.room.now(), known.attributesAtMs))
    if (known && (isFresh || known.fd >= 0)) return known
    const stats = lstatSync(pathBelow(directory.fd, name), { bigint: true, throwIfNoEntry: false })
    return stats === undefined ? undefined : this.adopt(directory, name, stats, -1)
  }

  /** `..`: the directory above as the file system says it, as far as it is known here; the root's is the root. */
  above(directory: Inode): Inode | undefined {
    if (directory === this.root) return directory
    if (directory.isCovered) return directory.parent
    const stats = lstatSync(pathBelow(directory.fd, '..'), { bigint: true })
    const attributes = attributesOf(stats)
    const inode = this.inodes.get(inodeKey(attributes.inoHigh, attributes.inoLow))
    if (inode === undefined || !isSameFile(inode.attributes, attributes)) return undefined
    return this.open(inode) < 0 ? undefined : inode
  }

  /** A file that is gone, or forgotten to make room. */
  forget(inode: Inode): void {
    if (this.inodes.get(inode.key) === inode) this.inodes.delete(inode.key)
    if (inode.parent?.names?.get(inode.name) === inode) inode.parent.names.delete(inode.name)
    this.room.openFiles.release(inode)
  }

  close(): void {
    this.isClosed = true
    for (const inode of this.inodes.values()) this.room.openFiles.release(inode)
    this.inodes.clear()
  }
}
