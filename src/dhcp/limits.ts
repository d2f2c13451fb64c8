/** Bounds of the DHCP service, each with its why. */
export const limits = {
  /** Larger datagrams are dropped unread: clients and relays stay below one Ethernet frame, jumbo frames below this. */
  requestBytes: 9216,
  /** RFC 2131 §2: every client must take a message of 576 bytes; that counts the IP and UDP headers (28 bytes). */
  defaultReplyBytes: 576 - 28,
  /** One Ethernet frame (1500 - 28): option 57 says 65280 in some UEFI firmware, and fragments do not reach firmware. */
  maximumReplyBytes: 1472,
  /** RFC 1542 §2.1: BOOTP messages have 64 vendor bytes, and old clients read no more. */
  bootpReplyBytes: 300,
  /** RFC 951: `file` holds 128 bytes with its NUL. Longer names (URLs) go to option 67 only. */
  fileNameBytes: 127,
  /** An address offered is kept this long: longer than any client waits between DISCOVER and REQUEST (RFC 2131 §4.1: up to 64 s of back-off). */
  offerHoldMs: 120_000,
  /** After a DECLINE somebody else uses the address: keep it back for a while, not for ever. */
  declineQuarantineMs: 3_600_000,
  /** A lease asked for (option 51) shorter than this would only make traffic. */
  minimumLeaseSeconds: 60,
  /** All dynamic ranges together; more are refused at compile time of the pools, because every lease is kept in memory. */
  poolAddresses: 262_144,
  /** Rewrite the journal when it holds more than this many records and four times the living ones. */
  journalRecords: 4096,
  /** ... or when it is larger than this and has at least as many dead records as living ones. */
  journalBytes: 16 * 1024 * 1024,
  /** ACKs that wait for the disk. Beyond this the disk is too slow and requests are dropped: clients try again. */
  pendingWrites: 4096,
  /** Client identifiers (option 61) are kept as text in leases; RFC 2132 allows 255 bytes. */
  clientIdBytes: 255,
  /** Strangers are reported once per client in this time, */
  strangerEventMs: 60_000,
  /** ... at most this many a second, */
  strangerEventsPerSecond: 10,
  /** ... and this many of them are remembered. */
  strangersRemembered: 1024,
  /** Malformed datagrams are logged at most this often. */
  faultLogMs: 10_000,
  /** Encoded names kept for the next reply: two for each of 10,000 nodes, about 2 MB. */
  encodedTexts: 20_000,
} as const
