/**
 * Learning mode, the answer: from the lists of written paths to the fewest sensible litefile rows. Pure. What it gives
 * passes the same checks as rows written by hand, and once the rows are there it gives nothing more.
 */
import type { LitefileRow } from '../cluster/model.ts'
import type { ImageSelector } from './entries.ts'
import type { LearnedBoot } from './learn.ts'
import { ancestorsOf, comparePaths } from './paths.ts'
import { isCovered, isRefusedByRow, openRowSet, type RowSet } from './suggest-fit.ts'
import { commonDirectory, type IsShared, mergeWritten, needOf, type Written } from './suggest-needs.ts'
import { isSharedPlace, KNOWN_PLACES, type KnownPlace, optionByPlace, type SuggestedOption } from './suggest-places.ts'

export interface SuggestionRequest {
  readonly lists: readonly { readonly node: string; readonly boots: readonly LearnedBoot[] }[]
  readonly image: ImageSelector
  /** The table as it is. */
  readonly rows: readonly LitefileRow[]
  /** What the new rows' image column will say. */
  readonly imageCell: string
  /** Every node has a persistent directory. */
  readonly canPersist: boolean
  /** Paths named with each row; default 3. */
  readonly examples?: number
}

export interface Suggestion {
  readonly row: LitefileRow
  readonly reason: string
  readonly nodes: readonly string[]
  readonly paths: number
  readonly examples: readonly string[]
}

/** Written, and no row is suggested for it. */
export interface LeftOut {
  readonly reason: string
  readonly nodes: readonly string[]
  readonly paths: number
  readonly examples: readonly string[]
}

export interface Suggestions {
  readonly suggestions: readonly Suggestion[]
  readonly left: readonly LeftOut[]
  /** Paths that rows of the table cover already. */
  readonly covered: number
  readonly written: number
}

const KNOWN: ReadonlyMap<string, KnownPlace> = new Map(KNOWN_PLACES.map((known) => [known.place, known]))
const EXAMPLES = 3

export function suggestRows(request: SuggestionRequest): Suggestions {
  const { canPersist } = request
  const written = mergeWritten(request.lists)
  const set = openRowSet(request.image, request.rows, request.imageCell)
  // A directory that is only on the way to something else that was written needs nothing.
  const asking = written.filter(
    ({ kind, origin, isLeaf, path }) => kind !== 'd' || isLeaf || (origin !== 'old' && !isSharedPlace(path)),
  )
  const summary = (from: readonly Written[]) => summarize(from, request.examples ?? EXAMPLES)
  const open = () => asking.filter(({ path }) => !isCovered(path, set.entries()))
  const before = open()
  const accepted = new Map<string, Accepted>()
  let left: Left
  let count: number
  // What did not fit together with something else may fit beside the rows that were found for that.
  do {
    count = accepted.size
    left = new Map()
    new Work({ set, accepted, left, canPersist }).propose(open(), new Set())
  } while (accepted.size > count)
  return {
    suggestions: [...accepted.values()]
      .sort((one, other) => comparePaths(one.row.file, other.row.file))
      .map(({ row, reason, from }) => ({ row, reason, ...summary(from) })),
    left: [...left].map(([reason, from]) => ({ reason, ...summary(from) })),
    covered: sum(asking) - sum(before),
    written: sum(asking),
  }
}

const sum = (from: readonly Written[]): number => from.reduce((all, { count }) => all + count, 0)

function summarize(from: readonly Written[], examples: number) {
  const paths = [...from].sort((a, b) => comparePaths(a.path, b.path))
  return {
    nodes: [...new Set(paths.flatMap(({ nodes }) => [...nodes]))].sort(),
    paths: sum(paths),
    examples: paths.slice(0, examples).map(({ path }) => path),
  }
}

interface Candidate {
  readonly path: string
  readonly option: SuggestedOption
  readonly reason: string
  readonly from: Written[]
}

interface Accepted {
  readonly row: LitefileRow
  readonly reason: string
  readonly from: Written[]
}

/** By reason. */
type Left = Map<string, Written[]>

interface WorkParts {
  readonly set: RowSet
  readonly accepted: Map<string, Accepted>
  readonly left: Left
  readonly canPersist: boolean
}

/** Directories for which no row fits: what is in them is looked at one by one. */
type Split = ReadonlySet<string>

class Work {
  readonly #set: RowSet
  readonly #accepted: Map<string, Accepted>
  readonly #left: Left
  readonly #canPersist: boolean

  constructor({ set, accepted, left, canPersist }: WorkParts) {
    this.#set = set
    this.#accepted = accepted
    this.#left = left
    this.#canPersist = canPersist
  }

  propose(missing: readonly Written[], split: Split): void {
    for (const candidate of this.#candidates(missing, split)) this.#fit(candidate, split)
  }

  /** Parents before their children. */
  #candidates(missing: readonly Written[], split: Split): Candidate[] {
    const isShared: IsShared = (directory) => split.has(directory) || isSharedPlace(directory)
    const known = new Map<string, Candidate>()
    const groups = new Map<string, { rows: string[]; from: Written[] }>()
    for (const each of missing) {
      const refused = isRefusedByRow(each.path, this.#set.entries())
      if (refused !== undefined) {
        this.#leave(refused, each)
        continue
      }
      const place = knownPlaceOf(each.path, split)
      if (place?.option === 'image' || place?.option === 'noise') {
        this.#leave(place.reason, each)
        continue
      }
      if (place !== undefined) {
        const candidate = known.get(place.place)
        if (candidate) candidate.from.push(each)
        else known.set(place.place, { path: place.place, option: place.option, reason: place.reason, from: [each] })
        continue
      }
      const need = needOf(each, isShared)
      if ('left' in need) this.#leave(need.left, each)
      if (!('row' in need)) continue
      const key = groupOf(need.row, isShared)
      const group = groups.get(key)
      if (group) {
        group.rows.push(need.row)
        group.from.push(each)
      } else groups.set(key, { rows: [need.row], from: [each] })
    }
    const grouped = [...groups.values()].map(({ rows, from }): Candidate => {
      const path = new Set(rows).size === 1 ? (rows[0] ?? '') : commonDirectory(rows)
      return { path, ...optionByPlace(path), from }
    })
    return [...known.values(), ...grouped].sort((a, b) => comparePaths(a.path, b.path))
  }

  #fit(candidate: Candidate, split: Split): void {
    const { path, from } = candidate
    const { option, reason } = this.#possible(candidate)
    const above = this.#accepted.get(ancestorsOf(path).find((each) => this.#accepted.has(each)) ?? '')
    if (above !== undefined) {
      // One row is enough where both would be the same.
      const row = above.row.options === option ? undefined : this.#set.add(path, option)
      if (row === undefined) above.from.push(...from)
      else this.#accepted.set(path, { row, reason, from })
      return
    }
    for (const each of [option, ...otherOptions(option, this.#canPersist)]) {
      const row = this.#set.add(path, each)
      if (row === undefined) continue
      const how = each === option ? reason : `${reason}; ${each} because of the rows below it`
      this.#accepted.set(path, { row, reason: how, from })
      return
    }
    if (path.endsWith('/')) this.propose(from, new Set([...split, path]))
    else this.#leaveAll('no row for it would fit beside the rows there are', from)
  }

  #possible({ option, reason }: Candidate): Pick<Candidate, 'option' | 'reason'> {
    if (option === 'tmpfs' || this.#canPersist) return { option, reason }
    return { option: 'tmpfs', reason: `${reason} (persistent once the nodes have a statelite row)` }
  }

  #leave(reason: string, each: Written): void {
    const known = this.#left.get(reason)
    if (known) known.push(each)
    else this.#left.set(reason, [each])
  }

  #leaveAll(reason: string, from: readonly Written[]): void {
    for (const each of from) this.#leave(reason, each)
  }
}

/** Rows below may be links: then the row above them is one as well. */
function otherOptions(
  option: SuggestedOption,
  canPersist: boolean,
): readonly ('tmpfs' | 'link' | 'persistent' | 'link,persistent')[] {
  const all =
    option === 'tmpfs'
      ? (['link', 'persistent', 'link,persistent'] as const)
      : (['link,persistent', 'tmpfs', 'link'] as const)
  return canPersist ? all : all.filter((each) => !each.includes('persistent'))
}

/** A place that was split up speaks for nothing any more. */
function knownPlaceOf(path: string, split: Split): KnownPlace | undefined {
  if (/\/__pycache__\//.test(path))
    return { place: '', option: 'noise', reason: 'byte code that Python keeps if it can' }
  const place = [path, ...ancestorsOf(path)].find((each) => KNOWN.has(each) && !split.has(each))
  return place === undefined ? undefined : KNOWN.get(place)
}

/** Everything below the first directory that is not shared becomes one row. */
function groupOf(row: string, isShared: IsShared): string {
  const chain = [row, ...ancestorsOf(row)]
  const shared = chain.findIndex((directory) => isShared(directory))
  return (shared <= 0 ? chain.at(-1) : chain[shared - 1]) ?? row
}
