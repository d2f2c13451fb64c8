/** Who is being served, and who waits for a place: a bounded number of each. */
import { RequestQueue } from './admission.ts'
import type { TftpCounters } from './counters.ts'
import { QUEUE_MAX } from './limits.ts'
import type { RequestPacket } from './packet.ts'
import type { Session } from './read-session.ts'
import type { TftpClient } from './routes.ts'
import type { RequestPort } from './sockets.ts'

export interface TakenRequest {
  readonly sinceMs: number
  /** As it came: its client may send it again. */
  readonly bytes: Buffer
  readonly packet: RequestPacket
  readonly client: TftpClient
  readonly from: RequestPort
}

/** One client port that is being served. */
export interface Place {
  readonly key: string
  readonly request: TakenRequest
  session: Session | undefined
}

export class Places {
  readonly #counters: TftpCounters
  readonly #configuredMax: number
  readonly #served = new Map<string, Place>()
  readonly #queue = new RequestQueue<TakenRequest>(QUEUE_MAX)
  #max: number

  constructor(max: number, counters: TftpCounters) {
    this.#configuredMax = max
    this.#max = max
    this.#counters = counters
  }

  at(key: string): Place | undefined {
    return this.#served.get(key)
  }

  all(): IterableIterator<Place> {
    return this.#served.values()
  }

  /** Whether it is still this request that is served there: it may have been replaced, or given up. */
  holds(place: Place): boolean {
    return this.#served.get(place.key) === place
  }

  /** The place of a request that may begin now; undefined while it waits, or when it was dropped. */
  admit(key: string, request: TakenRequest): Place | undefined {
    if (this.#served.size < this.#max) return this.#seat(key, request)
    if (this.#queue.add(key, request)) this.#counters.queued += 1
    else this.#counters.dropped += 1
    return undefined
  }

  hasWaiting(): boolean {
    return this.#queue.size > 0
  }

  /** The place of a request that waited and may begin now. */
  admitWaiting(nowMs: number): Place | undefined {
    while (this.#served.size < this.#max && this.#queue.size > 0) {
      const next = this.#queue.take(nowMs)
      if (next && !this.#served.has(next.key)) return this.#seat(next.key, next.waiting)
    }
    return undefined
  }

  forget(place: Place): void {
    if (this.holds(place)) this.#served.delete(place.key)
    this.#counters.active = this.#served.size
  }

  /** There was no socket for the last one seated. @returns how many are served at once from now on */
  shrink(): number {
    this.#max = Math.max(1, Math.min(this.#max, this.#served.size - 1))
    return this.#max
  }

  grow(): void {
    this.#max = Math.min(this.#max + 1, this.#configuredMax)
  }

  dropWaiting(): void {
    this.#queue.clear()
  }

  clear(): void {
    this.#served.clear()
  }

  #seat(key: string, request: TakenRequest): Place {
    const place: Place = { key, request, session: undefined }
    this.#served.set(key, place)
    this.#counters.active = this.#served.size
    this.#counters.activeMax = Math.max(this.#counters.activeMax, this.#served.size)
    return place
  }
}
