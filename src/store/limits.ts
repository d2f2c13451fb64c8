/** Limits of the store, each with its why. */
export const STORE_LIMITS = {
  /** How often a server looks for changes of other processes: an edit is to be live within a second. */
  pollMs: 500,
  /** A command waits so long for another process's transaction: longer than restoring the largest table takes. */
  busyTimeoutMs: 10_000,
} as const
