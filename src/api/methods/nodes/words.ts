/** What the node commands share: words that may be wrong, and ranges of nodes that need not exist. */
import type { ColumnFault } from '../../../tables/node-columns.ts'
import { expandNodeRange, renderUnknownNodes } from '../../../tables/noderange.ts'
import { foldNodeNames } from '../../../tables/noderange-fold.ts'
import { createResolver } from '../../../tables/resolve.ts'
import type { TablesView } from '../../../tables/row.ts'
import { OperatorError } from '../../errors.ts'

/** @throws OperatorError LB_BAD_INPUT */
export function wellFormed<T extends object>(parsed: T | ColumnFault): T {
  if (!('fault' in parsed)) return parsed
  const { fault, advice = '`tabdump` lists the tables, `tabdump -d <table>` the columns of one.' } = parsed
  throw new OperatorError('LB_BAD_INPUT', fault, advice)
}

/** Names that nobody knows are kept as they are. @throws OperatorError LB_BAD_INPUT */
export function expandUnverified(
  view: TablesView,
  noderange: string,
  options: { readonly applyExcludenodes?: boolean } = {},
): readonly string[] {
  const context = { view, resolver: createResolver(view) }
  const { nodes, unknown, faults } = expandNodeRange(noderange, context, { verify: false, ...options })
  if (faults.length > 0) throw new OperatorError('LB_BAD_INPUT', faults.join('; '))
  // Not even a name: `n[1`.
  if (unknown.length > 0) throw new OperatorError('LB_BAD_INPUT', renderUnknownNodes(unknown))
  return nodes
}

/** site.excludenodes may leave nothing of a range: silence would look like a fault of the tables. */
export function excludedWarning(view: TablesView, noderange: string): string[] {
  const context = { view, resolver: createResolver(view) }
  const expand = (applyExcludenodes: boolean) =>
    expandNodeRange(noderange, context, { verify: false, applyExcludenodes }).nodes
  if (expand(true).length > 0) return []
  const all = expand(false)
  return all.length === 0 ? [] : [`Warning: site.excludenodes leaves out ${foldNodeNames(all)}`]
}
