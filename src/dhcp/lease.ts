/** A lease as people and the API are told of it. */
import type { Ipv4 } from '../cluster/model.ts'
import { numberToIpv4 } from './options.ts'
import type { PoolEntry } from './pool.ts'

export interface Lease {
  readonly ip: Ipv4
  readonly state: 'bound' | 'expired' | 'declined'
  /** Hardware address, when the client is known by one. */
  readonly mac: string | undefined
  /** MAC or `id-<hex of option 61>`. */
  readonly client: string
  /** Network address of the range. */
  readonly net: string
  readonly hostname: string | undefined
  readonly expiresAtMs: number
}

export function leaseOf(entry: PoolEntry, nowMs: number): Lease {
  const slash = entry.client.indexOf('/')
  const client = entry.client.slice(slash + 1)
  return {
    ip: numberToIpv4(entry.ip),
    state: entry.declined ? 'declined' : entry.expiresAtMs > nowMs ? 'bound' : 'expired',
    mac: client === '' || client.startsWith('id-') ? undefined : client,
    client,
    net: entry.client.slice(0, Math.max(slash, 0)),
    hostname: entry.hostname || undefined,
    expiresAtMs: entry.expiresAtMs,
  }
}
