/** What the package managers' plans are made from: everything was looked up before. */
import type { PackageBatch } from '../lists/package-lists.ts'
import type { AptSource } from './apt-sources.ts'
import type { BuildLists } from './build-lists.ts'
import type { OsTools } from './os-tools.ts'
import type { GenimageRequest } from './request.ts'
import type { RpmRepository } from './rpm-sources.ts'
import type { BuildPlaces } from './steps.ts'

export interface PlanContext {
  readonly request: GenimageRequest
  readonly tools: OsTools
  /** By our names. */
  readonly arch: string
  readonly isForeign: boolean
  readonly lists: BuildLists
  readonly places: BuildPlaces
  readonly repositories: readonly RpmRepository[]
  readonly otherRepositories: readonly RpmRepository[]
  readonly aptSources: readonly AptSource[]
  readonly otherAptSources: readonly AptSource[]
  /** The tree or archive to start from, if any. */
  readonly base: string | undefined
  /** DEST is on NFS: free space cannot be told beforehand. */
  readonly isOnNfs: boolean
}

/** `batch 2 of 3`, and nothing where there is but one. */
export function batchTitle(what: string, index: number, batches: readonly PackageBatch[]): string {
  return batches.length === 1 ? what : `${what}, batch ${index + 1} of ${batches.length}`
}

export function namesOf(entries: readonly { readonly name: string }[]): string[] {
  return [...new Set(entries.map(({ name }) => name))]
}
