/**
 * Directory listings with cookies that never go stale: a cookie is a hash of the entry's name, entries are listed in
 * cookie order, and a continued READDIR goes on after the cookie. So entries that stay are seen exactly once,
 * whatever is created or removed meanwhile, and also when the server was restarted in between.
 */

import type { Attributes } from './attributes.ts'
import type { Inode } from './inode.ts'
import { limits } from './limits.ts'

export interface Listing {
  /** In cookie order; '' is an entry that was removed since. */
  readonly names: string[]
  readonly cookies: Float64Array
  /** The directory as it was when the names were read. */
  readonly stamp: Attributes
  readonly atMs: number
}

/** 0 starts, 1 and 2 are `.` and `..`. */
const FIRST_COOKIE = 16

/** 53-bit hash of a byte string (two rounds of multiply-xor), the same for ever: clients keep cookies over restarts. */
export function cookieOf(name: string): number {
  let a = 0xdeadbeef
  let b = 0x41c6ce57
  for (let i = 0; i < name.length; i++) {
    const c = name.charCodeAt(i)
    a = Math.imul(a ^ c, 0x9e3779b1)
    b = Math.imul(b ^ c, 0x5f356495)
  }
  a = Math.imul(a ^ (a >>> 16), 0x85ebca6b) ^ Math.imul(b ^ (b >>> 13), 0xc2b2ae35)
  b = Math.imul(b ^ (b >>> 16), 0x85ebca6b) ^ Math.imul(a ^ (a >>> 13), 0xc2b2ae35)
  // 52 bits: room for the shift of equal hashes below 2^53.
  return FIRST_COOKIE + (b & 0xfffff) * 0x100000000 + (a >>> 0)
}

export function compileListing(names: readonly string[], stamp: Attributes, atMs: number): Listing {
  const count = names.length
  const byCookie = new Map<number, string | string[]>()
  const sorted = new Float64Array(count)
  for (let i = 0; i < count; i++) {
    const name = names[i]!
    const cookie = cookieOf(name)
    sorted[i] = cookie
    const other = byCookie.get(cookie)
    if (other === undefined) byCookie.set(cookie, name)
    else if (typeof other === 'string') byCookie.set(cookie, [other, name].sort())
    else other.push(name)
  }
  sorted.sort()
  const ordered = new Array<string>(count)
  let previous = 0
  for (let i = 0; i < count; i++) {
    const entry = byCookie.get(sorted[i]!)!
    if (typeof entry === 'string') ordered[i] = entry
    else ordered[i] = entry.sort().shift()!
    // Equal hashes (about once in 10^6 directories of 10^5 entries): the next free cookie, in order of names.
    if (sorted[i]! <= previous) sorted[i] = previous + 1
    previous = sorted[i]!
  }
  return { names: ordered, cookies: sorted, stamp, atMs }
}

/** Index of the first entry after `cookie`. */
export function indexAfter(listing: Listing, cookie: number): number {
  let low = 0
  let high = listing.cookies.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (listing.cookies[middle]! <= cookie) low = middle + 1
    else high = middle
  }
  return low
}

/** Marks an entry that we removed ourselves. */
export function dropFromListing(listing: Listing, name: string): void {
  const cookie = cookieOf(name)
  for (let i = indexAfter(listing, cookie - 1); i < listing.names.length; i++) {
    if (listing.names[i] === name) {
      listing.names[i] = ''
      return
    }
    if (listing.cookies[i]! > cookie + 8) return
  }
}

/** Listings kept for continuation, bounded in names over all directories; the oldest go first. */
export class ListingKeeper {
  private readonly kept = new Map<Inode, number>()
  private names = 0

  keep(directory: Inode, listing: Listing): void {
    this.drop(directory)
    directory.listing = listing
    this.kept.set(directory, listing.names.length)
    this.names += listing.names.length
    for (const oldest of this.kept.keys()) {
      if (this.names <= limits.listedNames || oldest === directory) break
      this.drop(oldest)
    }
  }

  private drop(directory: Inode): void {
    this.names -= this.kept.get(directory) ?? 0
    this.kept.delete(directory)
    directory.listing = undefined
  }

  /** Frozen exports keep theirs: they stay right. */
  sweep(nowMs: number, isFrozen: (directory: Inode) => boolean): void {
    for (const directory of this.kept.keys()) {
      const atMs = directory.listing?.atMs ?? 0
      if (nowMs - atMs > limits.listingKeepMs * 10 && !isFrozen(directory)) this.drop(directory)
    }
  }
}
