/** Which requests start a transfer now, which wait, and which are the same request again. Pure. */
import { DUPLICATE_MS, QUEUE_AGE_MAX_MS } from './limits.ts'

/** What is known of the transfer that this client's port already has. */
export interface Running {
  readonly request: Buffer
  /** When the client last acknowledged something; -infinity before its first answer. */
  readonly heardMs: number
}

/**
 * A client that did not hear us repeats its request; the network may double it. Neither starts a second transfer: our own
 * time-out repeats the answer. Another request from the same port, or the same one long after the client went quiet, is a
 * client that has started over (firmware likes fixed ports).
 */
export function decideRepeat(running: Running, request: Buffer, nowMs: number): 'duplicate' | 'replace' {
  if (!running.request.equals(request)) return 'replace'
  const neverHeard = running.heardMs === Number.NEGATIVE_INFINITY
  return neverHeard || nowMs - running.heardMs < DUPLICATE_MS ? 'duplicate' : 'replace'
}

export interface Waiting {
  readonly sinceMs: number
}

/**
 * Requests in the order of their arrival, one per client port, bounded. What no longer fits is dropped without an answer:
 * a loader asks again after a second, but gives up at an ERROR.
 */
export class RequestQueue<T extends Waiting> {
  readonly #waiting = new Map<string, T>()
  readonly #max: number

  constructor(max: number) {
    this.#max = max
  }

  get size(): number {
    return this.#waiting.size
  }

  /** False when the queue is full. A repeated request keeps its place and becomes fresh again. */
  add(key: string, waiting: T): boolean {
    if (!this.#waiting.has(key) && this.#waiting.size >= this.#max) return false
    this.#waiting.set(key, waiting)
    return true
  }

  /** The oldest request whose client still waits for it. */
  take(nowMs: number): { key: string; waiting: T } | undefined {
    for (const [key, waiting] of this.#waiting) {
      this.#waiting.delete(key)
      if (nowMs - waiting.sinceMs <= QUEUE_AGE_MAX_MS) return { key, waiting }
    }
    return undefined
  }

  clear(): void {
    this.#waiting.clear()
  }
}
