/** Bounds of what the deployment commands do outside the tables. */
export const DEPLOYMENT_LIMITS = {
  /** One run of a prescript. It is work by hand (a switch port, a storage volume), never an installation. */
  prescriptMs: 5 * 60_000,
  /** Of what a prescript prints: the rest is dropped. */
  prescriptOutputBytes: 64 * 1024,
  /** Linux takes 128 KiB per environment variable; longer node lists are handed over in several runs. */
  nodesVariableBytes: 96 * 1024,
  /** TCP connections and pings under way at once. */
  probes: 64,
  /** A host on the same network answers within milliseconds; one behind a busy router within a second. */
  connectMs: 2500,
  pingMs: 2500,
  /** What was seen of a boot longer ago says nothing about a node that does not answer now. */
  bootNewsMs: 60 * 60_000,
} as const
