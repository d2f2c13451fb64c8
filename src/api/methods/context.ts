/** What the methods work on, whether the server runs them or a command does so directly. */
import { z } from 'zod'
import type { NodeAnswers } from '../../boot/node-answers.ts'
import type { OpenCluster } from '../../cluster/cluster.ts'
import type { ClusterNode, Snapshot } from '../../cluster/model.ts'
import { type Checker, type Store, StoreFault, type Transaction, type TransactResult } from '../../store/store.ts'
import { renderFinding } from '../../tables/findings.ts'
import { expandNodeRange, renderUnknownNodes } from '../../tables/noderange.ts'
import { createResolver } from '../../tables/resolve.ts'
import { OperatorError } from '../errors.ts'
import type { CommandResult, MethodParams } from '../protocol.ts'

export interface MethodContext {
  readonly store: Store
  readonly cluster: OpenCluster
  readonly answers: NodeAnswers
  readonly checkers: readonly Checker[]
  /** Who called, for the history. */
  readonly author: string
  /** Only where a server runs. */
  readonly server?: RunningServices
  readonly timelineFile: string
}

/** What only the running server knows. */
export interface RunningServices {
  leases(): readonly object[]
  /** What was seen until now can be read afterwards. */
  flushTimeline(): void
}

export type Method = (
  context: MethodContext,
  params: MethodParams,
  onProgress: (line: string) => void,
) => Promise<CommandResult> | CommandResult

/** A method whose parameters are checked first. */
export function method<T>(
  schema: z.ZodType<T>,
  run: (
    context: MethodContext,
    params: T,
    onProgress: (line: string) => void,
  ) => Promise<CommandResult> | CommandResult,
): Method {
  return (context, params, onProgress) => {
    const parsed = schema.safeParse(params)
    if (!parsed.success) throw new OperatorError('LB_USAGE', z.prettifyError(parsed.error))
    return run(context, parsed.data, onProgress)
  }
}

/** Store faults become operator errors; an edit with error findings is refused as a whole. */
export function edit<T>(context: MethodContext, change: (transaction: Transaction) => T): TransactResult<T> {
  const { store, checkers, author } = context
  let outcome: TransactResult<T>
  try {
    outcome = store.transact(change, { checkers, author })
  } catch (error) {
    if (!(error instanceof StoreFault)) throw error
    throw new OperatorError(error.code === 'no-such-table' ? 'LB_NO_TABLE' : 'LB_BAD_INPUT', error.message)
  }
  if (!outcome.committed) {
    const errors = outcome.findings.filter((finding) => finding.severity === 'error')
    throw new OperatorError('LB_BAD_EDIT', errors.map(renderFinding).join('\n       '))
  }
  return outcome
}

/** `Warning: …` lines of an edit that was made. */
export function warningsOf(outcome: TransactResult<unknown>): string[] {
  return outcome.findings
    .filter((finding) => finding.severity === 'warning')
    .map((finding) => `Warning: ${renderFinding(finding)}`)
}

/** The edit is live when this returns. */
export async function live(context: MethodContext, outcome: TransactResult<unknown>): Promise<void> {
  await context.cluster.waitFor(outcome.revision)
}

/** @throws OperatorError naming the unknown nodes: then nothing is done for any of the range */
export function nodesOf(context: MethodContext, noderange: string): { nodes: ClusterNode[]; snapshot: Snapshot } {
  const { store, cluster } = context
  const expanded = expandNodeRange(noderange, { view: store, resolver: createResolver(store) }, { verify: true })
  if (expanded.unknown.length > 0) throw new OperatorError('LB_NO_NODE', renderUnknownNodes(expanded.unknown))
  if (expanded.faults.length > 0) throw new OperatorError('LB_BAD_INPUT', expanded.faults.join('; '))
  const snapshot = cluster.current
  return { nodes: expanded.nodes.map((name) => snapshot.node(name)).filter((node) => node !== undefined), snapshot }
}
