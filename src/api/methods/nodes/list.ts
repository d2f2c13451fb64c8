/** nodels, gennr, tabgrep: what the tables say about nodes. */
import { groupNames, nodeNames } from '../../../tables/groups.ts'
import { describeNodeList, parseNodeListWords, renderNodeList, selectNodes } from '../../../tables/node-list.ts'
import { nodeRows } from '../../../tables/node-rows.ts'
import { renderUnknownNodes } from '../../../tables/noderange.ts'
import { foldNodeNames } from '../../../tables/noderange-fold.ts'
import { createResolver } from '../../../tables/resolve.ts'
import { commandResult } from '../../protocol.ts'
import { unknownName } from '../../suggest.ts'
import type { Method } from '../context.ts'
import { expandKnown } from '../per-node.ts'
import { excludedWarning, expandUnverified, wellFormed } from './words.ts'

export const list: Method<'nodes.list'> = ({ store }, params) => {
  const { noderange, columns, blame = false, withFieldname = false, hidden, data } = params
  const request = wellFormed(parseNodeListWords(columns))
  const resolver = createResolver(store)
  const named = noderange === undefined ? nodeNames(store).sort() : expandKnown(store, noderange)
  const shown = hidden ? named : named.filter((node) => resolver.value(node, 'nodelist', 'hidden') !== '1')
  const nodes = selectNodes(resolver, shown, request.conditions)
  return commandResult(
    renderNodeList(resolver, nodes, request, { blame, withLabels: withFieldname }),
    data ? describeNodeList(resolver, nodes, request, { blame }) : null,
    noderange === undefined || named.length > 0 ? [] : excludedWarning(store, noderange),
  )
}

export const expand: Method<'nodes.expand'> = ({ store }, { noderange, fold }) => {
  const nodes = expandUnverified(store, noderange)
  if (!fold) return commandResult(nodes, nodes)
  const folded = foldNodeNames(nodes)
  return commandResult(folded === '' ? [] : [folded], folded)
}

/** Rows that a node left behind when it went are found as well: the name need not be a node's. */
export const tables: Method<'nodes.tables'> = ({ store }, { noderange }) => {
  const resolver = createResolver(store)
  const { found, unknown } = nodeRows(store, resolver, expandUnverified(store, noderange))
  const [first] = unknown
  if (first !== undefined)
    throw unknownName('LB_NO_NODE', renderUnknownNodes(unknown), first, [...nodeNames(store), ...groupNames(store)])
  return commandResult(
    found.map(({ table }) => table),
    found,
  )
}
