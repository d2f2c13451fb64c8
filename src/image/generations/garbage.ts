/** Which generations may go: decided from their numbers and who runs them, nothing else. */

export interface GarbageQuestion {
  /** Lowest first. */
  readonly numbers: readonly number[]
  readonly current: number | undefined
  /** So many of the newest stay. */
  readonly keep: number
  /** Generation → nodes that run it, or would come back to it. */
  readonly users: ReadonlyMap<number | undefined, readonly { readonly node: string }[]>
}

export interface GarbageChoice {
  readonly number: number
  /** undefined: it goes. */
  readonly keptBecause: string | undefined
}

export function decideGarbage({ numbers, current, keep, users }: GarbageQuestion): GarbageChoice[] {
  const newest = new Set(keep === 0 ? [] : numbers.slice(-keep))
  return numbers.map((number) => {
    const runners = (users.get(number) ?? []).map(({ node }) => node)
    const some =
      runners.length > 5 ? `${runners.slice(0, 5).join(' ')} and ${runners.length - 5} more` : runners.join(' ')
    const keptBecause =
      number === current
        ? 'current'
        : runners.length > 0
          ? `booted last by ${some}`
          : newest.has(number)
            ? `one of the newest ${keep}`
            : undefined
    return { number, keptBecause }
  })
}
