/** What a build is made of, before any of it is done: the same list is shown by --dryrun and carried out. */
import type { Counts } from './progress.ts'

export interface CommandStep {
  readonly kind: 'command'
  /** For progress and errors: `installing batch 1 of 2`. */
  readonly what: string
  readonly words: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly counts?: Counts
  /** Exit statuses that are as good as 0, and what to warn of. */
  readonly accepts?: Readonly<Record<number, string | undefined>>
}

/** A file of ours, outside the tree. */
export interface FileStep {
  readonly kind: 'file'
  readonly path: string
  readonly text: string
}

/** Work of our own on the tree. */
export interface TreeWork {
  readonly kind: 'work'
  readonly what: string
  /** Answers warnings. */
  run(): Promise<readonly string[] | undefined>
}

/** From here on, scripts in the tree are told the image's kernel by `uname`, if it has one yet. */
export interface UnameStep {
  readonly kind: 'uname'
}

export type BuildStep = CommandStep | FileStep | TreeWork | UnameStep

export interface BuildPlaces {
  /** The tree in the making. */
  readonly root: string
  /** Configuration, caches and home of the package managers; gone when the generation is made. */
  readonly work: string
}
