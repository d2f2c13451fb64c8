/** What the service has done since it was started. */
import { procedures } from './nfs3/procedures.ts'

export interface NfsCounters {
  /** By NFS procedure name. */
  calls: Record<string, number>
  /** NFS calls with another status than OK, also ordinary ones such as NOENT. */
  failed: number
  readBytes: number
  writtenBytes: number
  mounts: number
  mountsRefused: number
  handlesRefused: number
  /** Records that were no RPC calls. */
  malformed: number
  connections: number
  connectionsRefused: number
  scans: number
  internalFaults: number
}

export function newCounters(): NfsCounters {
  return {
    calls: Object.fromEntries(procedures.map((procedure) => [procedure.name, 0])),
    failed: 0,
    readBytes: 0,
    writtenBytes: 0,
    mounts: 0,
    mountsRefused: 0,
    handlesRefused: 0,
    malformed: 0,
    connections: 0,
    connectionsRefused: 0,
    scans: 0,
    internalFaults: 0,
  }
}
