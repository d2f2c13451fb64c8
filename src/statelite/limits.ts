/** Bounds on table content, each with its why. */
export const limits = {
  /** Linux NAME_MAX; NFSv3 servers refuse longer names too (RFC 1813 NFS3ERR_NAMETOOLONG). */
  pathComponentBytes: 255,
  /** The node puts `/.statelite/persistent` or `/.statelite/mnt/<n>` in front; the sum stays far below PATH_MAX (4096). */
  entryPathBytes: 1024,
  /** An NFS directory: MNTPATHLEN, RFC 1813 §5.1.1. */
  mountDirectoryBytes: 1024,
  /** The kernel takes one page of mount options (4096) and our own additions come on top. */
  mountOptionsBytes: 1024,
  /** Of a node's list of written paths: it stops by itself at 20,000, and at 1,000 directories with more. */
  learnedLines: 25_000,
  /** Kept of each node: shutting down writes too, and the next boot begins with an empty list. */
  learnedBoots: 3,
} as const
