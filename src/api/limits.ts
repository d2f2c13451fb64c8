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
  /** crypt with a million rounds takes a second. */
  passwordMs: 5000,
} as const

/** Limits of the listener for remote callers: whatever they do, nodes go on booting. */
export const REMOTE_LIMITS = {
  /** Commands come one per connection and are short; an administrator's loop has a few at a time. */
  connections: 256,
  connectionsPerAddress: 64,
  /** New connections of one address: as many at once, and as many a second after that. A handshake costs us a millisecond. */
  connectionBurst: 200,
  connectionsPerSecond: 20,
  handshakeMs: 10_000,
  headersMs: 10_000,
  /** The whole request: 64 MiB over a slow line. */
  requestMs: 60_000,
  keepAliveMs: 5000,
  /** Silence in both directions; while a command works, empty lines are sent. */
  idleMs: 120_000,
  /** Only administrators send whole tables. */
  smallRequestBytes: 1024 * 1024,
  loginBytes: 4096,
  /** Failed logins of one address before it has to wait, first this long, then twice as long each time. */
  freeFailures: 5,
  firstWaitMs: 1000,
  longestWaitMs: 300_000,
  /** Addresses whose failures are remembered. */
  rememberedAddresses: 10_000,
  /** Passwords checked at a time, and logins that may wait for that. */
  passwordChecks: 2,
  waitingLogins: 16,
  /** For the connection to a remote server. */
  connectMs: 10_000,
} as const
