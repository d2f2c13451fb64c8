/** What the methods work on, whether the server runs them or a command does so directly. */
import type { NodeAnswers } from '../../boot/node-answers.ts'
import type { Snapshot } from '../../cluster/model.ts'
import type { Store } from '../../store/store.ts'
import type { MethodName, MethodParams } from '../params.ts'
import type { CommandResult, OnProgress } from '../protocol.ts'

/** The nodes as the tables define them at this moment. */
export interface Compiled {
  readonly snapshot: Snapshot
  readonly answers: NodeAnswers
}

export interface MethodContext {
  readonly store: Store
  /** Who called, for the history. */
  readonly author: string
  readonly timelineFile: string
  compiled(): Promise<Compiled>
  /** Resolves when this revision of the tables is what nodes are told: the snapshot's number. undefined: no server runs. */
  live(revision: number): Promise<number | undefined>
  /** Only where a server runs. */
  readonly server?: RunningServices
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
  /** Nodes that have this image root mounted and are connected. */
  usersOf(rootimg: string): readonly string[]
}

export type Method<M extends MethodName> = (
  context: MethodContext,
  params: MethodParams[M],
  onProgress: OnProgress,
) => Promise<CommandResult> | CommandResult
