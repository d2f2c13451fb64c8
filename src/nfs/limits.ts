/**
 * The NFS room serves images read-only and each node's persistent directory read-write, as NFSv3 over TCP with MOUNT v3
 * and a portmapper's answers. It must not know tables, nodes or plans: who may see what comes from an `ExportTable`.
 * It never follows a symbolic link, never leaves an export and never trusts a name that it did not check just now.
 *
 * Bounds of the room, each with its why. Everything that a client can make grow is bounded here.
 */
export const limits = {
  /** Largest READ and WRITE (FSINFO rtmax, wtmax). Linux takes at most 1 MiB over TCP. */
  transferBytes: 1024 * 1024,
  /** Largest READDIR/READDIRPLUS reply; Linux asks for 64 KiB to 1 MiB, the reply is built in memory. */
  directoryReplyBytes: 256 * 1024,
  /** FSINFO dtpref. */
  directoryPreferredBytes: 64 * 1024,
  /** A call: WRITE of `transferBytes` and its header (credential, handle) with room to spare. */
  recordBytes: 1024 * 1024 + 16 * 1024,
  /** A datagram to the portmapper: no legal call is longer than header + credential + five short strings. */
  portmapDatagramBytes: 4096,
  /** A node holds one connection per server (nconnect: up to 16); 10,000 nodes and some headroom. */
  connections: 20_000,
  /** From one address: nconnect=16 twice (root, persistent directory) and room for a reconnect. */
  connectionsPerClient: 64,
  /** Replies waiting in memory for a slow client before its calls are no longer read. */
  replyQueueBytes: 4 * 1024 * 1024,
  /** Calls of one connection waiting for a disk (READ, WRITE, COMMIT, scans) before its calls are no longer read. */
  callsInFlight: 32,
  /** A silent peer is probed after this; a machine that was powered off never says goodbye. */
  keepAliveMs: 60_000,
  /** A connection without a complete call for this long is closed; Linux closes its own after 5 minutes. */
  idleConnectionMs: 3_600_000,
  /** Replies collected before one write to the socket. */
  outputChunkBytes: 64 * 1024,
  /** READs up to this are done at once (measured: 1 µs for 4 KiB cached against 50 µs through the thread pool);
   *  longer ones in the thread pool, so that DHCP and TFTP in the same thread are not held up. */
  directReadBytes: 32 * 1024,
  /** WRITEs up to this are copied to the page cache at once, as above. */
  directWriteBytes: 64 * 1024,
  /** How long attributes and names of an export that may be edited are believed without asking the file system.
   *  With a client's own cache of at most 1–2 s an edit is seen by nodes within 3 seconds. */
  attributeTrustMs: 1000,
  /** A directory whose time stamp is younger than this may change again without a new stamp (kernel tick). */
  stampSettleMs: 50,
  /** Files held open: they make calls cheap and keep a file that was replaced readable. At most half of RLIMIT_NOFILE. */
  openFiles: 16_384,
  /** An unused descriptor is closed after this, so that file systems can be unmounted and deleted files freed. */
  openFileIdleMs: 600_000,
  /** Deleted files of a read-only export stay readable this long after the last use: a program that runs on a node. */
  deletedFileIdleMs: 86_400_000,
  sweepMs: 30_000,
  /** Known files with attributes, over all exports: about 500 bytes each. */
  inodes: 200_000,
  /** Names remembered for one directory (found or known to be missing); beyond it they are forgotten together. */
  namesPerDirectory: 20_000,
  /** Directory listings kept for READDIR continuation, in names over all directories: about 60 bytes each. */
  listedNames: 1_000_000,
  /** A listing is good for continuing a READDIR this long; reading from the start always asks the directory. */
  listingKeepMs: 30_000,
  /** A directory file larger than this is listed in the thread pool (ext4: about 5,000 names). */
  directListingBytes: 256 * 1024,
  /** Longest stretch of work of a scan before other services get their turn. */
  scanSliceMs: 4,
  /** Files one scan remembers: about 100 bytes each. Larger exports work, their handles cost more after a restart. */
  scanFiles: 2_000_000,
  /** What a scan found is forgotten after this: nodes have refreshed what they use. */
  scanKeepMs: 900_000,
  /** Pause between two scans of one export, and at least ten times what the last one took. */
  scanPauseMs: 1000,
  /** But never longer than a client waits before it repeats its call (Linux over TCP: 60 s). */
  scanPauseMaxMs: 30_000,
  /** Calls that wait for one scan; more are told to come back (NFS3ERR_JUKEBOX). */
  scanWaiters: 4096,
  /** A file that a scan did not find is not looked for again for this long. */
  goneTrustMs: 10_000,
  goneFiles: 10_000,
  /** Replies to calls that must not be done twice: enough for a cluster's writers for the longest retransmission. */
  replays: 8192,
  replayMs: 180_000,
  /** Only short replies are kept: those of CREATE, MKDIR and the like are below 400 bytes. */
  replayBytes: 1024,
  /** MOUNT DUMP: informative only. */
  mountRecords: 20_000,
  /** RFC 1813 §5.2: MNTPATHLEN. */
  mountPathBytes: 1024,
  /** Linux NAME_MAX. */
  nameBytes: 255,
  /** Linux PATH_MAX: the text of a symbolic link. */
  linkTextBytes: 4095,
  /** RFC 5531 §8.2: opaque_auth body. */
  authBytes: 400,
  /** RFC 5531 App. A: at most 16 supplementary groups. */
  groups: 16,
  /** Refusals reported per client and minute; the rest is only counted. */
  refusalEventMs: 60_000,
  refusalClients: 1000,
  /** MKNOD runs a program. */
  mknodMs: 5000,
} as const
