/**
 * Dynamic leases: memory for the decisions, the journal for what was promised. One address never has two clients: every
 * change goes through `offer` or `bind`, and both ask the pool first.
 */
import type { Ipv4, Network, Snapshot } from '../cluster/model.ts'
import { type Journal, type JournalDisk, type JournalRecord, openJournal } from './journal.ts'
import { type Lease, leaseOf } from './lease.ts'
import { livingRecords, newEntry, recordOf, replay } from './lease-records.ts'
import { limits } from './limits.ts'
import { ipv4ToNumber, numberToIpv4 } from './options.ts'
import { entryIsFreeFor, leaseKey, Pool, type PoolEntry, rangesOf } from './pool.ts'
import { reservedAddresses } from './reserved-addresses.ts'

/** What a decision may ask. Reads only. */
export interface LeaseView {
  /** The address to offer to this client: see Pool for the order. undefined: none is free, or there is no range. */
  choose(network: Network, client: string, requested: Ipv4 | undefined, nowMs: number): Ipv4 | undefined
  /** `held`: bound or offered to this client; `free`: in a range and nobody's; `taken`; `outside` any range of the network. */
  standing(network: Network, client: string, ip: Ipv4, nowMs: number): 'held' | 'free' | 'taken' | 'outside'
}

export interface LeaseStoreOptions {
  readonly file: string
  readonly now: () => number
  readonly ownAddresses: readonly Ipv4[]
  readonly warn: (message: string) => void
  readonly disk?: JournalDisk
}

export async function openLeaseStore(options: LeaseStoreOptions): Promise<LeaseStore> {
  const entries = new Map<number, PoolEntry>()
  const clients = new Map<string, PoolEntry>()
  const opened = await openJournal(
    options.file,
    (records) => {
      for (const record of records) replay(record, entries, clients)
      return () => livingRecords(entries)
    },
    options.disk,
  )
  if (opened.badLines > 0)
    options.warn(`${options.file}: ${opened.badLines} damaged line(s) left out (a crash while writing leaves one)`)
  return new LeaseStore(options, opened.journal, entries, clients)
}

export class LeaseStore implements LeaseView {
  readonly #options: LeaseStoreOptions
  readonly #journal: Journal
  readonly #entries: Map<number, PoolEntry>
  readonly #clients: Map<string, PoolEntry>
  #pools = new Map<string, Pool>()
  #poolsKey = ''

  constructor(
    options: LeaseStoreOptions,
    journal: Journal,
    entries: Map<number, PoolEntry>,
    clients: Map<string, PoolEntry>,
  ) {
    this.#options = options
    this.#journal = journal
    this.#entries = entries
    this.#clients = clients
  }

  get journal(): Journal['counters'] {
    return this.#journal.counters
  }

  /** true: the disk is far behind; a new promise should not be made. */
  get saturated(): boolean {
    return this.#journal.pending >= limits.pendingWrites
  }

  /** Ranges and static addresses of a new snapshot. Does nothing when they are the same as before. */
  applySnapshot(snapshot: Snapshot): void {
    const networks = snapshot.networks.filter((network) => network.dynamicRanges.length > 0)
    const reserved = reservedAddresses(snapshot, networks, this.#options.ownAddresses)
    const key = JSON.stringify([networks.map(({ net, dynamicRanges }) => [net, dynamicRanges]), [...reserved]])
    if (key === this.#poolsKey) return
    this.#poolsKey = key
    this.#pools = new Map()
    let total = 0
    for (const network of networks) {
      const pool = new Pool(rangesOf(network.dynamicRanges), this.#entries, reserved)
      total += pool.size
      if (total > limits.poolAddresses) {
        this.#options.warn(
          `networks row netname=${network.netname}: dynamicrange left out, all ranges together may hold ${limits.poolAddresses} addresses`,
        )
        continue
      }
      this.#pools.set(network.net, pool)
    }
    this.#forgetOutsiders()
  }

  choose(network: Network, client: string, requested: Ipv4 | undefined, nowMs: number): Ipv4 | undefined {
    const pool = this.#pools.get(network.net)
    if (!pool) return undefined
    const key = leaseKey(network.net, client)
    const own = this.#clients.get(key)
    if (own && pool.isFreeFor(own.ip, key, nowMs)) return numberToIpv4(own.ip)
    if (requested && pool.isFreeFor(ipv4ToNumber(requested), key, nowMs)) return requested
    const chosen = pool.choose(key, nowMs)
    return chosen === undefined ? undefined : numberToIpv4(chosen)
  }

  standing(network: Network, client: string, ip: Ipv4, nowMs: number): 'held' | 'free' | 'taken' | 'outside' {
    const pool = this.#pools.get(network.net)
    const address = ipv4ToNumber(ip)
    if (!pool?.contains(address)) return 'outside'
    const key = leaseKey(network.net, client)
    if (!pool.isFreeFor(address, key, nowMs)) return 'taken'
    return this.#clients.get(key)?.ip === address ? 'held' : 'free'
  }

  /** Holds the address for the client in memory. false: somebody else has it. */
  offer(network: Network, client: string, ip: Ipv4, nowMs: number): boolean {
    const entry = this.#freeEntry(network, client, ip, nowMs)
    if (!entry) return false
    const key = leaseKey(network.net, client)
    if (entry.offeredTo !== key && entry.offeredTo !== entry.client) this.#forgetClient(entry.offeredTo, entry)
    entry.offeredTo = key
    entry.offeredUntilMs = nowMs + limits.offerHoldMs
    this.#clients.set(key, entry)
    this.#pools.get(network.net)?.touch(entry)
    return true
  }

  /** Resolves when the lease is on disk: only then may the ACK leave. undefined: somebody else has the address. */
  bind(
    network: Network,
    client: string,
    ip: Ipv4,
    leaseSeconds: number,
    nowMs: number,
    hostname: string,
  ): Promise<void> | undefined {
    const entry = this.#freeEntry(network, client, ip, nowMs)
    if (!entry) return undefined
    const key = leaseKey(network.net, client)
    if (entry.client !== key) this.#forgetClient(entry.client, entry)
    if (entry.offeredTo !== key) this.#forgetClient(entry.offeredTo, entry)
    // A client that takes another address gives up nothing by that: its old lease runs out by itself.
    entry.client = key
    entry.declined = false
    entry.expiresAtMs = nowMs + leaseSeconds * 1000
    entry.offeredTo = ''
    entry.offeredUntilMs = 0
    entry.hostname = hostname
    this.#clients.set(key, entry)
    this.#pools.get(network.net)?.touch(entry)
    return this.#journal.append(recordOf(entry, 'bind'))
  }

  /** The client chose another server, or none: its offer is free again. */
  withdrawOffer(network: Network, client: string): void {
    const key = leaseKey(network.net, client)
    const entry = this.#clients.get(key)
    if (!entry || entry.offeredTo !== key) return
    entry.offeredTo = ''
    entry.offeredUntilMs = 0
    if (entry.client !== key) this.#clients.delete(key)
    this.#pools.get(network.net)?.touch(entry)
  }

  /** RFC 2131 §4.3.4. The address stays the client's as long as nobody needs it. false: it was not the client's. */
  release(network: Network, client: string, ip: Ipv4, nowMs: number): boolean {
    const entry = this.#entries.get(ipv4ToNumber(ip))
    if (!entry || entry.client !== leaseKey(network.net, client) || entry.expiresAtMs <= nowMs) return false
    entry.expiresAtMs = nowMs
    entry.offeredTo = ''
    entry.offeredUntilMs = 0
    this.#pools.get(network.net)?.touch(entry)
    this.#appendUnpromised(recordOf(entry, 'free'))
    return true
  }

  /** RFC 2131 §4.3.3: somebody else uses the address; nobody gets it for a while. false: it was not the client's. */
  decline(network: Network, client: string, ip: Ipv4, nowMs: number): boolean {
    const entry = this.#entries.get(ipv4ToNumber(ip))
    const key = leaseKey(network.net, client)
    if (!entry || (entry.client !== key && entry.offeredTo !== key)) return false
    if (entry.expiresAtMs > nowMs && entry.client !== key) return false
    this.#forgetClient(entry.client, entry)
    this.#forgetClient(entry.offeredTo, entry)
    entry.client = ''
    entry.declined = true
    entry.expiresAtMs = nowMs + limits.declineQuarantineMs
    entry.offeredTo = ''
    entry.offeredUntilMs = 0
    this.#pools.get(network.net)?.touch(entry)
    this.#appendUnpromised(recordOf(entry, 'decline'))
    return true
  }

  /** Bound, expired and declined ones, by address. Offers are not leases. */
  list(nowMs: number): readonly Lease[] {
    return [...this.#entries.values()]
      .filter((entry) => entry.client !== '' || (entry.declined && entry.expiresAtMs > nowMs))
      .sort((a, b) => a.ip - b.ip)
      .map((entry) => leaseOf(entry, nowMs))
  }

  /** Who holds an address of a range at the moment. */
  macAt(ip: Ipv4, nowMs: number): string | undefined {
    const entry = this.#entries.get(ipv4ToNumber(ip))
    if (!entry || entry.client === '' || entry.declined || entry.expiresAtMs <= nowMs) return undefined
    return leaseOf(entry, nowMs).mac
  }

  close(): Promise<void> {
    return this.#journal.close()
  }

  #freeEntry(network: Network, client: string, ip: Ipv4, nowMs: number): PoolEntry | undefined {
    const address = ipv4ToNumber(ip)
    const key = leaseKey(network.net, client)
    if (!this.#pools.get(network.net)?.isFreeFor(address, key, nowMs)) return undefined
    const known = this.#entries.get(address)
    if (known) return entryIsFreeFor(known, key, nowMs) ? known : undefined
    const entry = newEntry(address)
    this.#entries.set(address, entry)
    return entry
  }

  #forgetClient(key: string, entry: PoolEntry): void {
    if (key !== '' && this.#clients.get(key) === entry) this.#clients.delete(key)
  }

  #appendUnpromised(record: JournalRecord): void {
    this.#journal.append(record).catch((error: unknown) => {
      this.#options.warn(`${this.#options.file}: ${String(error)}; the address of a ${record.kind} comes free later`)
    })
  }

  /** Entries that belong to no range any more are kept only while somebody may still be using the address. */
  #forgetOutsiders(): void {
    const nowMs = this.#options.now()
    const pools = [...this.#pools.values()]
    for (const [ip, entry] of this.#entries) {
      if (entry.expiresAtMs > nowMs || pools.some((pool) => pool.contains(ip))) continue
      this.#forgetClient(entry.client, entry)
      this.#forgetClient(entry.offeredTo, entry)
      this.#entries.delete(ip)
    }
  }
}
