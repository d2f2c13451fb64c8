/** Where rows stand in their table: the neighbour of one that goes, and rows that come back to their places. */
import type { Row } from '../tables/row.ts'
import type { RowPlace, RowValues } from './store.ts'

/** The holes that removed rows leave in a list; whole racks go at once, so that a search must not walk through them. */
export class RowHoles {
  count = 0
  /** From a hole to a position before it, with nothing but holes between them. */
  readonly #jumps = new Map<number, number>()

  /** The nearest row before this position. */
  before(rows: readonly (Row | undefined)[], position: number): Row | undefined {
    const passed: number[] = []
    let at = position - 1
    while (at >= 0 && rows[at] === undefined) {
      passed.push(at)
      at = this.#jumps.get(at) ?? at - 1
    }
    for (const hole of passed) this.#jumps.set(hole, at)
    return rows[at]
  }
}

/** The rows in their new order; undefined: it is the order they have. */
export function placeRows(
  rows: readonly Row[],
  places: readonly RowPlace[],
  positionOf: (key: RowValues) => number | undefined,
): readonly Row[] | undefined {
  // A ring of positions; `rows.length` stands for the ends of the table.
  const ends = rows.length
  const next = Array.from({ length: ends + 1 }, (_, at) => (at === ends ? 0 : at + 1))
  const previous = Array.from({ length: ends + 1 }, (_, at) => (at === 0 ? ends : at - 1))
  let isMoved = false
  for (const { key, behind } of places) {
    const at = positionOf(key)
    const anchor = Object.keys(behind).length === 0 ? ends : positionOf(behind)
    if (at === undefined || anchor === undefined || at === anchor || previous[at] === anchor) continue
    isMoved = true
    const [left = ends, right = ends] = [previous[at], next[at]]
    next[left] = right
    previous[right] = left
    const follower = next[anchor] ?? ends
    next[anchor] = at
    previous[at] = anchor
    next[at] = follower
    previous[follower] = at
  }
  if (!isMoved) return undefined
  const placed: Row[] = []
  for (let at = next[ends] ?? ends; at !== ends; at = next[at] ?? ends) placed.push(rows[at] as Row)
  return placed
}
