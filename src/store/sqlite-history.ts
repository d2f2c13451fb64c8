/** The history of the embedded store: one row a transaction, one row a changed row, as JSON. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { ChangeRequest, HistoryFilter, RecordedChange, RecordedTransaction, TableHistory } from './history.ts'
import { STORE_LIMITS } from './limits.ts'
import type { RowValues } from './store.ts'

export type Prepare = (sql: string) => StatementSync

/**
 * `number` and `through` count transactions and bytes since the first one ever: what is kept is the difference of two rows,
 * and the oldest row to keep is found from the old end without counting.
 */
const HISTORY_SQL = `
  CREATE TABLE IF NOT EXISTS liteboot_history (revision INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL,
    author TEXT NOT NULL, request TEXT, undoes TEXT, rows INTEGER NOT NULL, number INTEGER NOT NULL, through INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS liteboot_history_rows (revision INTEGER NOT NULL, position INTEGER NOT NULL,
    name TEXT NOT NULL, key TEXT NOT NULL, before TEXT, after TEXT, behind TEXT, PRIMARY KEY (revision, position)) WITHOUT ROWID`

/** Also in a file whose history does not have the places of removed rows yet. */
export function openHistory(database: DatabaseSync): void {
  database.exec(HISTORY_SQL)
  const columns = database.prepare('PRAGMA table_info(liteboot_history_rows)').all()
  if (!columns.some(({ name }) => name === 'behind'))
    database.exec('ALTER TABLE liteboot_history_rows ADD COLUMN behind TEXT')
}

export interface RecordedBy {
  readonly atMs: number
  readonly author: string
  readonly request: ChangeRequest | undefined
  readonly undoes: readonly number[]
}

export interface HistoryBounds {
  readonly transactions: number
  readonly bytes: number
}

export const HISTORY_BOUNDS: HistoryBounds = {
  transactions: STORE_LIMITS.historyTransactions,
  bytes: STORE_LIMITS.historyBytes,
}

/** Inside the transaction that it is about. */
export function recordTransaction(
  prepare: Prepare,
  revision: number,
  { atMs, author, request, undoes }: RecordedBy,
  changes: readonly RecordedChange[],
  bounds: HistoryBounds,
): void {
  const insert = prepare('INSERT INTO liteboot_history_rows VALUES (?, ?, ?, ?, ?, ?, ?)')
  const requestText = request ? JSON.stringify(request) : null
  let bytes = requestText?.length ?? 0
  changes.forEach(({ table, key, before, after, behind }, position) => {
    const texts = [before, after, behind].map((values) => (values ? JSON.stringify(values) : null))
    const keyText = JSON.stringify(key)
    for (const text of [keyText, ...texts]) bytes += text?.length ?? 0
    insert.run(revision, position, table, keyText, ...texts)
  })
  const last = prepare('SELECT number, through FROM liteboot_history ORDER BY revision DESC LIMIT 1').get()
  const number = Number(last?.number ?? 0) + 1
  const through = Number(last?.through ?? 0) + bytes
  prepare('INSERT INTO liteboot_history VALUES (?, ?, ?, ?, ?, ?, ?, ?)').run(
    revision,
    atMs,
    author,
    requestText,
    undoes.length > 0 ? JSON.stringify(undoes) : null,
    changes.length,
    number,
    through,
  )
  dropOldest(prepare, number - bounds.transactions, through - bounds.bytes)
}

/** Stops at the first row that stays: the cost is that of what falls off. */
function dropOldest(prepare: Prepare, number: number, through: number): void {
  const stays = prepare(
    'SELECT revision FROM liteboot_history WHERE number > ? AND through >= ? ORDER BY revision LIMIT 1',
  )
  const revision = Number(stays.get(number, through)?.revision)
  prepare('DELETE FROM liteboot_history_rows WHERE revision < ?').run(revision)
  prepare('DELETE FROM liteboot_history WHERE revision < ?').run(revision)
}

export class SqliteHistory implements TableHistory {
  readonly #prepare: Prepare

  constructor(prepare: Prepare) {
    this.#prepare = prepare
  }

  async *transactions(filter: HistoryFilter = {}): AsyncIterable<RecordedTransaction> {
    const { sql, values } = condition(filter)
    const page = `SELECT * FROM liteboot_history WHERE revision < ? AND ${sql} ORDER BY revision DESC LIMIT ?`
    let below = (filter.upTo ?? Number.MAX_SAFE_INTEGER - 1) + 1
    for (;;) {
      // A page of its own each time: no cursor stays open while the reader waits.
      const found = this.#prepare(page).all(below, ...values, STORE_LIMITS.pageRows)
      for (const row of found) yield transactionOf(row)
      if (found.length < STORE_LIMITS.pageRows) return
      below = Number(found.at(-1)?.revision)
    }
  }

  async *changes(revision: number): AsyncIterable<RecordedChange> {
    const page = 'SELECT * FROM liteboot_history_rows WHERE revision = ? AND position >= ? ORDER BY position LIMIT ?'
    for (let position = 0; ; position += STORE_LIMITS.pageRows) {
      const found = this.#prepare(page).all(revision, position, STORE_LIMITS.pageRows)
      for (const row of found) yield changeOf(row)
      if (found.length < STORE_LIMITS.pageRows) return
    }
  }

  async reachesBackTo(): Promise<number | undefined> {
    const oldest = this.#prepare('SELECT revision FROM liteboot_history ORDER BY revision LIMIT 1').get()
    return oldest ? Number(oldest.revision) - 1 : undefined
  }
}

/** Key values stand in JSON as `:"value"`; a quote within a value is escaped, so that nothing else looks like one. */
function condition({ after, sinceMs, tables, names }: HistoryFilter): { sql: string; values: (string | number)[] } {
  const parts: string[] = ['revision > ?']
  const values: (string | number)[] = [after ?? -1]
  if (sinceMs !== undefined) {
    parts.push('time_ms >= ?')
    values.push(sinceMs)
  }
  const rowParts: string[] = []
  if (tables?.length) {
    rowParts.push(`r.name IN (${tables.map(() => '?').join(', ')})`)
    values.push(...tables)
  }
  if (names?.length) {
    rowParts.push(`(${names.map(() => 'instr(r.key, ?) > 0').join(' OR ')})`)
    values.push(...names.map((name) => `:${JSON.stringify(name)}`))
  }
  if (rowParts.length > 0)
    parts.push(
      `EXISTS (SELECT 1 FROM liteboot_history_rows r WHERE r.revision = liteboot_history.revision AND ${rowParts.join(' AND ')})`,
    )
  return { sql: parts.join(' AND '), values }
}

type Found = Readonly<Record<string, unknown>>

function transactionOf(row: Found): RecordedTransaction {
  return {
    revision: Number(row.revision),
    atMs: Number(row.time_ms),
    author: String(row.author),
    request: readJson(row.request) as ChangeRequest | undefined,
    undoes: (readJson(row.undoes) as number[] | undefined) ?? [],
    rows: Number(row.rows),
  }
}

function changeOf(row: Found): RecordedChange {
  return {
    table: String(row.name),
    key: readJson(row.key) as RecordedChange['key'],
    before: readJson(row.before) as RecordedChange['before'],
    after: readJson(row.after) as RecordedChange['after'],
    ...(row.behind === null ? {} : { behind: readJson(row.behind) as RowValues }),
  }
}

/** Written by this file alone. */
function readJson(text: unknown): unknown {
  return text === null || text === undefined ? undefined : JSON.parse(String(text))
}
