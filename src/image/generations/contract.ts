/** The contract of generations: what the makers of images (liteimg, genimage, packimage, edit, import) work with. */
import type { ImagePlace } from './layout.ts'
import type { GenerationFacts, GenerationMaker, GenerationRecord } from './record.ts'
import type { Sharing, Writer } from './share.ts'

export interface Generation extends GenerationRecord {
  readonly directory: string
  readonly rootimg: string
  readonly isCurrent: boolean
}

export interface BeginRequest {
  /** `empty`: nothing but the directory; `current`: a copy of the current one; a number: of that one. */
  readonly from: 'current' | 'empty' | number
  readonly by: GenerationMaker
  /** A line for people. */
  readonly reason: string
  /** Left out: `any`. */
  readonly writer?: Writer
}

export interface CommitRequest {
  readonly promote: boolean
  readonly facts?: GenerationFacts
  /** Instead of the one it was begun with, when the work has shown more. */
  readonly reason?: string
}

/** A generation in the making: nobody sees it before `commit`. */
export interface Draft {
  readonly number: number
  readonly base: number | undefined
  /** `DEST/generations/.new-<n>`; kernel, initrd and packed roots go here. */
  readonly directory: string
  /** `directory`/rootimg; with `from: 'empty'` it has to be made. */
  readonly rootimg: string
  /** How the copy shares storage with its base; undefined for an empty one. */
  readonly sharing: Sharing | undefined
  /** To be inherited by programs that write here: DEST then stays locked until they have ended. */
  readonly lockFd: number
  /** Makes it a generation; `promote` makes it the current one. Releases the lock. */
  commit(result: CommitRequest): Promise<Generation>
  /** Removes it. Releases the lock. Does nothing after commit. */
  abort(): Promise<void>
}

export interface Generations {
  readonly dest: string
  /** Lowest number first; empty: DEST has none. */
  list(): Generation[]
  current(): Generation | undefined
  /** The current generation, or DEST itself where there are none. */
  place(): ImagePlace
  /**
   * Locks DEST, finishes or sweeps away what was interrupted, takes a DEST with plain files over as generation 1, and
   * opens a new generation. Its base is the current one.
   * @throws ImageError image-locked, image-root, image-generation
   */
  begin(request: BeginRequest): Promise<Draft>
  /** @throws ImageError image-generation when there is no such generation */
  promote(number: number): Promise<Generation>
  /** Promotes the generation that was current before. @throws ImageError image-generation when there was none */
  rollback(): Promise<{ readonly from: number; readonly to: Generation }>
  /** Where `rollback` would go. */
  previous(): number | undefined
  /** @throws ImageError image-generation for the current one */
  remove(numbers: readonly number[]): Promise<void>
  /**
   * Lock, sweep, then `work`: for edits of the current generation in its place. Its record is brought up to date with its
   * tree afterwards.
   */
  locked<T>(work: (lockFd: number) => Promise<T>): Promise<T>
}
