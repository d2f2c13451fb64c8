/** What stores remember of transactions, for `liteboot history`, `diff` and `undo`. Part of the contract. */
import type { RowValues } from './store.ts'

/** What was asked for, in the words of the command line. Secrets are masked before they come here. */
export interface ChangeRequest {
  /** Short name of the host; undefined: the server itself. */
  readonly host: string | undefined
  readonly clientType: string
  readonly command: string
  readonly noderange: string | undefined
  readonly words: readonly string[]
}

export interface RecordedTransaction {
  readonly revision: number
  readonly atMs: number
  readonly author: string
  readonly request: ChangeRequest | undefined
  /** Revisions that this transaction took back. */
  readonly undoes: readonly number[]
  /** Rows that differ from before. */
  readonly rows: number
}

/**
 * One row, as it was before and after the transaction. A changed row: the changed columns, unset ones as null. A new or
 * removed row: the columns that were set. Secrets are as they were: whoever shows them masks them.
 */
export interface RecordedChange {
  readonly table: string
  /** Values of the primary key: before the change, of a new row after it. */
  readonly key: RowValues
  /** Without the key, unless the change is one of the key. undefined: the row is new. */
  readonly before: RowValues | undefined
  /** undefined: the row is gone. */
  readonly after: RowValues | undefined
  /** Of a row that is gone: the key of the row that it stood behind, `{}` when it was the first. Left out: not known. */
  readonly behind?: RowValues
}

export interface HistoryFilter {
  /** Only transactions after this revision, and up to that one. */
  readonly after?: number
  readonly upTo?: number
  readonly sinceMs?: number
  /** Only transactions with a change of one of these tables … */
  readonly tables?: readonly string[]
  /** … in a row with one of these values in its key. */
  readonly names?: readonly string[]
}

/** Bounded: the oldest transactions fall off (limits.ts). Nothing here holds a lock or a transaction while it is read. */
export interface TableHistory {
  /** Newest first. */
  transactions(filter?: HistoryFilter): AsyncIterable<RecordedTransaction>
  /** In the order of tables and rows as they were touched. */
  changes(revision: number): AsyncIterable<RecordedChange>
  /** The oldest revision at which the tables are still known; undefined: nothing was recorded. */
  reachesBackTo(): Promise<number | undefined>
}
