/** The timeline on disk: one SQLite file, written in batches, readable by other processes while the server runs. */
import { renameSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { type Boot, foldBoots } from './boot.ts'
import { type BootEvent, type EmitEvent, EVERY_NODE } from './event.ts'
import { TIMELINE_LIMITS } from './limits.ts'
import { COLUMNS, type EventRow, IS_STRANGER, readRow, SCHEMA, writeRow } from './rows.ts'
import { openTrim } from './trim.ts'

export interface TimelineOptions {
  readonly file: string
  readonly now: () => number
  readonly nodeOfMac?: (mac: string) => string | undefined
  readonly nodeOfIp?: (ip: string) => string | undefined
  readonly log?: { warn(fields: object, message: string): void }
  readonly limits?: Partial<
    Record<
      | 'eventsPerNode'
      | 'strangerEvents'
      | 'ageMs'
      | 'queueEvents'
      | 'floodEventsPerSecond'
      | 'repeatMs'
      | 'flushMs'
      | 'pruneMs',
      number
    >
  >
}

export interface TimelineReader {
  /** Of a node, or of a stranger by its MAC (else its address), oldest first. `limit` keeps the newest. */
  eventsOf(subject: string, options?: { readonly sinceMs?: number; readonly limit?: number }): BootEvent[]
  /** Oldest first; the last one is judged now. */
  boots(subject: string): Boot[]
  /** Everyone with events, newest first. */
  subjects(): { readonly subject: string; readonly lastMs: number }[]
  /** Those of the newest events that are no nodes, newest first. */
  strangers(): string[]
  close(): void
}

export interface Timeline extends TimelineReader {
  readonly emit: EmitEvent
  /** Writes what waits. Called by every read, so that a reader in this process sees all. */
  flush(): void
  readonly counters: { emitted: number; written: number; repeated: number; dropped: number; failed: number }
}

/**
 * A file that is no database is put aside, with a warning: a server must come up even so. Throws only when the file
 * cannot be opened or made at all.
 */
export function openTimeline(options: TimelineOptions): Timeline {
  const limits = { ...TIMELINE_LIMITS, ...options.limits }
  const database = openForWriting(options)
  const insert = database.prepare(
    `INSERT INTO event (subject, ${COLUMNS.join(', ')}) VALUES (?, ${COLUMNS.map(() => '?').join(', ')})`,
  )
  const reader = createReader(database, options.now)
  const counters = { emitted: 0, written: 0, repeated: 0, dropped: 0, failed: 0 }
  const isRepeatInFlood = floodFilter(limits)
  const bounds = openTrim(database, limits, options.now, (error) =>
    options.log?.warn({ err: error }, 'timeline: old events cannot be removed'),
  )
  let queue: BootEvent[] = []
  let timer: NodeJS.Timeout | undefined
  let closed = false

  function subjectOf(event: BootEvent): string {
    if (event.node !== undefined) return event.node
    const byMac = event.mac === undefined ? undefined : options.nodeOfMac?.(event.mac)
    const node = byMac ?? (event.ip === undefined ? undefined : options.nodeOfIp?.(event.ip))
    return node ?? event.mac ?? event.ip ?? event.service
  }

  function writeBatch(): void {
    const batch = queue.slice(0, limits.batchEvents)
    queue = queue.slice(limits.batchEvents)
    try {
      database.exec('BEGIN')
      for (const event of batch) {
        const subject = subjectOf(event)
        insert.run(subject, ...writeRow(event))
        bounds.count(subject)
      }
      database.exec('COMMIT')
      counters.written += batch.length
    } catch (error) {
      // A full disk must not stop a boot: these events are lost, and counted.
      if (database.isTransaction) database.exec('ROLLBACK')
      if (counters.failed === 0)
        options.log?.warn({ err: error }, `timeline: events cannot be written to ${options.file}`)
      counters.failed += batch.length
    }
  }

  function schedule(waitMs: number): void {
    if (timer !== undefined || closed) return
    timer = setTimeout(() => {
      timer = undefined
      writeBatch()
      if (queue.length > 0) schedule(0)
      else bounds.trim()
    }, waitMs)
    timer.unref()
  }

  function flush(): void {
    while (queue.length > 0) writeBatch()
  }

  return {
    counters,
    emit(event) {
      counters.emitted += 1
      if (closed || queue.length >= limits.queueEvents) {
        counters.dropped += 1
        return
      }
      if (isRepeatInFlood(event)) {
        counters.repeated += 1
        return
      }
      queue.push(event)
      schedule(limits.flushMs)
    },
    flush,
    eventsOf(subject, query) {
      flush()
      return reader.eventsOf(subject, query)
    },
    boots(subject) {
      flush()
      return reader.boots(subject)
    },
    subjects() {
      flush()
      return reader.subjects()
    },
    strangers() {
      flush()
      return reader.strangers()
    },
    close() {
      if (closed) return
      closed = true
      clearTimeout(timer)
      bounds.close()
      flush()
      database.close()
    },
  }
}

/** Decides by the second before: while events flood in, what a node's DHCP client only repeats is not worth a row. */
function floodFilter(limits: { floodEventsPerSecond: number; repeatMs: number }): (event: BootEvent) => boolean {
  let secondMs = 0
  let count = 0
  let isFlood = false
  let seenSinceMs = 0
  const seen = new Set<string>()
  return (event) => {
    count += 1
    if (event.atMs - secondMs >= 1000) {
      isFlood = count > limits.floodEventsPerSecond && event.atMs - secondMs < 2000
      secondMs = event.atMs
      count = 0
    }
    if (!isFlood || event.service !== 'dhcp') return false
    if (event.atMs - seenSinceMs >= limits.repeatMs) {
      seen.clear()
      seenSinceMs = event.atMs
    }
    const key = `${event.node ?? event.mac ?? event.ip} ${event.event} ${event.object ?? ''}`
    if (seen.has(key)) return true
    seen.add(key)
    return false
  }
}

/** For another process, or a look at a stopped server's file. Throws when there is no such file. */
export function openTimelineReader(options: { readonly file: string; readonly now: () => number }): TimelineReader {
  const database = new DatabaseSync(options.file, { readOnly: true, timeout: TIMELINE_LIMITS.busyMs })
  const reader = createReader(database, options.now)
  return { ...reader, close: () => database.close() }
}

function openForWriting(options: TimelineOptions): DatabaseSync {
  try {
    return openDatabase(options.file)
  } catch (error) {
    const code = (error as { errcode?: number }).errcode // node:sqlite errors carry SQLite's number
    const isBroken = code === 26 || code === 11 // SQLITE_NOTADB, SQLITE_CORRUPT
    if (!isBroken) throw error
    const aside = `${options.file}.broken-${options.now()}`
    for (const suffix of ['', '-wal', '-shm']) {
      try {
        renameSync(`${options.file}${suffix}`, `${aside}${suffix}`)
      } catch {
        // -wal and -shm need not exist
      }
    }
    options.log?.warn({ err: error }, `timeline: ${options.file} is no database; put aside as ${aside}, begun anew`)
    return openDatabase(options.file)
  }
}

function openDatabase(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: TIMELINE_LIMITS.busyMs })
  try {
    // NORMAL in WAL mode: a crash of the process loses nothing that was committed, a power cut the last moments.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;')
    database.exec(SCHEMA)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

interface SubjectRow {
  readonly subject: string
  readonly last_ms: number
}

function createReader(database: DatabaseSync, now: () => number): Omit<TimelineReader, 'close'> {
  const newest: StatementSync = database.prepare(
    `SELECT ${COLUMNS.join(', ')} FROM event WHERE subject = ? AND at_ms >= ? ORDER BY at_ms DESC, id DESC LIMIT ?`,
  )
  const everyone = database.prepare(
    'SELECT subject, max(at_ms) AS last_ms FROM event GROUP BY subject ORDER BY last_ms DESC',
  )
  const newestStrangers = database.prepare(`SELECT subject FROM event WHERE ${IS_STRANGER} ORDER BY id DESC LIMIT ?`)
  function eventsOf(subject: string, query: { sinceMs?: number; limit?: number } = {}): BootEvent[] {
    const rows = newest.all(subject, query.sinceMs ?? 0, query.limit ?? -1) as unknown as EventRow[]
    return rows.map(readRow).reverse()
  }
  return {
    eventsOf,
    boots(subject) {
      const boots = foldBoots(subject, eventsOf(subject), now())
      const [first] = boots
      return first ? addCommon(boots, eventsOf(EVERY_NODE, { sinceMs: first.startMs }), now()) : boots
    },
    subjects: () =>
      (everyone.all() as unknown as SubjectRow[])
        .filter(({ subject }) => subject !== EVERY_NODE)
        .map((row) => ({ subject: row.subject, lastMs: row.last_ms })),
    strangers: () => {
      const rows = newestStrangers.all(TIMELINE_LIMITS.strangersLookedAt) as unknown as { subject: string }[]
      return [...new Set(rows.map(({ subject }) => subject))]
    },
  }
}

/** What concerns every node stands in each boot that was under way, and changes nothing of what is said about it. */
function addCommon(boots: readonly Boot[], common: readonly BootEvent[], nowMs: number): Boot[] {
  return boots.map((boot, index) => {
    const endMs = boot.state === 'booted' ? boot.lastMs : (boots[index + 1]?.startMs ?? nowMs)
    const meanwhile = common.filter(({ atMs }) => atMs > boot.startMs && atMs < endMs)
    if (meanwhile.length === 0) return boot
    return { ...boot, events: [...boot.events, ...meanwhile].sort((a, b) => a.atMs - b.atMs) }
  })
}
