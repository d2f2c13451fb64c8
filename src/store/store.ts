/**
 * The store room: keeps the tables. Every change is one transaction, checked as a whole before it counts; readers see
 * whole transactions only, from memory. It must not know what a cell means beyond its key: that is the tables room.
 *
 * This file is the contract all stores fulfil (SQLite, and later PostgreSQL); test/store/contract.ts checks it.
 */
import type { Finding } from '../tables/findings.ts'
import type { Row, TablesView } from '../tables/row.ts'
import type { ChangeRequest, RecordedChange, TableHistory } from './history.ts'
import type { LogRow, Logs } from './logs.ts'

/** New values of one row. A column that is left out stays as it is, or is unset in a new row. '' and null: unset. */
export type RowValues = Readonly<Record<string, string | null>>

export interface RowChange {
  readonly table: string
  /** undefined: the row is new. */
  readonly before: Row | undefined
  /** undefined: the row is gone. */
  readonly after: Row | undefined
  /** Of a row that is gone: the one before it that stays; undefined: it was the first. */
  readonly behind?: Row | undefined
}

export interface RowPlace {
  readonly key: RowValues
  /** Key of the row before it; `{}`: the first place. */
  readonly behind: RowValues
}

/** Reads see the changes made so far. Faults of the caller (unknown table or column, key taken) throw `StoreFault`. */
export interface Transaction extends TablesView {
  /**
   * xCAT's one way to write: every row whose `keys` columns have these values gets `values`; when there is none, a new
   * row is made of both, unless all values are empty. Returns the number of rows written.
   */
  setRows(table: string, keys: RowValues, values: RowValues): number
  /** Fails when the primary key is taken. */
  insertRow(table: string, values: RowValues): void
  /** Returns the number of rows removed. No key columns: every row. */
  deleteRows(table: string, keys: RowValues): number
  replaceTable(table: string, rows: readonly RowValues[]): void
  /** One row after the other. What names no row moves none. Order means nothing to nodes: the history does not have it. */
  moveRows(table: string, places: readonly RowPlace[]): void
  readonly changes: readonly RowChange[]
}

/** Looks at the tables as they would be. Checks are pure and may be called often. */
export type Checker = (view: TablesView) => readonly Finding[]

export interface TransactOptions {
  /** An error that was not there before the change refuses it. Nothing checked when left out. */
  readonly checkers?: readonly Checker[]
  /** Who does it, for the history: `root`, `node cn07`, … */
  readonly author: string
  /** Work out result and findings, then keep nothing. */
  readonly dryRun?: boolean
  /** What was asked for, for the history. */
  readonly request?: ChangeRequest
  /** Revisions that this transaction takes back, for the history. */
  readonly undoes?: readonly number[]
  /** false: not in the history, and never undone. For what the server writes by itself, as the status of nodes that boot. */
  readonly record?: boolean
  /** Rows for the logs, kept with the transaction or not at all. Called when it is certain to be made. */
  readonly log?: (made: MadeTransaction) => readonly LogRow[]
}

export interface MadeTransaction {
  readonly revision: number
  readonly changes: readonly RecordedChange[]
}

export interface TransactResult<T> {
  readonly committed: boolean
  readonly result: T
  /** Revision of the tables after this call. */
  readonly revision: number
  /** What the change brought about: errors (then it was refused) and warnings. */
  readonly findings: readonly Finding[]
  readonly changes: readonly RowChange[]
}

export interface StoreChange {
  readonly tables: readonly string[]
  readonly revision: number
  /** undefined when another process made the change. */
  readonly author: string | undefined
}

export interface Store extends TablesView {
  readonly history: TableHistory
  readonly logs: Logs
  /** Counts up by one with every committed transaction, of any process. */
  readonly revision: number
  /** Synchronous: nothing can come between reading and writing. A throw from `change` keeps nothing and goes through. */
  transact<T>(change: (transaction: Transaction) => T, options: TransactOptions): TransactResult<T>
  /** Called after each commit, also of other processes. Returns the unsubscribe function. */
  onChange(listener: (change: StoreChange) => void): () => void
  /** Reads what other processes have committed; calls listeners when there was something. */
  refresh(): void
  close(): void
}

export type StoreFaultCode =
  | 'no-such-table'
  | 'no-such-column'
  | 'is-log'
  | 'key-taken'
  | 'required'
  | 'bad-value'
  | 'busy'
  | 'format'

/** A request no store can carry out, worded for the administrator. */
export class StoreFault extends Error {
  readonly code: StoreFaultCode
  constructor(code: StoreFaultCode, message: string) {
    super(message)
    this.name = 'StoreFault'
    this.code = code
  }
}
