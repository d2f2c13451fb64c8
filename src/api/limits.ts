/** Limits of the admin API. */
export const API_LIMITS = {
  /** A table of a hundred thousand rows as CSV has some ten megabytes. */
  requestBytes: 64 * 1024 * 1024,
  /** The server sends an empty line this often while it works, so that the command knows that it is alive. */
  heartbeatMs: 5000,
  /** Silence for this long means that the server is gone. Compiling the largest tables blocks it for a few seconds. */
  silenceMs: 60_000,
  /** The socket is on this machine: whoever does not take the connection by then, hangs. */
  connectMs: 5000,
  /** policy.parameters: the server's only thread waits for the match. No command line that is meant is longer. */
  matchMs: 20,
  matchedCharacters: 64 * 1024,
} as const
