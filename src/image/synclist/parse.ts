/**
 * Synclists: which files of the server go into an image. This file: text → lines. Pure; texts come in through `read`, and
 * every line remembers its file and number. `sync.ts` carries the lines out in a tree.
 *
 * The grammar is xCAT's:
 *     SRC -> DEST                 DEST is the name of the copy
 *     SRC1 SRC2 … -> DIRECTORY    several sources: a directory
 *     SRC -> DIRECTORY/           with a slash: a directory
 *     SRC -> (NODERANGE) DEST     only for those nodes, so not for an image
 *     EXECUTE: EXECUTEALWAYS: APPEND: MERGE:   each heads entries of its own
 */
import type { ListFault, ListPlace, ReadList } from '../lists/list-file.ts'

export interface SyncLine extends ListPlace {
  /** Absolute, may hold `*`, `?` and `[…]`. */
  readonly sources: readonly string[]
  /** Absolute, without an outer slash. '' is the root of the image. */
  readonly destination: string
  /** Written as a directory: with a slash at its end, or for several sources. */
  readonly isDirectory: boolean
}

export interface SkippedLine extends ListPlace {
  readonly text: string
  readonly reason: string
}

/** `SRC -> FILE` of an APPEND or MERGE clause. */
export interface ClauseLine extends ListPlace {
  readonly source: string
  readonly destination: string
}

export interface Synclist {
  readonly copies: readonly SyncLine[]
  readonly appends: readonly ClauseLine[]
  readonly merges: readonly ClauseLine[]
  /** What is meant for nodes and does not go into an image. */
  readonly skipped: readonly SkippedLine[]
  readonly faults: readonly ListFault[]
}

export interface SynclistOptions {
  readonly read: ReadList
  /** For `$NAME` and `${NAME}`: the image's environvar. */
  readonly variables: Readonly<Record<string, string | undefined>>
}

const CLAUSE = /^(EXECUTE|EXECUTEALWAYS|APPEND|MERGE):$/
const INCLUDE = /^#INCLUDE:(.*)#$/
const MAX_DEPTH = 32
/** Files that are merged by their first field. */
const MERGEABLE = ['etc/passwd', 'etc/shadow', 'etc/group', 'etc/gshadow']
/** Kernel file systems, and what liteimg keeps in an image. */
const RESERVED = new Set(['proc', 'sys', 'dev', 'run', '.statelite', '.default', '.sllocal', 'xcatpost'])

type Clause = 'EXECUTE' | 'EXECUTEALWAYS' | 'APPEND' | 'MERGE'

class Reader {
  readonly copies: SyncLine[] = []
  readonly appends: ClauseLine[] = []
  readonly merges: ClauseLine[] = []
  readonly skipped: SkippedLine[] = []
  readonly faults: ListFault[] = []
  readonly #options: SynclistOptions
  /** Of the file that the image names: a clause ends with it. */
  #clause: Clause | undefined

  constructor(options: SynclistOptions) {
    this.#options = options
  }

  readTop(path: string): void {
    this.#clause = undefined
    this.#readFile(path, [], undefined)
  }

  #readFile(path: string, chain: readonly string[], from: ListPlace | undefined): void {
    if (chain.includes(path) || chain.length >= MAX_DEPTH) {
      this.faults.push({ place: from, message: `a file includes itself: ${[...chain, path].join(' -> ')}` })
      return
    }
    const text = this.#options.read(path)
    if (text === undefined) {
      this.faults.push({ place: from, message: `the synclist ${path} cannot be read` })
      return
    }
    for (const [index, raw] of text.split('\n').entries())
      this.#readLine(raw.trim(), { file: path, line: index + 1 }, [...chain, path])
  }

  #readLine(raw: string, place: ListPlace, chain: readonly string[]): void {
    const included = INCLUDE.exec(raw)?.[1]?.trim()
    if (raw === '' || (raw.startsWith('#') && included === undefined)) return
    const text = this.#substitute(included ?? raw, place)
    if (text === undefined) return
    if (included !== undefined) {
      const base = chain[0]?.replace(/\/[^/]*$/, '') ?? ''
      this.#readFile(text.startsWith('/') ? text : `${base}/${text}`, chain, place)
      return
    }
    const clause = CLAUSE.exec(text)?.[1]
    // Boundary: the expression has no other words.
    if (clause !== undefined) this.#clause = clause as Clause
    else if (/^[A-Z]{4,}:$/.test(text)) {
      this.faults.push({ place, message: `'${text}' is no clause: EXECUTE:, EXECUTEALWAYS:, APPEND: or MERGE:` })
    } else this.#readEntry(text, place)
  }

  #substitute(text: string, place: ListPlace): string | undefined {
    let missing: string | undefined
    const result = text.replace(/\$(?:\{(\w+)\}|(\w+))/g, (whole, braced?: string, bare?: string) => {
      const name = braced ?? bare ?? ''
      const value = this.#options.variables[name]
      if (value === undefined) missing ??= name
      return value ?? whole
    })
    if (missing === undefined) return result
    this.faults.push({ place, message: `$${missing} is not set: put it into the image's environvar` })
    return undefined
  }

  #readEntry(text: string, place: ListPlace): void {
    if (this.#clause === 'EXECUTE' || this.#clause === 'EXECUTEALWAYS') {
      this.skipped.push({ ...place, text, reason: `${this.#clause} runs on nodes, not in an image` })
      return
    }
    const [, left, noderange, right] = /^(\S.*?)\s*->\s*(?:\(([^)]*)\)\s*)?(\S+)$/.exec(text) ?? []
    if (left === undefined || right === undefined) {
      this.faults.push({ place, message: `'${text}' is not SOURCE -> DESTINATION` })
      return
    }
    if (noderange !== undefined) {
      this.skipped.push({ ...place, text, reason: `only for the nodes ${noderange}` })
      return
    }
    const sources = left.split(/\s+/)
    const problem = sources.map(sourceProblem).find((found) => found !== undefined) ?? destinationProblem(right)
    if (problem !== undefined) this.faults.push({ place, message: problem })
    else if (this.#clause === undefined) this.#addCopy(sources, right, place)
    else this.#addClause(this.#clause, sources, right, place)
  }

  #addCopy(sources: readonly string[], right: string, place: ListPlace): void {
    const isDirectory = sources.length > 1 || right.endsWith('/') || sources.some(isPattern)
    this.copies.push({ ...place, sources, destination: plain(right), isDirectory })
  }

  #addClause(clause: 'APPEND' | 'MERGE', sources: readonly string[], right: string, place: ListPlace): void {
    const [source = '', ...others] = sources
    const destination = plain(right)
    if (others.length > 0 || isPattern(source)) {
      this.faults.push({ place, message: `${clause} takes one file on the left: write a line for each` })
    } else if (clause === 'MERGE' && !MERGEABLE.includes(destination)) {
      this.faults.push({ place, message: `MERGE is for ${MERGEABLE.map((rel) => `/${rel}`).join(', ')}, not ${right}` })
    } else (clause === 'APPEND' ? this.appends : this.merges).push({ ...place, source, destination })
  }
}

export function isPattern(source: string): boolean {
  return /[*?[]/.test(source)
}

function plain(path: string): string {
  return path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/')
}

function sourceProblem(source: string): string | undefined {
  if (!source.startsWith('/')) return `the source ${source} is not an absolute path`
  return undefined
}

function destinationProblem(destination: string): string | undefined {
  if (!destination.startsWith('/')) return `the destination ${destination} is not an absolute path`
  const parts = destination.split('/').filter((part) => part !== '')
  if (parts.includes('..')) return `the destination ${destination} has ".." in it`
  if (RESERVED.has(plain(destination).split('/')[0] ?? ''))
    return `the destination ${destination} lies below /${plain(destination).split('/')[0]}, which is not the image's to keep`
  return undefined
}

/** Reads the lists in order, as osimage.synclists names them. */
export function readSynclists(paths: readonly string[], options: SynclistOptions): Synclist {
  const reader = new Reader(options)
  for (const path of paths) reader.readTop(path)
  const { copies, appends, merges, skipped, faults } = reader
  return { copies, appends, merges, skipped, faults: [...faults, ...clashes(copies, appends)] }
}

/** The copy would take the appended text away again, and the append add it again, in every run. */
function clashes(copies: readonly SyncLine[], appends: readonly ClauseLine[]): ListFault[] {
  const named = new Map(copies.filter(({ isDirectory }) => !isDirectory).map((line) => [line.destination, line]))
  return appends.flatMap((line) => {
    const copy = named.get(line.destination)
    if (copy === undefined) return []
    return [{ place: line, message: `/${line.destination} is also copied (${copy.file} line ${copy.line}): drop one` }]
  })
}
