/**
 * The addresses of one network's dynamic ranges: which are free, in what order they are given. Pure bookkeeping, no disk.
 *
 * Order of choice (RFC 2131 §4.3.1): the client's old address, the address it asks for, one that was never used, the one
 * whose last lease ended longest ago. Every step is a map look-up, a cursor that only moves forward, or the top of a heap.
 */
import { ipv4ToNumber } from './options.ts'

/** What is known of one address that was ever offered or bound. Times are milliseconds since the epoch. */
export interface PoolEntry {
  readonly ip: number
  /** Network and client, see `leaseKey`; '' after a DECLINE or when only offered. */
  client: string
  /** The lease runs until then; in the past: free. */
  expiresAtMs: number
  declined: boolean
  /** Hold of an OFFER, in memory only. */
  offeredTo: string
  offeredUntilMs: number
  hostname: string
}

export interface Range {
  readonly first: number
  readonly last: number
}

export class Pool {
  readonly ranges: readonly Range[]
  readonly size: number
  readonly #entries: Map<number, PoolEntry>
  readonly #reserved: ReadonlySet<number>
  readonly #freeing = new ExpiryHeap()
  #rangeIndex = 0
  #nextAddress: number

  /** `entries` is shared by all pools of the server; `reserved` addresses are never given out (static nodes, servers). */
  constructor(ranges: readonly Range[], entries: Map<number, PoolEntry>, reserved: ReadonlySet<number>) {
    this.ranges = ranges
    this.size = ranges.reduce((sum, range) => sum + range.last - range.first + 1, 0)
    this.#entries = entries
    this.#reserved = reserved
    this.#nextAddress = ranges[0]?.first ?? 0
    for (const entry of entries.values()) if (this.contains(entry.ip)) this.touch(entry)
  }

  contains(ip: number): boolean {
    return this.ranges.some((range) => ip >= range.first && ip <= range.last)
  }

  /** May `client` have `ip` now? */
  isFreeFor(ip: number, client: string, nowMs: number): boolean {
    if (!this.contains(ip) || this.#reserved.has(ip)) return false
    const entry = this.#entries.get(ip)
    return entry === undefined || entryIsFreeFor(entry, client, nowMs)
  }

  /** An address for a client that has none here; undefined when the pool is used up. */
  choose(client: string, nowMs: number): number | undefined {
    return this.#neverUsed() ?? this.#longestExpired(client, nowMs)
  }

  /** To be called whenever the times of an entry changed. */
  touch(entry: PoolEntry): void {
    this.#freeing.push(entry.ip, freeAtMs(entry))
    if (this.#freeing.size > 2 * this.#entries.size + 1024) this.#rebuildHeap()
  }

  #neverUsed(): number | undefined {
    while (this.#rangeIndex < this.ranges.length) {
      const range = this.ranges[this.#rangeIndex]!
      for (; this.#nextAddress <= range.last; this.#nextAddress += 1) {
        if (!this.#entries.has(this.#nextAddress) && !this.#reserved.has(this.#nextAddress)) return this.#nextAddress
      }
      this.#rangeIndex += 1
      this.#nextAddress = this.ranges[this.#rangeIndex]?.first ?? 0
    }
    return undefined
  }

  #longestExpired(client: string, nowMs: number): number | undefined {
    for (;;) {
      const top = this.#freeing.peek()
      if (!top) return undefined
      const entry = this.#entries.get(top.ip)
      // Entries are pushed again whenever they change, so an item that no longer tells the truth is simply dropped.
      if (!entry || freeAtMs(entry) !== top.atMs || this.#reserved.has(top.ip)) {
        this.#freeing.pop()
        continue
      }
      return entryIsFreeFor(entry, client, nowMs) ? top.ip : undefined
    }
  }

  #rebuildHeap(): void {
    this.#freeing.clear()
    for (const entry of this.#entries.values()) {
      if (this.contains(entry.ip)) this.#freeing.push(entry.ip, freeAtMs(entry))
    }
  }
}

export function entryIsFreeFor(entry: PoolEntry, client: string, nowMs: number): boolean {
  const bindingAllows = entry.expiresAtMs <= nowMs || (entry.client === client && !entry.declined)
  const offerAllows = entry.offeredUntilMs <= nowMs || entry.offeredTo === client
  return bindingAllows && offerAllows
}

/** Network address in front: a client that moves has one lease per network. */
export function leaseKey(net: string, client: string): string {
  return `${net}/${client}`
}

export function rangesOf(ranges: readonly { readonly first: string; readonly last: string }[]): readonly Range[] {
  return ranges
    .map(({ first, last }) => ({ first: ipv4ToNumber(first), last: ipv4ToNumber(last) }))
    .filter((range) => range.first <= range.last)
}

function freeAtMs(entry: PoolEntry): number {
  return Math.max(entry.expiresAtMs, entry.offeredUntilMs)
}

interface HeapItem {
  readonly ip: number
  readonly atMs: number
}

/** Binary min-heap by time, then by address so that the choice does not depend on history. */
class ExpiryHeap {
  readonly #items: HeapItem[] = []

  get size(): number {
    return this.#items.length
  }

  peek(): HeapItem | undefined {
    return this.#items[0]
  }

  clear(): void {
    this.#items.length = 0
  }

  push(ip: number, atMs: number): void {
    const items = this.#items
    let at = items.length
    items.push({ ip, atMs })
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!before(items[at]!, items[parent]!)) break
      swap(items, at, parent)
      at = parent
    }
  }

  pop(): void {
    const items = this.#items
    const last = items.pop()
    if (!last || items.length === 0) return
    items[0] = last
    let at = 0
    for (;;) {
      const left = 2 * at + 1
      if (left >= items.length) return
      const right = left + 1
      const child = right < items.length && before(items[right]!, items[left]!) ? right : left
      if (!before(items[child]!, items[at]!)) return
      swap(items, at, child)
      at = child
    }
  }
}

function before(a: HeapItem, b: HeapItem): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.ip < b.ip)
}

function swap(items: HeapItem[], a: number, b: number): void {
  const item = items[a]!
  items[a] = items[b]!
  items[b] = item
}
