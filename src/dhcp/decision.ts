/** What a decision is made from, and what it says: the words that all deciders of this room share. */
import type { Ipv4, NodePort, Snapshot } from '../cluster/model.ts'
import type { Destination } from './destination.ts'
import type { Identity } from './identity.ts'
import type { LeaseView } from './leases.ts'
import type { InterfaceAddress, Link } from './link.ts'
import type { RelayAgentInformation } from './options.ts'
import type { DhcpPacket } from './packet.ts'

export interface DhcpContext {
  readonly snapshot: Snapshot
  /** Addresses of all provisioning interfaces; at least one. */
  readonly interfaces: readonly InterfaceAddress[]
  /** Receiving interface; undefined when it cannot be told. */
  readonly receivedOn: string | undefined
  /** Our address it was sent to, when it was sent to one. */
  readonly receivedAt?: Ipv4 | undefined
  /** It came to the ProxyDHCP port, 4011. */
  readonly onProxyPort?: boolean
  readonly leases: LeaseView
  readonly nowMs: number
  /** Port in boot file URLs. */
  readonly httpPort: number
}

export interface Reason {
  readonly text: string
  /** `table key=value column`, when a row led there. */
  readonly row?: string
  /** The clause of an RFC, when one did. */
  readonly clause?: string
}

export type RequestName = 'DISCOVER' | 'REQUEST' | 'DECLINE' | 'RELEASE' | 'INFORM' | 'BOOTP' | 'UNKNOWN'
export type ReplyName = 'OFFER' | 'ACK' | 'NAK' | 'INFORM-ACK' | 'BOOTREPLY'

/** What the service must do to the leases before the reply leaves. */
export type LeaseAction = {
  readonly link: Link
  readonly client: string
  readonly ip: Ipv4
} & (
  | { readonly kind: 'offer' }
  | { readonly kind: 'bind'; readonly leaseSeconds: number; readonly hostname: string }
  | { readonly kind: 'release' }
  | { readonly kind: 'decline' }
  | { readonly kind: 'withdraw' }
)

export interface Facts {
  readonly request: RequestName
  readonly reasons: readonly Reason[]
  readonly node: string | undefined
  readonly mac: string | undefined
  readonly ip: Ipv4 | undefined
  readonly lease: LeaseAction | undefined
  /** Nobody in the tables: its events are sampled. */
  readonly stranger: boolean
  /** false: this is not as it should be (an address conflict, a node that gets no answer). */
  readonly ok: boolean
}

export interface DhcpAnswer extends Facts {
  readonly kind: 'answer'
  readonly reply: ReplyName
  readonly packet: DhcpPacket
  readonly maximumBytes: number
  readonly destination: Destination
  /** Our address it leaves from. */
  readonly from: Ipv4
  readonly bootFile: string | undefined
}

export interface DhcpSilence extends Facts {
  readonly kind: 'silence'
}

export type DhcpDecision = DhcpAnswer | DhcpSilence

/** Everything the deciders share about one request. */
export interface Case {
  readonly packet: DhcpPacket
  readonly context: DhcpContext
  readonly request: RequestName
  readonly relay: RelayAgentInformation | undefined
  readonly identity: Identity
  readonly reasons: Reason[]
}

/** A known port's address, or the lease of a stranger, on a link. */
export interface Place extends Case {
  readonly link: Link
  readonly port: NodePort | undefined
}
