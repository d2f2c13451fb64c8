/** What the TFTP service counts. */
export interface TftpCounters {
  requests: number
  malformed: number
  /** The same request again while it is being answered. */
  duplicates: number
  queued: number
  dropped: number
  notFound: number
  refused: number
  completed: number
  stopped: number
  failed: number
  bytes: number
  resent: number
  active: number
  activeMax: number
}

export function openCounters(): TftpCounters {
  return {
    requests: 0,
    malformed: 0,
    duplicates: 0,
    queued: 0,
    dropped: 0,
    notFound: 0,
    refused: 0,
    completed: 0,
    stopped: 0,
    failed: 0,
    bytes: 0,
    resent: 0,
    active: 0,
    activeMax: 0,
  }
}
