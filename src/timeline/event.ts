/** One thing that was seen of a node's boot: the only word the services and the timeline share. */
export interface BootEvent {
  /** Milliseconds since the epoch. */
  readonly atMs: number
  readonly service: 'dhcp' | 'tftp' | 'http' | 'nfs' | 'initrd' | 'os' | 'server'
  /** What happened, a short fixed word: `DISCOVER`, `OFFER`, `read`, `get`, `mount`, `report`, … */
  readonly event: string
  readonly node?: string
  readonly mac?: string
  readonly ip?: string
  /** File name, path, address offered: whatever identifies the object. */
  readonly object?: string
  /** Human words: the reason, the fault, the last log lines. */
  readonly detail?: string
  readonly ok: boolean
  readonly bytes?: number
  readonly durationMs?: number
  /** Stage reports only (see docs/reference/plan.md). */
  readonly stage?: string
  readonly result?: 'start' | 'ok' | 'retry' | 'failed'
  readonly bootId?: string
  readonly seq?: number
  readonly uptimeSeconds?: number
}

/** Never throws, never blocks; safe to call from the hottest path. */
export type EmitEvent = (event: BootEvent) => void

/** Of service `server`: a boot file that starts nothing. ok: the next boot device comes; not ok: the tables give no boot. */
export const BOOT_FILE_EVENT = 'boot file'

/** Of service `server`: a machine that no table knows has told what it is, and waits. */
export const DISCOVERED_EVENT = 'discovered'

/** Of service `server`: it was started. Belongs to every boot that was under way. */
export const START_EVENT = 'start'
/** In the place of a node's name. */
export const EVERY_NODE = '*'
