/** What is known of a method before it is called: how to load it, and who may call it with what. */
import type { MethodName, MethodParams } from '../params.ts'
import type { Method } from './context.ts'

/** What a token is good for at most: look, act on nodes, change everything. */
export type Role = 'viewer' | 'operator' | 'administrator'

export interface MethodEntry<M extends MethodName> {
  load(): Promise<Method<M>>
  /** The command word, as policy.commands and the audit log name it. */
  readonly command: string
  /** The least role that may call it. */
  readonly role: Role
  /** Changes tables or files: takes `dryRun`, and is written into the audit log. */
  readonly changes?: true
  /** Nobody needs a policy row for it: it tells or changes only what is the caller's own. */
  readonly everyone?: true
  /**
   * The nodes it is about, for policy.noderange. '': none, with these parameters. undefined: none is named, which the
   * policy takes for all of them. A method without this function is not about nodes.
   */
  noderange?(params: MethodParams[M]): string | undefined
  /** Files of the server that the parameters name: such a call is only taken on the server itself. */
  serverFile?(params: MethodParams[M]): string | undefined
  /** The other arguments, for policy.parameters. */
  words?(params: MethodParams[M]): readonly string[]
}

export type MethodEntries<M extends MethodName> = { readonly [K in M]: MethodEntry<K> }
