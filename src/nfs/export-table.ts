/** Who may mount what: the question the NFS and MOUNT services ask. Answers come from memory (called for every RPC). */

export interface ExportGrant {
  /** Stable over restarts (derived from the directory path): stands in file handles. 32 bits, never 0. */
  readonly id: number
  /** Path as clients name it in MNT, e.g. `/state/cn07`. */
  readonly path: string
  /** Local directory that is exported; absolute. The same as `path` unless remapped. */
  readonly dir: string
  readonly access: 'ro' | 'rw'
  /** Frozen: metadata may be cached without limit. Otherwise attributes are revalidated within `limits.attributeTrustMs`. */
  readonly frozen: boolean
}

export interface ExportTable {
  /** MNT: the export that contains `path` (the export root itself or a directory below it) for this client, or undefined. */
  forMount(clientIp: string, path: string): ExportGrant | undefined
  /** Every NFS call: the grant of export `id` for this client, or undefined when it has none (any more). */
  forHandle(clientIp: string, id: number): ExportGrant | undefined
  /** MOUNTPROC3_EXPORT, `liteboot exports`. */
  list(): readonly { readonly path: string; readonly access: 'ro' | 'rw'; readonly clients: readonly string[] }[]
}
