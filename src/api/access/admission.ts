/** How many connections one address may hold and open, and how long it waits after failed logins. Pure but for its memory. */
import { REMOTE_LIMITS } from '../limits.ts'

/** IPv4 as it is, also when it comes over an IPv6 socket; IPv6 by network, since one host has a whole network of addresses. */
export function sourceOf(address: string): string {
  const plain = plainAddress(address)
  return plain.includes(':') ? plain.split(':').slice(0, 4).join(':') : plain
}

export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
}

interface Bucket {
  open: number
  tokens: number
  filledMs: number
}

export interface Admission {
  /** @returns call it when the connection is closed; undefined: refuse it */
  admit(address: string): (() => void) | undefined
}

export function openAdmission(now: () => number): Admission {
  const buckets = new Map<string, Bucket>()
  const { connections, connectionsPerAddress, connectionBurst, connectionsPerSecond, rememberedAddresses } =
    REMOTE_LIMITS
  let open = 0

  function bucketOf(source: string): Bucket {
    const nowMs = now()
    const bucket = buckets.get(source) ?? { open: 0, tokens: connectionBurst, filledMs: nowMs }
    bucket.tokens = Math.min(connectionBurst, bucket.tokens + ((nowMs - bucket.filledMs) / 1000) * connectionsPerSecond)
    bucket.filledMs = nowMs
    return bucket
  }

  return {
    admit(address) {
      const source = sourceOf(address)
      const bucket = bucketOf(source)
      keepNewest(buckets, source, bucket, rememberedAddresses)
      if (open >= connections || bucket.open >= connectionsPerAddress || bucket.tokens < 1) return undefined
      bucket.tokens--
      bucket.open++
      open++
      return () => {
        bucket.open--
        open--
      }
    },
  }
}

export interface Throttle {
  /** Milliseconds until this address may try again; 0: now. */
  waitMs(address: string): number
  failed(address: string): void
  succeeded(address: string): void
}

export function openThrottle(now: () => number): Throttle {
  const failures = new Map<string, { count: number; lastMs: number }>()
  const { freeFailures, firstWaitMs, longestWaitMs, rememberedAddresses } = REMOTE_LIMITS
  return {
    waitMs(address) {
      const found = failures.get(sourceOf(address))
      if (!found || found.count < freeFailures) return 0
      const wait = Math.min(longestWaitMs, firstWaitMs * 2 ** (found.count - freeFailures))
      return Math.max(0, found.lastMs + wait - now())
    },
    failed(address) {
      const source = sourceOf(address)
      const known = failures.get(source)
      // Long ago is forgiven.
      const count = known && now() - known.lastMs < 2 * longestWaitMs ? known.count : 0
      keepNewest(failures, source, { count: count + 1, lastMs: now() }, rememberedAddresses)
    },
    succeeded(address) {
      failures.delete(sourceOf(address))
    },
  }
}

/** The oldest entry goes when there are too many. */
function keepNewest<T>(map: Map<string, T>, key: string, value: T, most: number): void {
  map.delete(key)
  map.set(key, value)
  if (map.size <= most) return
  const [oldest] = map.keys()
  if (oldest !== undefined) map.delete(oldest)
}
