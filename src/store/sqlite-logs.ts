/** The logs of the embedded store: tables like the others, but numbered, and never read into memory. */
import { cell, type Row } from '../tables/row.ts'
import { columnNames, LOG_TABLES, type LogSchema } from '../tables/schema.ts'
import { STORE_LIMITS } from './limits.ts'
import type { LogRow, Logs, OldRows } from './logs.ts'
import type { Prepare } from './sqlite-history.ts'
import { quoteName } from './sqlite-schema.ts'
import { type RowValues, StoreFault } from './store.ts'

/** What the store lends: statements, and its way to make a transaction of them. */
export interface LogsHost {
  readonly prepare: Prepare
  /** Keeps what `work` did, unless it throws or says not to. */
  inTransaction<T>(work: () => { readonly result: T; readonly keep: boolean }): T
}

export class SqliteLogs implements Logs {
  readonly #host: LogsHost

  constructor(host: LogsHost) {
    this.#host = host
  }

  append(rows: readonly LogRow[]): void {
    if (rows.length === 0) return
    this.#host.inTransaction(() => {
      writeLogRows(this.#host.prepare, rows)
      return { result: undefined, keep: true }
    })
  }

  async *rows(log: string, { newest }: { readonly newest?: number } = {}): AsyncIterable<Row> {
    const schema = logSchema(log)
    const { prepare } = this.#host
    const nth = `SELECT recid FROM ${quoteName(log)} ORDER BY recid DESC LIMIT 1 OFFSET ?`
    const before = newest === undefined ? undefined : prepare(nth).get(newest)
    let after = before ? Number(before.recid) : Number.MIN_SAFE_INTEGER
    const page = `SELECT ${columnList(schema)} FROM ${quoteName(log)} WHERE recid > ? ORDER BY recid LIMIT ?`
    for (;;) {
      const found = prepare(page).all(after, STORE_LIMITS.pageRows)
      for (const row of found) yield rowOf(schema, row)
      if (found.length < STORE_LIMITS.pageRows) return
      after = Number(found.at(-1)?.recid)
    }
  }

  prune(log: string, which: OldRows, { dryRun = false }: { readonly dryRun?: boolean } = {}): readonly Row[] {
    const schema = logSchema(log)
    const { prepare } = this.#host
    return this.#host.inTransaction(() => {
      const { sql, values } = oldRows(prepare, schema, which)
      const found = prepare(`DELETE FROM ${quoteName(log)} WHERE ${sql} RETURNING ${columnList(schema)}`).all(...values)
      if (found.length > 0) markLog(prepare, log)
      const rows = found.map((row) => rowOf(schema, row)).sort((a, b) => Number(a.recid) - Number(b.recid))
      return { result: rows, keep: !dryRun && rows.length > 0 }
    })
  }

  replace(log: string, rows: readonly RowValues[]): void {
    const { name } = logSchema(log)
    const { prepare } = this.#host
    this.#host.inTransaction(() => {
      prepare(`DELETE FROM ${quoteName(name)}`).run()
      markLog(prepare, name)
      writeLogRows(
        prepare,
        rows.map((values) => ({ log: name, values })),
      )
      return { result: undefined, keep: true }
    })
  }
}

export function createLogSql(schema: LogSchema): string {
  const columns = columnNames(schema).map((name) => (name === 'recid' ? RECID : `${quoteName(name)} TEXT`))
  return `CREATE TABLE ${quoteName(schema.name)} (${columns.join(', ')})`
}

/** AUTOINCREMENT: a number is never given twice, not even after the newest row was removed. */
const RECID = 'recid INTEGER PRIMARY KEY AUTOINCREMENT'

/** Inside a transaction. */
export function writeLogRows(prepare: Prepare, rows: readonly LogRow[]): void {
  for (const { log, values } of rows) {
    const schema = logSchema(log)
    const columns = columnNames(schema)
    const unknown = Object.keys(values).find((column) => !columns.includes(column))
    if (unknown !== undefined) throw new StoreFault('no-such-column', `No column "${unknown}" in table "${log}"`)
    const sql = `INSERT INTO ${quoteName(log)} (${columnList(schema)}) VALUES (${columns.map(() => '?').join(', ')})`
    const recid = recidOf(log, values)
    const others = columns.slice(1).map((column) => cell(values, column) || null)
    const { lastInsertRowid } = insert(prepare, sql, log, [recid, ...others])
    if (Number(lastInsertRowid) % STORE_LIMITS.logStep === 0)
      prepare(`DELETE FROM ${quoteName(log)} WHERE recid <= ?`).run(Number(lastInsertRowid) - STORE_LIMITS.logRows)
  }
  for (const log of new Set(rows.map((row) => row.log))) markLog(prepare, log)
}

function insert(prepare: Prepare, sql: string, log: string, values: (string | number | null)[]) {
  try {
    return prepare(sql).run(...values)
  } catch (error) {
    if (error instanceof Error && /UNIQUE/.test(error.message))
      throw new StoreFault('key-taken', `table ${log} has a row recid=${values[0]} already`)
    throw error
  }
}

function recidOf(log: string, values: RowValues): number | null {
  const text = cell(values, 'recid')
  if (text === '') return null
  const recid = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(recid))
    throw new StoreFault('bad-value', `table ${log}, row recid=${text}: recid must be a whole number`)
  return recid
}

/** The log's own version: tells other processes that this was all that changed, so that they need not compare tables. */
function markLog(prepare: Prepare, log: string): void {
  prepare(
    'INSERT INTO liteboot_tables (name, revision) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET revision = revision + 1',
  ).run(log)
}

function oldRows(
  prepare: Prepare,
  { name, timeColumn }: LogSchema,
  which: OldRows,
): { sql: string; values: (string | number)[] } {
  if (which === 'all') return { sql: 'TRUE', values: [] }
  if ('belowRecid' in which) return { sql: 'recid < ?', values: [which.belowRecid] }
  if ('before' in which) return { sql: `${quoteName(timeColumn)} < ?`, values: [which.before] }
  const present = Number(prepare(`SELECT count(*) AS n FROM ${quoteName(name)}`).get()?.n)
  const count = 'count' in which ? which.count : Math.floor((present * which.percent) / 100)
  return { sql: `recid IN (SELECT recid FROM ${quoteName(name)} ORDER BY recid LIMIT ?)`, values: [count] }
}

function logSchema(log: string): LogSchema {
  const schema = LOG_TABLES.get(log)
  if (!schema) throw new StoreFault('no-such-table', `No such log: ${log}`)
  return schema
}

function columnList(schema: LogSchema): string {
  return columnNames(schema).map(quoteName).join(', ')
}

function rowOf(schema: LogSchema, found: Readonly<Record<string, unknown>>): Row {
  const row: Record<string, string | null> = {}
  for (const column of columnNames(schema)) {
    const value = found[column]
    row[column] = value === null || value === undefined || value === '' ? null : String(value)
  }
  return Object.freeze(row)
}
