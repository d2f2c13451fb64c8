/**
 * Finding a file by its inode number alone: after a restart, or after a rename behind our back, a handle is all
 * there is. The whole export is walked once, in short slices, and what was seen is remembered for the handles that
 * are sure to follow.
 */
import { fstatSync, lstatSync, openSync, readdirSync } from 'node:fs'
import { attributesOf, inodeKey } from './attributes.ts'
import type { HandleFields } from './handles.ts'
import type { Inode } from './inode.ts'
import { limits } from './limits.ts'
import { O_NOFOLLOW, O_PATH, pathBelow, pathOfFd } from './open-files.ts'
import type { Tree } from './tree.ts'

export interface Pace {
  readonly now: () => number
  /** Lets everything else of the process have its turn. */
  readonly breathe: () => Promise<void>
  readonly sleep: (ms: number) => Promise<void>
}

/** Found inode; undefined: it is gone; 'busy': too many are waiting, ask again later. */
export type Found = Inode | undefined | 'busy'

interface Place {
  readonly parent: Inode
  readonly name: string
}

function idOf(file: Pick<HandleFields, 'inoHigh' | 'inoLow' | 'birthNs'>): string {
  return `${file.inoHigh}.${file.inoLow}.${file.birthNs}`
}

export class Finder {
  private readonly tree: Tree
  private readonly pace: Pace
  private readonly trim: () => void
  private readonly onScan: (files: number, durationMs: number) => void
  private places = new Map<number, Place>()
  private placesAtMs = 0
  private readonly gone = new Map<string, number>()
  private scanning: Promise<void> | undefined
  private nextScanAtMs = 0
  private waiting = 0

  constructor(tree: Tree, pace: Pace, trim: () => void, onScan: (files: number, durationMs: number) => void) {
    this.tree = tree
    this.trim = trim
    this.pace = pace
    this.onScan = onScan
  }

  /** For ever: inode number and birth time never come back together. */
  markGone(inode: Inode): void {
    // Unless the file system keeps no birth times: then a new file may look the same.
    if (inode.attributes.birthNs === 0n) return
    this.noteGone(idOf(inode.attributes), Number.POSITIVE_INFINITY)
  }

  private noteGone(id: string, atMs: number): void {
    if (this.gone.size >= limits.goneFiles)
      for (const oldest of this.gone.keys()) {
        this.gone.delete(oldest)
        break
      }
    this.gone.set(id, atMs)
  }

  async find(fields: HandleFields): Promise<Found> {
    const id = idOf(fields)
    const goneAtMs = this.gone.get(id)
    if (goneAtMs !== undefined && this.pace.now() - goneAtMs < limits.goneTrustMs) return undefined
    const early = this.lookIn(fields)
    if (early !== undefined) return early
    if (this.waiting >= limits.scanWaiters) return 'busy'
    this.waiting++
    try {
      // A scan that is under way may have passed the place already: then the next one decides.
      if (this.scanning !== undefined) {
        await this.scanning
        const found = this.lookIn(fields)
        if (found !== undefined) return found
      }
      this.scanning ??= this.scan()
      await this.scanning
    } finally {
      this.waiting--
    }
    const found = this.lookIn(fields)
    if (found === undefined) this.noteGone(id, this.pace.now())
    return found
  }

  /** Forgets the last scan when nobody needs it any more. */
  sweep(nowMs: number): void {
    if (nowMs - this.placesAtMs > limits.scanKeepMs) this.places.clear()
    for (const [id, atMs] of this.gone) if (nowMs - atMs >= limits.goneTrustMs) this.gone.delete(id)
  }

  private isIt(inode: Inode, fields: HandleFields): boolean {
    const a = inode.attributes
    return a.inoHigh === fields.inoHigh && a.inoLow === fields.inoLow && a.birthNs === fields.birthNs
  }

  private lookIn(fields: HandleFields): Inode | undefined {
    const key = inodeKey(fields.inoHigh, fields.inoLow)
    const inode = this.tree.inodes.get(key)
    if (inode !== undefined && this.isIt(inode, fields) && this.tree.open(inode) >= 0) return inode
    const place = this.places.get(key)
    if (place === undefined) return undefined
    const directoryFd = this.tree.open(place.parent)
    if (directoryFd < 0) return undefined
    try {
      const fd = openSync(pathBelow(directoryFd, place.name), O_PATH | O_NOFOLLOW)
      const found = this.tree.adopt(place.parent, place.name, fstatSync(fd, { bigint: true }), fd)
      return this.isIt(found, fields) ? found : undefined
    } catch {
      return undefined
    }
  }

  private async scan(): Promise<void> {
    // Bounded: the clock may have been set back.
    const waitMs = Math.min(this.nextScanAtMs - this.pace.now(), limits.scanPauseMaxMs)
    if (waitMs > 0) await this.pace.sleep(waitMs)
    const startedAtMs = this.pace.now()
    let files = 0
    try {
      files = await this.walk()
    } finally {
      const durationMs = Math.max(0, this.pace.now() - startedAtMs)
      this.nextScanAtMs = this.pace.now() + Math.max(limits.scanPauseMs, durationMs * 10)
      this.scanning = undefined
      this.onScan(files, durationMs)
    }
  }

  private async walk(): Promise<number> {
    const startedAtMs = this.pace.now()
    this.places = new Map()
    this.placesAtMs = startedAtMs
    let files = 0
    let sliceEndsAtMs = startedAtMs + limits.scanSliceMs
    const directories: Inode[] = [this.tree.root]
    for (let directory = directories.pop(); directory !== undefined; directory = directories.pop()) {
      let names: string[]
      try {
        if (this.tree.open(directory) < 0) continue
        names = readdirSync(pathOfFd(directory.fd), 'latin1')
      } catch {
        continue
      }
      for (const name of names) {
        if (++files % 32 === 0 && this.pace.now() >= sliceEndsAtMs) {
          await this.pace.breathe()
          this.trim()
          sliceEndsAtMs = this.pace.now() + limits.scanSliceMs
        }
        this.visit(directory, name, directories)
      }
    }
    this.placesAtMs = this.pace.now()
    return files
  }

  private visit(directory: Inode, name: string, directories: Inode[]): void {
    const fd = this.tree.open(directory)
    if (fd < 0) return
    try {
      const stats = lstatSync(pathBelow(fd, name), { bigint: true, throwIfNoEntry: false })
      if (stats === undefined) return
      const attributes = attributesOf(stats)
      if (attributes.device !== this.tree.root.attributes.device) return
      if (attributes.type === 'dir') directories.push(this.tree.adopt(directory, name, stats, -1))
      const key = inodeKey(attributes.inoHigh, attributes.inoLow)
      if (this.places.size < limits.scanFiles) this.places.set(key, { parent: directory, name })
    } catch {
      // Unreadable or just removed: not found here.
    }
  }
}
