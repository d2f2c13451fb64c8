/**
 * Generations of an image as far as answers to nodes depend on them: which one is current, where its tree is and what it
 * was prepared for. Who reads the disk hands this in; here are the names and the choice.
 */
import type { EntryOption } from './options.ts'

export interface PlanEntry {
  readonly option: EntryOption
  readonly path: string
  readonly parent: string | undefined
}

export interface PlanGeneration {
  readonly number: number
  /** The directory with the tree, as nodes mount it. */
  readonly rootimg: string
  /** Digest of the entries liteimg prepared it for; undefined: it was not prepared. */
  readonly revision: string | undefined
  /** Those entries; undefined: not known. */
  readonly entries: readonly PlanEntry[] | undefined
  /** Revisions that later generations of the image were prepared for. */
  readonly later: ReadonlySet<string>
}

/** `<rootimgdir>/generations/3/rootimg` */
export function generationRoot(rootimgdir: string, number: number): string {
  return `${rootimgdir}/generations/${number}/rootimg`
}

export interface RootPlace {
  readonly rootimgdir: string
  /** undefined: `<rootimgdir>/rootimg`, the image as it was before it had generations. */
  readonly number: number | undefined
}

/** The image's directory and the generation that a root directory belongs to; undefined: it is no image's root. */
export function parseRoot(directory: string): RootPlace | undefined {
  const clean = directory.replace(/\/{2,}/g, '/').replace(/\/$/, '')
  const match = /^(\/.+?)\/(?:generations\/([1-9][0-9]{0,8})\/)?rootimg$/.exec(clean)
  if (match?.[1] === undefined) return undefined
  return { rootimgdir: match[1], number: match[2] === undefined ? undefined : Number(match[2]) }
}

/** `el9-lite@3`: a boot of one generation, in URLs and in noderes.current_osimage. */
export function renderBootName(image: string, number: number): string {
  return `${image}@${number}`
}

export function parseBootName(text: string): { readonly image: string; readonly number: number } | undefined {
  const match = /^([^@]+)@([1-9][0-9]{0,8})$/.exec(text)
  return match?.[1] === undefined ? undefined : { image: match[1], number: Number(match[2]) }
}

/**
 * The entries a node must carry out on this generation, when they are not those of the tables. A generation that was
 * chosen (rolled back to, or kept while a newer one waits) is booted as it was prepared; that is so when a later one was
 * made for the tables' entries. When none was, liteimg was forgotten: the tables count, and nodes say so.
 */
export function chosenEntries(
  tablesRevision: string,
  generation: PlanGeneration | undefined,
): { readonly revision: string; readonly entries: readonly PlanEntry[] } | undefined {
  if (generation?.revision === undefined || generation.entries === undefined) return undefined
  if (generation.revision === tablesRevision || !generation.later.has(tablesRevision)) return undefined
  return { revision: generation.revision, entries: generation.entries }
}
