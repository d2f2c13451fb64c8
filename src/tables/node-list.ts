/** nodels: nodes, columns and conditions → the lines it prints, and the same as values. */
import {
  type ColumnCondition,
  type ColumnFault,
  type NodeColumn,
  parseColumnCondition,
  parseNodeColumns,
  repeatedCondition,
} from './node-columns.ts'
import type { Resolver } from './resolve.ts'
import { TABLES } from './schema.ts'

export interface NodeListRequest {
  readonly columns: readonly NodeColumn[]
  readonly conditions: readonly ColumnCondition[]
  /** More than one column, or a table: each value stands behind its name. */
  readonly labelled: boolean
}

/** Words behind the noderange: `table.column`, short names, tables, conditions. */
export function parseNodeListWords(words: readonly string[]): NodeListRequest | ColumnFault {
  const columns: NodeColumn[] = []
  const conditions: ColumnCondition[] = []
  let labelled = false
  for (const word of words) {
    const condition = parseColumnCondition(word)
    if (condition && 'fault' in condition) return condition
    if (condition) {
      conditions.push(condition)
      continue
    }
    const found = parseNodeColumns(word)
    if ('fault' in found) return found
    columns.push(...found)
    labelled ||= columns.length > 1 || TABLES.has(word)
  }
  return repeatedCondition(conditions) ?? { columns, conditions, labelled }
}

/** The nodes for which all conditions hold; an unset value is the empty string. */
export function selectNodes(
  resolver: Resolver,
  nodes: readonly string[],
  conditions: readonly ColumnCondition[],
): readonly string[] {
  if (conditions.length === 0) return nodes
  return nodes.filter((node) =>
    conditions.every(({ condition, ...column }) => condition.matches(nodeValue(resolver, node, column) ?? '')),
  )
}

/** A group's row lends its values, not its key. */
export function nodeValue(resolver: Resolver, node: string, { table, column }: NodeColumn): string | undefined {
  return column === 'node' ? node : resolver.value(node, table, column)
}

/** -b: the groups whose rows the value comes from; more than one when values accumulate. */
export function lendingGroups(resolver: Resolver, node: string, { table, column }: NodeColumn): readonly string[] {
  if (column === 'node' || table === 'nodelist') return []
  const { value, origins } = resolver.explain(node, table, column)
  return value === undefined ? [] : origins.filter(({ from }) => from === 'group').map(({ key }) => key)
}

export function renderNodeList(
  resolver: Resolver,
  nodes: readonly string[],
  { columns, labelled }: NodeListRequest,
  { blame = false, withLabels = false } = {},
): string[] {
  if (columns.length === 0) return [...nodes]
  const lines: string[] = []
  for (const node of nodes) {
    for (const column of columns) {
      const label = labelled || withLabels ? `${column.label}: ` : ''
      const groups = blame ? lendingGroups(resolver, node, column) : []
      const origin = groups.length === 0 ? '' : ` (inherited from group ${groups.join(',')})`
      lines.push(`${node}: ${label}${nodeValue(resolver, node, column) ?? ''}${origin}`)
    }
  }
  return lines
}

/** `[{ node, "noderes.netboot": "xnba" }]`; unset is null; with blame `inheritedFrom: { "noderes.netboot": ["gA"] }`. */
export function describeNodeList(
  resolver: Resolver,
  nodes: readonly string[],
  { columns }: NodeListRequest,
  { blame = false } = {},
): Record<string, unknown>[] {
  return nodes.map((node) => {
    const values = columns.map((column) => [column.label, nodeValue(resolver, node, column) ?? null] as const)
    const described: Record<string, unknown> = { node, ...Object.fromEntries(values) }
    if (!blame) return described
    const origins = columns.map((column) => [column.label, lendingGroups(resolver, node, column)] as const)
    return { ...described, inheritedFrom: Object.fromEntries(origins.filter(([, groups]) => groups.length > 0)) }
  })
}
