/** Limits of the store, each with its why. */
export const STORE_LIMITS = {
  /** How often a server looks for changes of other processes: an edit is to be live within a second. */
  pollMs: 500,
  /** A command waits so long for another process's transaction: longer than restoring the largest table takes. */
  busyTimeoutMs: 10_000,
  /** Transactions that can be shown and undone: months of work by hand, days of a script that never rests. */
  historyTransactions: 10_000,
  /** Text of their rows: a change of every row of 100,000 nodes is about 20 MiB. The newest is kept whatever its size. */
  historyBytes: 128 * 1024 * 1024,
  /** Rows of a log; beyond that the oldest fall off, in steps, so that not every append has to delete. */
  logRows: 100_000,
  logStep: 1000,
  /** Rows read at a time from history and logs: long enough to be cheap, short enough to stay small. */
  pageRows: 500,
} as const
