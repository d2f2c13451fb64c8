/** Bounds of the HTTP service, each with its reason. Sizes in bytes, times in milliseconds. */
import { totalmem } from 'node:os'

const MIB = 1024 * 1024

export const HTTP_LIMITS = {
  /** Longest decoded request path: PATH_MAX of Linux; nothing longer can name a file. */
  pathBytes: 4096,
  /** Request line and header fields together. Boot clients send under 1 KiB; answered 431 above (RFC 6585 §5). */
  headerBytes: 16 * 1024,
  /** A client that opens a connection and sends its header slowly gives it up after this. */
  headersTimeoutMs: 15_000,
  /** Header and body of one request. Bodies are stage reports of at most `reportBytes`. */
  requestTimeoutMs: 30_000,
  /** No byte moved either way. Longer than spanning tree (30–50 s) keeps a port shut in the middle of a download. */
  idleTimeoutMs: 120_000,
  /** Between two requests on one connection: long enough for GRUB and for a browser, short enough for 10,000 nodes. */
  keepAliveTimeoutMs: 15_000,
  /** How often the time-outs above are looked at. */
  timeoutCheckMs: 5_000,
  /** Per address served. 10,000 nodes with one connection each, and room for those that were cut and came again. */
  connections: 16_384,
  /** A graceful stop waits this long for transfers under way. */
  closeGraceMs: 3_000,
  /** Body of a stage report: the last log lines of an initrd fit many times. */
  reportBytes: 64 * 1024,
  /** Body of a discovery report: 32 ports, 48 disks and 8 frames of LLDP are about 35 kB. */
  inventoryBytes: 48 * 1024,
  /** Body of a list of written paths: the node stops at 3 MB. */
  learnedBytes: 4 * MIB,
  /** One write to the socket. Measured over loopback, 10 MB file: 256 KiB 3.1, 1 MiB 4.1, 4 MiB 4.6 GB/s; the count of
   *  bytes a broken transfer got is exact to one slice, so not larger than needed. */
  sliceBytes: MIB,
  /** One read from disk. */
  readBytes: 4 * MIB,
  /** Buffers of all transfers that are streamed from disk: the more of them, the smaller each one's reads. */
  streamBudgetBytes: 128 * MIB,
  streamReadMaxBytes: MIB,
  streamReadMinBytes: 64 * 1024,
  /** Read buffers kept between transfers. */
  streamSpareBuffers: 16,
  /** Hot files in memory: a quarter of the machine, at most 4 GiB; a packed root of 1–2 GiB and its kernels fit. */
  hotBytes: Math.min(4096 * MIB, Math.floor(totalmem() / 4)),
  /** Up to this size the first request admits a file (boot scripts, postscripts); larger ones from the second on. */
  hotAtOnceBytes: MIB,
  /** The second request counts when it comes within this time of the first. */
  hotRepeatMs: 10 * 60_000,
  /** Asked-for files that are remembered while they wait for a second request. */
  hotAskedFiles: 4096,
  /** Hot files nobody asked for since are dropped. */
  hotIdleMs: 30 * 60_000,
  /** How often that is looked for. */
  sweepMs: 60_000,
  /** A file changed less than this ago is not kept: a second change within one clock tick of the file system would not
   *  show in its times. */
  hotSettleMs: 2_000,
  /** Entries of one directory listing; a package tree has some 20,000 in one directory. */
  listingEntries: 100_000,
} as const
