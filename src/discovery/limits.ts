/** Bounds on what strangers may say, each with its why. */
export const limits = {
  ports: 32,
  disks: 48,
  frames: 8,
  /** Text of one field; names of processors have some 60 characters. */
  fieldCharacters: 120,
  /** Machines that wait at once: one more is refused, so that nobody fills the disk. A row is at most some 24 kB. */
  waiting: 1024,
  /** A machine that waits has said so within this time, or is asked to say it again. */
  heardMs: 3600_000,
  /** A machine that was not heard of for so long makes room for another. */
  forgottenMs: 7 * 24 * 3600_000,
  /** Reports of one address: a frame of LLDP may follow the first one at once, more need not. */
  perAddress: { burst: 6, seconds: 10 },
  /** Reports of all together. */
  together: { burst: 64, seconds: 0.1 },
  /** Addresses whose reports are counted; more than any range that is in use at once. */
  addresses: 4096,
} as const
