/** Which stranger's message is worth an event: once per client and minute, a few a second in all. Bounded memory. */
import { limits } from './limits.ts'

export class StrangerSampler {
  /** Client → when it was last reported; a Map keeps insertion order, so the first key is the oldest. */
  readonly #seen = new Map<string, number>()
  #second = 0
  #inSecond = 0
  suppressed = 0

  wants(client: string, nowMs: number): boolean {
    const last = this.#seen.get(client)
    if (last !== undefined && nowMs - last < limits.strangerEventMs) return this.#suppress()
    const second = Math.floor(nowMs / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#inSecond = 0
    }
    if (this.#inSecond >= limits.strangerEventsPerSecond) return this.#suppress()
    this.#inSecond += 1
    this.#seen.delete(client)
    this.#seen.set(client, nowMs)
    if (this.#seen.size > limits.strangersRemembered) {
      const oldest = this.#seen.keys().next()
      if (!oldest.done) this.#seen.delete(oldest.value)
    }
    return true
  }

  #suppress(): boolean {
    this.suppressed += 1
    return false
  }
}
