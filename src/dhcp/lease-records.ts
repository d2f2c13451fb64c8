/** Leases as the journal keeps them: what is read at the start, what each change writes, what lives on when it is rewritten. */
import type { JournalRecord } from './journal.ts'
import { ipv4ToNumber, numberToIpv4 } from './options.ts'
import type { PoolEntry } from './pool.ts'

export function newEntry(ip: number): PoolEntry {
  return { ip, client: '', expiresAtMs: 0, declined: false, offeredTo: '', offeredUntilMs: 0, hostname: '' }
}

/** One record more, in the order they were written. */
export function replay(record: JournalRecord, entries: Map<number, PoolEntry>, clients: Map<string, PoolEntry>): void {
  const ip = ipv4ToNumber(record.ip)
  const entry = entries.get(ip) ?? newEntry(ip)
  entries.set(ip, entry)
  if (entry.client !== '' && clients.get(entry.client) === entry) clients.delete(entry.client)
  entry.client = record.client
  entry.expiresAtMs = record.expiresAtMs
  entry.declined = record.kind === 'decline'
  entry.hostname = record.hostname
  if (record.client !== '') clients.set(record.client, entry)
}

export function* livingRecords(entries: Map<number, PoolEntry>): Generator<JournalRecord> {
  for (const entry of entries.values()) {
    if (entry.declined) yield recordOf(entry, 'decline')
    else if (entry.client !== '') yield recordOf(entry, 'bind')
  }
}

export function recordOf(entry: PoolEntry, kind: JournalRecord['kind']): JournalRecord {
  const { client, expiresAtMs, hostname } = entry
  return { kind, ip: numberToIpv4(entry.ip), expiresAtMs, client, hostname }
}
