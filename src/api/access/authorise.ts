/**
 * Whether a remote caller may do what is asked: the token's role first, then the policy table, with node ranges as the tables
 * define them now. The caller is told no and nothing else; the reason is for the server's log and the audit log.
 */

import type { Store } from '../../store/store.ts'
import { SlowMatch } from '../../tables/bounded-regexp.ts'
import { nodeNames } from '../../tables/groups.ts'
import { expandNodeRange } from '../../tables/noderange.ts'
import { createResolver } from '../../tables/resolve.ts'
import { cell, enabledRows, type Row, type TablesView } from '../../tables/row.ts'
import { OperatorError } from '../errors.ts'
import type { MethodContext } from '../methods/context.ts'
import type { MethodEntry, Role } from '../methods/entry.ts'
import { recordAudit } from '../methods/history/audit.ts'
import type { MethodName, MethodParams } from '../params.ts'
import { decidePolicy, type ExpandedRule } from './policy.ts'

export class PermissionDenied extends OperatorError {
  readonly reason: string

  constructor(reason: string, advice?: string) {
    super('LB_DENIED', 'Permission denied for request', advice)
    this.reason = reason
  }
}

const RANK: Readonly<Record<Role, number>> = { viewer: 0, operator: 1, administrator: 2 }

export function isAtMost(role: Role, ceiling: Role): boolean {
  return RANK[role] <= RANK[ceiling]
}

/**
 * A refusal is written into the audit log.
 *
 * @throws PermissionDenied; OperatorError LB_BAD_INPUT for node ranges and patterns that are not taken from afar
 */
export function authorise<M extends MethodName>(
  context: MethodContext,
  entry: MethodEntry<M>,
  params: MethodParams[M],
): void {
  try {
    demandPermission(context, entry, params)
  } catch (error) {
    const { store, caller, request } = context
    if (error instanceof PermissionDenied)
      recordAudit(store, caller, request, { status: 'Denied', comments: error.reason })
    throw error
  }
}

function demandPermission<M extends MethodName>(
  context: MethodContext,
  entry: MethodEntry<M>,
  params: MethodParams[M],
): void {
  const { caller, request, store } = context
  if (!isAtMost(entry.role, caller.role))
    throw new PermissionDenied(`${entry.command} needs the role ${entry.role}, the token is good for ${caller.role}`)
  if (entry.everyone) return
  const file = entry.serverFile?.(params)
  if (file !== undefined)
    throw new OperatorError(
      'LB_BAD_INPUT',
      `${file}: files of the server are named only on the server itself`,
      'Run the command there, as root.',
    )
  const named = entry.noderange ? entry.noderange(params) : ''
  const nodes = named === undefined || named === '' ? undefined : requestedNodes(store, named)
  const rows = enabledRows(store, 'policy')
  if (rows.length === 0)
    throw new PermissionDenied(
      'the policy table is empty',
      'The policy table is empty, so nobody may do anything from afar. On the server: chtab priority=1 policy.name=root policy.rule=allow',
    )
  // A hundred thousand names are put together only where a row asks for them.
  const asksForNodes = rows.some((row) => cell(row, 'noderange') !== '')
  const decision = decidePolicy(
    rows,
    {
      user: caller.user,
      hosts: caller.hostNames ?? [],
      command: entry.command,
      nodes: nodes ?? (named === undefined && asksForNodes ? new Set(nodeNames(store)) : undefined),
      words: request.words,
    },
    new Date(),
    ruleExpander(store),
  )
  const reason = [decision.reason, ...decision.faults].join('; ')
  if (!decision.allowed) throw new PermissionDenied(reason)
}

/**
 * Names that are no nodes count as well: mkdef makes them. Files of the server are not read for those who are not on it;
 * their own command puts the content of `^file` in its place.
 */
function requestedNodes(view: TablesView, noderange: string): ReadonlySet<string> {
  const { nodes, faults } = expand(view, noderange)
  if (faults.length > 0) throw new OperatorError('LB_BAD_INPUT', faults.join('; '))
  return nodes
}

function expand(view: TablesView, noderange: string, resolver = createResolver(view)): ExpandedRule {
  try {
    const options = { verify: false, applyExcludenodes: false }
    const { nodes, faults } = expandNodeRange(noderange, { view, resolver }, options)
    return { nodes: new Set(nodes), faults }
  } catch (error) {
    if (error instanceof SlowMatch) return { nodes: new Set(), faults: [error.message] }
    throw error
  }
}

/** What the rows' node ranges stand for, for as long as the tables stay as they are: a hundred thousand names take a while. */
const expandedRules = new WeakMap<readonly Row[], { revision: number; ranges: Map<string, ExpandedRule> }>()

function ruleExpander(store: Store): (noderange: string) => ExpandedRule {
  const nodes = store.read('nodelist')
  let known = expandedRules.get(nodes)
  if (!known || known.revision !== store.revision) {
    known = { revision: store.revision, ranges: new Map() }
    // All empty tables may be the same one.
    if (nodes.length > 0) expandedRules.set(nodes, known)
  }
  const { ranges } = known
  const resolver = createResolver(store)
  return (noderange) => {
    const expanded = ranges.get(noderange) ?? expand(store, noderange, resolver)
    ranges.set(noderange, expanded)
    return expanded
  }
}
