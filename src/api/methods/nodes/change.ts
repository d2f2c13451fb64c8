/** nodeadd, nodech, noderm: the tables room plans and words everything, the store writes it in one transaction. */
import { applyOperations, type CommandPlan } from '../../../tables/messages.ts'
import { type NodeAssignment, parseNodeChangeWords, parseNodeTables } from '../../../tables/node-assignments.ts'
import {
  type NodesContext,
  planNodeAdd,
  planNodeChange,
  planNodeRemove,
  planRowRemove,
} from '../../../tables/node-change.ts'
import { selectNodes } from '../../../tables/node-list.ts'
import { createResolver } from '../../../tables/resolve.ts'
import { OperatorError } from '../../errors.ts'
import { type CommandResult, commandResult } from '../../protocol.ts'
import type { Method, MethodContext } from '../context.ts'
import { edit } from '../edit.ts'
import { messageResult } from '../objects/context.ts'
import { expandKnown } from '../per-node.ts'
import { excludedWarning, expandUnverified, wellFormed } from './words.ts'

export const add: Method<'nodes.add'> = (context, { noderange, words }) => {
  const { assignments, conditions } = wellFormed(parseNodeChangeWords(words))
  const [condition] = conditions
  if (condition)
    throw new OperatorError('LB_USAGE', `${condition.label}${condition.condition.operator}: nodeadd selects no nodes.`)
  const values = assignments.map(({ kind, ...assignment }): NodeAssignment => {
    if (kind !== 'set') throw new OperatorError('LB_USAGE', `${assignment.label}: nodeadd sets values with "=".`)
    return { ...assignment, kind }
  })
  return perform(context, noderange, (nodes) => {
    // Defining a node is not working on it: site.excludenodes does not count.
    const names = expandUnverified(nodes.view, noderange, { applyExcludenodes: false })
    return { names, plan: planNodeAdd(nodes, names, values) }
  })
}

export const change: Method<'nodes.change'> = (context, params) => {
  const { noderange } = params
  if (params.words.length === 0)
    throw new OperatorError('LB_USAGE', params.delete ? 'Name the table to delete from.' : 'Nothing to change.')
  if (params.delete) {
    const tables = wellFormed(parseNodeTables(params.words))
    return perform(context, noderange, (nodes) => {
      const names = expandKnown(nodes.view, noderange)
      return { names, plan: planRowRemove(nodes.view, names, tables) }
    })
  }
  const { assignments, conditions } = wellFormed(parseNodeChangeWords(params.words))
  if (assignments.length === 0)
    throw new OperatorError('LB_USAGE', 'Nothing to change: == != =~ and !~ only select nodes.')
  return perform(context, noderange, (nodes) => {
    const names = selectNodes(nodes.resolver, expandKnown(nodes.view, noderange), conditions)
    return { names, plan: planNodeChange(nodes, names, assignments) }
  })
}

export const remove: Method<'nodes.remove'> = (context, { noderange }) =>
  perform(context, noderange, ({ view }) => {
    const names = expandKnown(view, noderange)
    return { names, plan: planNodeRemove(view, names) }
  })

interface Planned {
  readonly names: readonly string[]
  readonly plan: CommandPlan
}

/** Plans inside the transaction, so that nothing can come between reading and writing. */
async function perform(
  context: MethodContext,
  noderange: string,
  work: (nodes: NodesContext) => Planned,
): Promise<CommandResult> {
  const { result, changes, snapshot, warnings } = await edit(context, (transaction) => {
    const planned = work({ view: transaction, resolver: createResolver(transaction) })
    if (planned.plan.exitStatus === 0) applyOperations(transaction, planned.plan.operations)
    return planned
  })
  const { names, plan } = result
  if (names.length === 0) {
    const excluded = excludedWarning(context.store, noderange)
    return commandResult([], { nodes: 0, changes, snapshot }, excluded.length > 0 ? excluded : [nothingIn(noderange)])
  }
  return messageResult(plan.messages, plan.exitStatus, { nodes: names.length, changes, snapshot }, warnings)
}

function nothingIn(noderange: string): string {
  return `Warning: no nodes in '${noderange}': nothing was changed.`
}
