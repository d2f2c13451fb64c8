/** Median and spread, and ratios of figures that were measured in the same round. Pure. */

export interface Spread {
  readonly median: number
  readonly lowest: number
  readonly highest: number
}

/** @throws Error when there is nothing to summarise */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const lowest = sorted[0]
  const highest = sorted.at(-1)
  if (lowest === undefined || highest === undefined) throw new Error('no values')
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? highest
  const lower = sorted.length % 2 === 1 ? upper : (sorted[middle - 1] ?? lowest)
  return { median: (lower + upper) / 2, lowest, highest }
}

/** Round by round, so that what disturbed the machine in one round disturbed both sides of its ratio. */
export function ratiosOf(ours: readonly number[], theirs: readonly number[]): Spread {
  if (ours.length !== theirs.length) throw new Error('rounds are missing')
  return spreadOf(ours.map((value, round) => value / (theirs[round] ?? Number.NaN)))
}
