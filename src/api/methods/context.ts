/** What the methods work on, whether the server runs them or a command does so directly. */
import type { NodeAnswers } from '../../boot/node-answers.ts'
import type { Snapshot } from '../../cluster/model.ts'
import type { RootUser } from '../../nfs/root-users.ts'
import type { Store } from '../../store/store.ts'
import type { TokenRecord } from '../access/tokens.ts'
import type { ForeseenEdit } from '../effects/effects.ts'
import type { MethodName, MethodParams } from '../params.ts'
import type { CommandResult, OnProgress } from '../protocol.ts'
import type { Role } from './entry.ts'
import type { CallAudit } from './history/audit.ts'

/** The nodes as the tables define them at this moment. */
export interface Compiled {
  readonly snapshot: Snapshot
  readonly answers: NodeAnswers
}

/** Who calls. Taken from the connection, never from the request. */
export interface Caller {
  readonly user: string
  /** Short name or address of the caller's host; undefined: this machine. */
  readonly host: string | undefined
  /** What policy rows may call that host: its address and its short names. */
  readonly hostNames?: readonly string[]
  readonly role: Role
  readonly clientType: 'cli' | 'api'
  /** What a remote caller has shown. */
  readonly token?: TokenRecord
}

/** Whoever may open the socket or the tables of this machine is root, and root may do everything. */
export const LOCAL_ROOT: Caller = { user: 'root', host: undefined, role: 'administrator', clientType: 'cli' }

/** Came over the server's own socket, or opened the tables: is not asked for more. */
export function isLocal(caller: Caller): boolean {
  return caller.host === undefined
}

/** The request in the words of the command line, for policy, history and the audit log. */
export interface RequestWords {
  readonly command: string
  readonly noderange: string | undefined
  readonly words: readonly string[]
}

/** What the methods work on, whoever calls. */
export interface SharedContext {
  readonly store: Store
  readonly timelineFile: string
  /** Tokens and certificates of remote callers. */
  readonly accessDirectory: string
  /** Lists of written paths that nodes have sent. */
  readonly learnedDirectory: string
  compiled(): Promise<Compiled>
  /** Resolves when this revision of the tables is what nodes are told: the snapshot's number. undefined: no server runs. */
  live(revision: number): Promise<number | undefined>
  /** Only where a server runs. */
  readonly server?: RunningServices
}

export interface MethodContext extends SharedContext {
  readonly caller: Caller
  readonly request: RequestWords
  /** Work everything out, say what would change, and change nothing. */
  readonly dryRun: boolean
  /** A dry run's edits: `edit` notes them, and their effects stand in the command's answer. */
  readonly foreseen?: ForeseenEdit[]
  /** Aborted when nobody waits for the answer any more. Long work on images ends then; everything else takes no notice. */
  readonly signal?: AbortSignal
  /** Of a call that changes something: `edit` passes it on to the transaction. */
  readonly audit?: CallAudit
}

export interface DynamicLease {
  readonly ip: string
  readonly state: string
  readonly mac: string | undefined
  readonly client: string
  readonly hostname: string | undefined
  readonly expiresAtMs: number
}

/** What only the running server knows. */
export interface RunningServices {
  leases(): readonly DynamicLease[]
  /** What was seen until now can be read afterwards. */
  flushTimeline(): void
  /** Nodes whose root is, or was when they were last seen, the image in this rootimgdir. */
  usersOf(rootimgdir: string): readonly RootUser[]
  /** Addresses of the interfaces that are served; those of the machine may be more (serve --interface). */
  interfaces?(): readonly { readonly name: string; readonly address: string }[]
  /** Other DHCP servers that answer strangers: asks on every provisioning interface, and takes some seconds. */
  rivals?(): Promise<RivalServers>
}

export interface RivalServers {
  readonly offers: readonly RivalServer[]
  /** Interfaces by which nothing could be asked. */
  readonly unasked: readonly { readonly interfaceName: string; readonly why: string }[]
}

export interface RivalServer {
  readonly serverIdentifier: string
  /** 0.0.0.0: it names a boot file only (ProxyDHCP). */
  readonly offeredAddress: string
  readonly bootFile: string
  /** Of ours: the question went out by it, and from this address. */
  readonly interfaceName: string
  readonly askedFrom: string
}

export type Method<M extends MethodName> = (
  context: MethodContext,
  params: MethodParams[M],
  onProgress: OnProgress,
) => Promise<CommandResult> | CommandResult
