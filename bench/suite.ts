/** What the benchmark of a service gets to work with, and what it gives back. */
import type { Contest } from './contest.ts'
import type { ServerProcess } from './processes.ts'
import type { BenchSite } from './site.ts'
import type { Wire } from './wire.ts'

export interface SuiteContext {
  readonly site: BenchSite
  /** For configurations, logs and built load programs; removed at the end. */
  readonly scratch: string
  /** Seconds of load for one figure. */
  readonly seconds: number
  /** A smoke test: figures may be coarse. */
  readonly quick: boolean
  readonly liteboot: { readonly wire: Wire; readonly pid: number }
  /** A wire for a peer, closed with the suite. */
  openWire(): Promise<Wire>
  /** Remembers a peer, ended with the suite. */
  keep(server: ServerProcess): ServerProcess
}

export interface Suite {
  readonly name: 'DHCP' | 'TFTP' | 'HTTP' | 'NFS'
  /** How the load works and what the peers are told, for the report. */
  readonly method: string
  /** Starts the peers. */
  open(context: SuiteContext): Promise<Contest[]>
}
