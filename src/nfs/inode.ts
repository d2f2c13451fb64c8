/** One known file of an export: who it is, where it was last seen, what was last read of it. */
import type { Attributes } from './attributes.ts'
import type { Listing } from './listing.ts'

/** How the descriptor of an inode was opened: not at all, O_PATH, for reading, for reading and writing. */
export type OpenMode = 0 | 1 | 2 | 3
export const CLOSED = 0
export const PATH = 1
export const READ = 2
export const WRITE = 3

export class Inode {
  readonly exportId: number
  readonly key: number
  attributes: Attributes
  attributesAtMs: number
  /** Directory and name under which it was last seen: only a hint, checked whenever it is used. */
  parent: Inode | undefined
  name: string
  handle: Buffer | undefined = undefined
  /** A mount point of another file system: shown as an empty directory, never entered. */
  readonly isCovered: boolean

  fd = -1
  openMode: OpenMode = CLOSED
  usedAtMs = 0
  /** Calls in the thread pool that use a descriptor of this file; it is not closed before they end. */
  busy = 0
  retired: number[] | undefined = undefined

  linkText: string | undefined = undefined
  /** Directories: names looked up; null is a name known to be missing. Good while the directory is unchanged. */
  names: Map<string, Inode | null> | undefined = undefined
  namesStamp: Attributes | undefined = undefined
  namesStampAtMs = 0
  namesCheckedAtMs = 0
  listing: Listing | undefined = undefined
  /** Eviction passes over it once when set. */
  isRecent = true

  constructor(exportId: number, key: number, attributes: Attributes, nowMs: number, isCovered: boolean) {
    this.exportId = exportId
    this.key = key
    this.attributes = attributes
    this.attributesAtMs = nowMs
    this.parent = undefined
    this.name = ''
    this.isCovered = isCovered
  }
}
