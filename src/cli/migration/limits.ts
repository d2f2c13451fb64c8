/** Limits of what is read from a dump, each with its why. */
export const DUMP_LIMITS = {
  /** Unpacked, all files together: a hundred thousand nodes have some 50 MB of tables. A small archive can hold terabytes. */
  unpackedBytes: 512 * 1024 * 1024,
  /** xCAT has about a hundred tables. */
  files: 2000,
} as const
