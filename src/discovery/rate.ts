/** Token buckets: how often somebody may do something. Pure bookkeeping with a bounded memory; the clock is passed in. */

export interface Rate {
  readonly burst: number
  /** One more is allowed every so many seconds. */
  readonly seconds: number
}

export class RateLimit {
  readonly #rate: Rate
  readonly #most: number
  /** Insertion order is order of use: the first key is the one unused longest. */
  readonly #buckets = new Map<string, { tokens: number; atMs: number }>()

  constructor(rate: Rate, most: number) {
    this.#rate = rate
    this.#most = most
  }

  allows(key: string, nowMs: number): boolean {
    const { burst, seconds } = this.#rate
    const last = this.#buckets.get(key)
    const earned = last === undefined ? burst : Math.max(0, nowMs - last.atMs) / (seconds * 1000)
    const tokens = Math.min(burst, (last?.tokens ?? 0) + earned)
    const isAllowed = tokens >= 1
    this.#buckets.delete(key)
    this.#buckets.set(key, { tokens: isAllowed ? tokens - 1 : tokens, atMs: nowMs })
    if (this.#buckets.size > this.#most) {
      const oldest = this.#buckets.keys().next()
      if (!oldest.done) this.#buckets.delete(oldest.value)
    }
    return isAllowed
  }
}
