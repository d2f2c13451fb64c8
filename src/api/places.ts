/** Where liteboot keeps its things. Everything can be moved by environment, for rehearsals beside a production server. */
import { join } from 'node:path'

export interface Places {
  /** Tables, leases, timeline, keys. LITEBOOT_STATE, default /var/lib/liteboot. */
  readonly state: string
  /** Admin API. LITEBOOT_SOCKET, default /run/liteboot.sock, or inside LITEBOOT_STATE when only that is set. */
  readonly socket: string
  readonly tables: string
  readonly timeline: string
  readonly leases: string
  readonly handleKey: string
  /** Tokens and certificates for remote use. */
  readonly access: string
  /** What nodes in learning mode have written. */
  readonly learned: string
  /** Where `liteboot login` keeps what it got: XDG_CONFIG_HOME/liteboot, default ~/.config/liteboot. */
  readonly config: string
  /** A server that the environment names: LITEBOOT_SERVER, else XCATHOST. */
  readonly server: string | undefined
}

/** NFS ports as `liteboot serve` uses them when nothing else is asked for. */
export const DEFAULT_NFS = { port: 2049, mountPort: 20048 } as const

export function readPlaces(environment: NodeJS.ProcessEnv = process.env): Places {
  const state = environment.LITEBOOT_STATE || '/var/lib/liteboot'
  const socket =
    environment.LITEBOOT_SOCKET || (environment.LITEBOOT_STATE ? join(state, 'api.sock') : '/run/liteboot.sock')
  return {
    state,
    socket,
    tables: join(state, 'tables.sqlite'),
    timeline: join(state, 'timeline.sqlite'),
    leases: join(state, 'leases.journal'),
    handleKey: join(state, 'handle.key'),
    access: join(state, 'access'),
    learned: join(state, 'learned'),
    config: join(environment.XDG_CONFIG_HOME || join(environment.HOME || state, '.config'), 'liteboot'),
    server: environment.LITEBOOT_SERVER || environment.XCATHOST || undefined,
  }
}
