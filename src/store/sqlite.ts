/** The embedded store: one SQLite file, one connection, all rows mirrored in memory. */
import { chmodSync, existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { isDeepStrictEqual } from 'node:util'
import type { Row } from '../tables/row.ts'
import { LOG_TABLES, TABLES } from '../tables/schema.ts'
import { createDraft, noSuchTable } from './draft.ts'
import type { TableHistory } from './history.ts'
import { STORE_LIMITS } from './limits.ts'
import type { Logs } from './logs.ts'
import { FindingsBefore } from './refusal.ts'
import { recordChanges } from './row-history.ts'
import { HISTORY_BOUNDS, type HistoryBounds, recordTransaction, SqliteHistory } from './sqlite-history.ts'
import { SqliteLogs, writeLogRows } from './sqlite-logs.ts'
import { createRowWriter, readRows } from './sqlite-rows.ts'
import { migrate } from './sqlite-schema.ts'
import {
  type RowChange,
  type Store,
  type StoreChange,
  StoreFault,
  type Transaction,
  type TransactOptions,
  type TransactResult,
} from './store.ts'

/** Calls `look` again and again until the returned function is called; must not keep the process alive. */
export type Poll = (look: () => void, everyMs: number) => () => void

export interface SqliteStoreOptions {
  /** File name; its directory is made when it is missing. `:memory:` keeps nothing. */
  readonly path: string
  /** How changes of other processes are noticed; left out: only when `refresh` is called. */
  readonly poll?: Poll
  /** How long a transaction waits for one of another process. The whole process stands still meanwhile. */
  readonly busyTimeoutMs?: number
  /** Time of day for the history. */
  readonly now?: () => number
  readonly historyBounds?: HistoryBounds
}

export const pollWithTimer: Poll = (look, everyMs) => {
  const timer = setInterval(look, everyMs)
  timer.unref()
  return () => clearInterval(timer)
}

export function openSqliteStore(options: SqliteStoreOptions): Store {
  const { path, busyTimeoutMs } = options
  if (path !== ':memory:') prepareFile(path)
  const database = new DatabaseSync(path, { timeout: busyTimeoutMs ?? STORE_LIMITS.busyTimeoutMs })
  try {
    // WAL: a reader in another process never blocks the server. FULL: a committed transaction survives a power cut.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF')
    migrate(database)
    return new SqliteStore(database, options)
  } catch (error) {
    database.close()
    throw error
  }
}

/** Passwords stand in the tables: nobody but the owner reads them. SQLite gives its side files the same mode. */
function prepareFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  if (!existsSync(path)) new DatabaseSync(path).close()
  chmodSync(path, 0o600)
}

class SqliteStore implements Store {
  readonly history: TableHistory
  readonly logs: Logs
  readonly #now: () => number
  readonly #historyBounds: HistoryBounds
  readonly #database: DatabaseSync
  readonly #tables = new Map<string, readonly Row[]>()
  readonly #versions = new Map<string, number>()
  readonly #statements = new Map<string, StatementSync>()
  readonly #listeners = new Set<(change: StoreChange) => void>()
  readonly #before = new FindingsBefore()
  readonly #stopPolling: () => void
  readonly #prepare = (sql: string): StatementSync => {
    let statement = this.#statements.get(sql)
    if (!statement) {
      statement = this.#database.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }
  #revision = 0
  #dataVersion = -1
  #transacting = false
  #open = true

  constructor(database: DatabaseSync, { poll, now, historyBounds }: SqliteStoreOptions) {
    this.#database = database
    this.#now = now ?? Date.now
    this.#historyBounds = historyBounds ?? HISTORY_BOUNDS
    this.history = new SqliteHistory(this.#prepare)
    this.logs = new SqliteLogs({ prepare: this.#prepare, inTransaction: (work) => this.#inTransaction(work) })
    this.#reload()
    this.#stopPolling = poll ? poll(() => this.refresh(), STORE_LIMITS.pollMs) : () => {}
  }

  get revision(): number {
    return this.#revision
  }

  read(table: string): readonly Row[] {
    const rows = this.#tables.get(table)
    if (!rows) throw noSuchTable(table)
    return rows
  }

  transact<T>(change: (transaction: Transaction) => T, options: TransactOptions): TransactResult<T> {
    if (this.#transacting) throw new StoreFault('busy', 'a transaction cannot hold another one')
    this.#transacting = true
    let outside: StoreChange | undefined
    let outcome: TransactResult<T>
    let committed: StoreChange | undefined
    try {
      this.#begin()
      try {
        outside = this.#reload()
        const draft = createDraft(this, createRowWriter(this.#prepare))
        const result = change(draft)
        const { changes } = draft
        const findings = changes.length === 0 ? [] : this.#before.added(options.checkers ?? [], this, draft)
        const refused = findings.some(({ severity }) => severity === 'error')
        if (refused || options.dryRun === true || changes.length === 0) {
          this.#database.exec('ROLLBACK')
          outcome = {
            committed: !refused && options.dryRun !== true,
            result,
            revision: this.#revision,
            findings,
            changes,
          }
        } else {
          const changed = draft.changedTables()
          const revision = this.#revision + 1
          this.#recordRevision(revision, [...changed.keys()])
          this.#remember(revision, changes, options)
          this.#database.exec('COMMIT')
          this.#adopt(changed, revision)
          committed = { tables: [...changed.keys()], revision, author: options.author }
          outcome = { committed: true, result, revision, findings, changes }
        }
      } catch (error) {
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
        throw error
      }
    } finally {
      this.#transacting = false
      if (outside) this.#announce(outside)
    }
    if (committed) this.#announce(committed)
    return outcome
  }

  #remember(revision: number, steps: readonly RowChange[], options: TransactOptions): void {
    const { author, request, undoes = [], record = true, log } = options
    if (!record && !log) return
    const changes = recordChanges(steps)
    if (record)
      recordTransaction(
        this.#prepare,
        revision,
        { atMs: this.#now(), author, request, undoes },
        changes,
        this.#historyBounds,
      )
    if (!log) return
    writeLogRows(this.#prepare, log({ revision, changes }))
    this.#noteLogs()
  }

  /** What this process itself logs must not look like a change of another one. */
  #noteLogs(): void {
    const version = this.#prepare('SELECT revision FROM liteboot_tables WHERE name = ?')
    for (const log of LOG_TABLES.keys()) this.#versions.set(log, Number(version.get(log)?.revision ?? 0))
  }

  /** For the logs: nothing of the tables changes. */
  #inTransaction<T>(work: () => { readonly result: T; readonly keep: boolean }): T {
    if (this.#transacting) throw new StoreFault('busy', 'a transaction cannot hold another one')
    this.#begin()
    try {
      const { result, keep } = work()
      if (keep) this.#noteLogs()
      this.#database.exec(keep ? 'COMMIT' : 'ROLLBACK')
      return result
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }

  onChange(listener: (change: StoreChange) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  refresh(): void {
    if (!this.#open || this.#transacting) return
    const change = this.#reload()
    if (change) this.#announce(change)
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#stopPolling()
    this.#listeners.clear()
    this.#database.close()
  }

  /** IMMEDIATE: the lock is ours before the first read, so nothing is decided on rows that change under foot. */
  #begin(): void {
    try {
      this.#database.exec('BEGIN IMMEDIATE')
    } catch (error) {
      if (error instanceof Error && /locked|busy/i.test(error.message))
        throw new StoreFault('busy', 'the tables are being changed by another process; try again')
      throw error
    }
  }

  #adopt(changed: ReadonlyMap<string, readonly Row[]>, revision: number): void {
    for (const [table, rows] of changed) {
      this.#tables.set(table, rows)
      this.#versions.set(table, revision)
    }
    this.#revision = revision
    this.#before.forget()
  }

  #announce(change: StoreChange): void {
    for (const listener of [...this.#listeners]) listener(change)
  }

  /** Reads the tables whose version is not the one in memory. */
  #reload(): StoreChange | undefined {
    const version = Number(this.#prepare('PRAGMA data_version').get()?.data_version)
    if (version === this.#dataVersion) return undefined
    const first = this.#dataVersion === -1
    const changed = new Map<string, readonly Row[]>()
    const versions = new Map<string, number>()
    // One read transaction: rows and versions belong together.
    const own = !this.#database.isTransaction
    if (own) this.#database.exec('BEGIN')
    let revision = 0
    try {
      for (const row of this.#prepare('SELECT name, revision FROM liteboot_tables').all())
        versions.set(String(row.name), Number(row.revision))
      revision = Number(this.#prepare('SELECT revision FROM liteboot_state').get()?.revision)
      const onlyLogs = [...LOG_TABLES.keys()].some((log) => (versions.get(log) ?? 0) !== (this.#versions.get(log) ?? 0))
      // Written past us, with plain SQL: no version tells what changed, so every row is compared.
      const unmarked = !first && revision === this.#revision && !onlyLogs
      for (const schema of TABLES.values()) {
        const current = versions.get(schema.name) ?? 0
        versions.set(schema.name, current)
        if (!first && !unmarked && current === this.#versions.get(schema.name)) continue
        const rows = readRows(this.#prepare, schema)
        if (!unmarked || !sameRows(rows, this.read(schema.name))) changed.set(schema.name, rows)
      }
    } finally {
      if (own) this.#database.exec('COMMIT')
    }
    this.#dataVersion = version
    for (const log of LOG_TABLES.keys()) this.#versions.set(log, versions.get(log) ?? 0)
    if (changed.size === 0) return undefined
    this.#adopt(changed, revision)
    for (const [table, current] of versions) this.#versions.set(table, current)
    return first ? undefined : { tables: [...changed.keys()], revision, author: undefined }
  }

  #recordRevision(revision: number, tables: readonly string[]): void {
    this.#prepare('UPDATE liteboot_state SET revision = ?').run(revision)
    for (const table of tables)
      this.#prepare('INSERT OR REPLACE INTO liteboot_tables (name, revision) VALUES (?, ?)').run(table, revision)
  }
}

function sameRows(some: readonly Row[], others: readonly Row[]): boolean {
  return some.length === others.length && some.every((row, at) => isDeepStrictEqual(row, others[at]))
}
