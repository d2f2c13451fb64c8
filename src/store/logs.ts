/** Logs that look like tables (auditlog, eventlog). Part of the contract: never in memory, numbered by the store, bounded. */
import type { Row } from '../tables/row.ts'
import type { RowValues } from './store.ts'

export interface LogRow {
  readonly log: string
  readonly values: RowValues
}

/** Which rows of a log, always the oldest ones. */
export type OldRows =
  | 'all'
  | { readonly belowRecid: number }
  | { readonly count: number }
  | { readonly percent: number }
  /** Time column's text is less than this one. */
  | { readonly before: string }

/** Faults of the caller (no such log or column, recid taken or no number) throw `StoreFault`. */
export interface Logs {
  /** One transaction. Rows without a recid get the next one. */
  append(rows: readonly LogRow[]): void
  /** Oldest first. */
  rows(log: string, options?: { readonly newest?: number }): AsyncIterable<Row>
  /** Returns what was removed, oldest first. `dryRun`: what would be. */
  prune(log: string, which: OldRows, options?: { readonly dryRun?: boolean }): readonly Row[]
  /** All rows anew, in one transaction: a log that is brought in from another site. */
  replace(log: string, rows: readonly RowValues[]): void
}
