/** Bounds, each with its why. */
export const limits = {
  /** COMMAND_LINE_SIZE is 2048 with the final NUL on x86 and ppc64; loaders append about 40 bytes of BOOTIF= and initrd=. */
  commandLineBytes: 2047 - 64,
  /** A boot file name longer than this is not one of ours. */
  bootFileNameBytes: 512,
} as const
