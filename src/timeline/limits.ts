/** Bounds of the timeline, each with its reason. */
export const TIMELINE_LIMITS = {
  /** Events wait this long for company: one transaction for many, off the path of the services. */
  flushMs: 200,
  /** Rows per transaction (about 5 ms); more waits for the next turn, so that DHCP and TFTP are served in between. */
  batchEvents: 1000,
  /** A storm of 10,000 nodes brings some 20,000 events a second at its worst; above this the newest are dropped, counted. */
  queueEvents: 100_000,
  /** More than this in a second is a flood: history must not cost the answers their processor time. Then … */
  floodEventsPerSecond: 4000,
  /** … a DHCP event that only repeats one of the same node is counted and not kept, for this long. */
  repeatMs: 10_000,
  /** Per node: about 40 boots. */
  eventsPerNode: 2000,
  /** All machines together that are no nodes. Anybody can make up hardware addresses; the newest are kept. */
  strangerEvents: 50_000,
  /** Events in which strangers of late are looked for. */
  strangersLookedAt: 2000,
  ageMs: 90 * 24 * 3600_000,
  /** How often old events are looked for. */
  pruneMs: 10 * 60_000,
  /** Last log lines of a failed stage; the rest is cut. */
  detailChars: 8192,
  objectChars: 1024,
  /** Another process may hold the lock for a moment (a reader never does in WAL mode, a check-point does). */
  busyMs: 2000,
} as const
