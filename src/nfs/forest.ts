/** All exports in use: one tree each, opened at the first call, closed when idle. Turns handles into inodes. */

import { inodeKey } from './attributes.ts'
import type { ExportGrant, ExportTable } from './export-table.ts'
import { encodeHandle, isAuthentic, isSameHandle, parseHandle } from './handles.ts'
import type { Inode } from './inode.ts'
import { limits } from './limits.ts'
import type { OpenFiles } from './open-files.ts'
import { Finder, type Found, type Pace } from './scan.ts'
import { Tree, type TreeRoom } from './tree.ts'

/** What became of a handle: an open inode in its tree, a search, or the reason why not. */
export type Resolved =
  | { readonly tree: Tree; readonly inode: Inode }
  | { readonly search: Promise<Found> }
  | { readonly refused: 'bad-handle' | 'no-grant' | 'forged' | 'stale' | 'no-directory' }

const BAD: Resolved = { refused: 'bad-handle' }
const NO_GRANT: Resolved = { refused: 'no-grant' }
const FORGED: Resolved = { refused: 'forged' }
const STALE: Resolved = { refused: 'stale' }
const NO_DIRECTORY: Resolved = { refused: 'no-directory' }

export interface ForestOptions {
  readonly exports: ExportTable
  readonly handleKey: Buffer
  readonly openFiles: OpenFiles
  readonly pace: Pace
  readonly onScan: (grant: ExportGrant, files: number, durationMs: number) => void
}

export class Forest {
  private readonly options: ForestOptions
  private readonly trees = new Map<number, Tree>()
  private readonly finders = new WeakMap<Tree, Finder>()
  private readonly clock = new Set<Inode>()
  private readonly room: TreeRoom

  constructor(options: ForestOptions) {
    this.options = options
    this.room = {
      openFiles: options.openFiles,
      now: options.pace.now,
      onAdopt: (_tree, inode) => {
        this.clock.add(inode)
        if (this.clock.size > limits.inodes) this.evict()
      },
    }
  }

  /** The tree of a grant, opened if need be; undefined when its directory cannot be opened. */
  tree(grant: ExportGrant): Tree | undefined {
    let tree = this.trees.get(grant.id)
    try {
      if (tree !== undefined && tree.grant.dir !== grant.dir) {
        this.drop(tree)
        tree = undefined
      }
      if (tree === undefined) {
        tree = new Tree(grant, this.room)
        this.trees.set(grant.id, tree)
      }
      tree.grant = grant
      tree.usedAtMs = this.options.pace.now()
      tree.checkRoot()
      return tree
    } catch {
      return undefined
    }
  }

  handle(inode: Inode): Buffer {
    if (inode.handle !== undefined) return inode.handle
    const a = inode.attributes
    const fields = { exportId: inode.exportId, inoHigh: a.inoHigh, inoLow: a.inoLow, birthNs: a.birthNs }
    // A device number may change when the server machine boots: 0 stands for "the export's own".
    inode.handle = encodeHandle(this.options.handleKey, { ...fields, device: inode.isCovered ? a.device : 0 })
    return inode.handle
  }

  resolve(clientIp: string, handle: Buffer): Resolved {
    const fields = parseHandle(handle)
    if (fields === undefined) return BAD
    const grant = this.options.exports.forHandle(clientIp, fields.exportId)
    // Before anything is looked at: a stranger learns nothing, not even whether the handle is genuine.
    if (grant === undefined) return NO_GRANT
    const tree = this.tree(grant)
    if (tree === undefined) return NO_DIRECTORY
    const key =
      fields.device === 0
        ? inodeKey(fields.inoHigh, fields.inoLow)
        : -(((fields.device % 0x100000) + 1) * 0x100000000 + fields.inoLow)
    const inode = tree.inodes.get(key)
    if (inode !== undefined && isSameHandle(this.handle(inode), handle)) {
      inode.isRecent = true
      if (tree.open(inode) >= 0) return { tree, inode }
    } else if (!isAuthentic(this.options.handleKey, handle)) return FORGED
    // The number belongs to another file now, and that file is there: this one is gone.
    else if (inode !== undefined && tree.open(inode) >= 0) return STALE
    if (fields.device !== 0) return STALE
    return { search: this.finder(tree).find(fields) }
  }

  private finder(tree: Tree): Finder {
    let finder = this.finders.get(tree)
    if (finder === undefined) {
      const { pace, openFiles, onScan } = this.options
      const trim = () => openFiles.trim(pace.now())
      finder = new Finder(tree, pace, trim, (files, ms) => onScan(tree.grant, files, ms))
      this.finders.set(tree, finder)
    }
    return finder
  }

  /** The last name of a file was removed: its handle is dead and need not be searched for. */
  gone(tree: Tree, inode: Inode): void {
    if (inode.busy > 0) return
    this.finder(tree).markGone(inode)
    this.clock.delete(inode)
    tree.forget(inode)
  }

  isFrozen(inode: Inode): boolean {
    return this.trees.get(inode.exportId)?.grant.frozen === true
  }

  private evict(): void {
    let looked = 0
    for (const inode of this.clock) {
      if (++looked > 512 || this.clock.size <= limits.inodes - 64) return
      this.clock.delete(inode)
      const tree = this.trees.get(inode.exportId)
      if (tree === undefined || tree.inodes.get(inode.key) !== inode) continue
      if (inode.isRecent || inode.busy > 0 || inode === tree.root) {
        inode.isRecent = false
        this.clock.add(inode)
      } else tree.forget(inode)
    }
  }

  private drop(tree: Tree): void {
    for (const inode of tree.inodes.values()) this.clock.delete(inode)
    tree.close()
    this.trees.delete(tree.grant.id)
  }

  sweep(nowMs: number): void {
    this.options.openFiles.sweep(nowMs, (inode) => this.trees.get(inode.exportId)?.grant.access !== 'rw')
    for (const tree of this.trees.values()) {
      this.finder(tree).sweep(nowMs)
      if (nowMs - tree.usedAtMs > limits.deletedFileIdleMs) this.drop(tree)
    }
  }

  close(): void {
    for (const tree of [...this.trees.values()]) this.drop(tree)
  }

  get size(): number {
    return this.clock.size
  }
}
