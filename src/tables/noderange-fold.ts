/**
 * The way back from nodes to a range: `cn[001-120],gpu[1-4]`, for messages about many nodes. What comes out expands to the
 * same names again; names alike in all but their numbers are joined, also in several places: `r[1-2]b[1-14]`.
 */
import { expandDash, expandPlus, NodeRangeTooLarge } from './noderange-names.ts'

/** Longer digits are not a count (serial numbers, MAC addresses), and not exact as a number. */
const MOST_DIGITS = 15

/** A name, or several that are folded already, in pieces: text and numbers take turns, text first. */
interface Pattern {
  readonly pieces: readonly string[]
  /** A piece is in brackets: the name is no longer one name. */
  readonly folded: boolean
}

/** Sorted as people sort: by the text, then by the numbers. No names: ''. */
export function foldNodeNames(names: Iterable<string>): string {
  const byShape = new Map<string, string[][]>()
  for (const name of [...new Set(names)]) {
    const pieces = splitNumbers(name)
    // Same text around as many numbers.
    const shape = pieces.map((piece, at) => (at % 2 === 0 ? piece : '#')).join('\n')
    const same = byShape.get(shape)
    if (same) same.push(pieces)
    else byShape.set(shape, [pieces])
  }
  const shapes = [...byShape].sort(([a], [b]) => (a < b ? -1 : 1))
  return shapes.flatMap(([, members]) => foldShape(members).map(renderPattern)).join(',')
}

/** `r1b02` → r, 1, b, 02, '' */
function splitNumbers(name: string): string[] {
  const pieces = name.split(/(\d+)/)
  return pieces.some((piece) => piece.length > MOST_DIGITS && /^\d/.test(piece)) ? [name] : pieces
}

/** The last number is folded first: it is the one that counts within a rack. */
function foldShape(members: readonly (readonly string[])[]): Pattern[] {
  let patterns: Pattern[] = [...members].sort(compareNumbers).map((pieces) => ({ pieces, folded: false }))
  const places = members[0]?.length ?? 1
  for (let place = places - 2; place > 0; place -= 2) patterns = foldPlace(patterns, place)
  return patterns
}

function compareNumbers(a: readonly string[], b: readonly string[]): number {
  for (let at = 1; at < a.length; at += 2) {
    const left = a[at] ?? ''
    const right = b[at] ?? ''
    if (left !== right) return Number(left) - Number(right) || left.length - right.length
  }
  return 0
}

function foldPlace(patterns: readonly Pattern[], place: number): Pattern[] {
  const alike = Map.groupBy(patterns, ({ pieces }) => pieces.toSpliced(place, 1, '').join('\n'))
  return [...alike.values()].map((group) => {
    const [first] = group as [Pattern, ...Pattern[]]
    if (group.length === 1) return first
    const numbers = group.map(({ pieces }) => pieces[place] ?? '')
    return { pieces: first.pieces.toSpliced(place, 1, `[${renderRuns(numbers)}]`), folded: true }
  })
}

/** `1-3,7,010-012`. Numbers with a leading zero count up with their width. */
function renderRuns(numbers: readonly string[]): string {
  const left = new Set(numbers)
  const runs: string[] = []
  for (const first of numbers) {
    if (!left.delete(first)) continue
    const width = first.startsWith('0') ? first.length : 0
    let last = first
    for (;;) {
      const next = String(Number(last) + 1).padStart(width, '0')
      if (!left.delete(next)) break
      last = next
    }
    runs.push(first === last ? first : `${first}-${last}`)
  }
  return runs.join(',')
}

function renderPattern({ pieces, folded }: Pattern): string {
  const text = pieces.join('')
  if (folded || !isRange(text)) return text
  // A name that looks like a range (`n1-n3`): in brackets a letter or digit stands for itself.
  return /\w$/.test(text) ? `${text.slice(0, -1)}[${text.slice(-1)}]` : `[${text.slice(0, 1)}]${text.slice(1)}`
}

function isRange(name: string): boolean {
  if (!/[-+:]/.test(name)) return false
  try {
    const names = expandPlus(name) ?? expandDash(name)
    return names !== undefined && !(names.length === 1 && names[0] === name)
  } catch (error) {
    if (error instanceof NodeRangeTooLarge) return true
    throw error
  }
}
