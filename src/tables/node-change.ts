/** nodeadd, nodech and noderm: nodes and words → rows to write. Pure: nothing is written here. */
import { BLOCKING_CELL } from './cells.ts'
import { isNode } from './groups.ts'
import { type CommandPlan, PlanBuilder } from './messages.ts'
import type { NodeAssignment } from './node-assignments.ts'
import { nodeValue } from './node-list.ts'
import { findMentions } from './node-mentions.ts'
import { checkObjectName } from './object-rules.ts'
import { OBJECT_TYPES, type ObjectType } from './object-types.ts'
import type { Resolver } from './resolve.ts'
import { cell, hasValue, type Row, splitList, type TablesView } from './row.ts'
import { NODE_TABLE_NAMES, TABLES } from './schema.ts'

/** More lines than a screen has are not read. */
const MOST_MENTIONS = 20

export interface NodesContext {
  readonly view: TablesView
  readonly resolver: Resolver
}

export function planNodeAdd(
  context: NodesContext,
  nodes: readonly string[],
  assignments: readonly NodeAssignment[],
): CommandPlan {
  const builder = new PlanBuilder()
  const groups = assignments.findLast(({ table, column }) => table === 'nodelist' && column === 'groups')
  if (groups === undefined || splitList(groups.value).length === 0) {
    builder.error("Attribute 'groups' is not specified: a node without groups= does not come into existence.")
    return builder.plan()
  }
  const type = OBJECT_TYPES.get('node') as ObjectType
  for (const node of nodes) if (!isNode(context.view, node)) checkObjectName(type, node, builder)
  if (builder.failed) return builder.plan()
  planAssignments(context, nodes, assignments, builder)
  warnDisabled(context.view, nodes, assignments, builder)
  return builder.plan()
}

/** A row that is there already is changed, and a disabled one stays disabled. */
function warnDisabled(
  view: TablesView,
  nodes: readonly string[],
  assignments: readonly NodeAssignment[],
  builder: PlanBuilder,
): void {
  if (assignments.some(({ table, column }) => table === 'nodelist' && column === 'disable')) return
  for (const node of nodes)
    if (!isNode(view, node) && hasValue(view.read('nodelist'), 'node', node))
      builder.warn(`${node}: its nodelist row is disabled; nodelist.disable= on the same command enables it`)
}

export function planNodeChange(
  context: NodesContext,
  nodes: readonly string[],
  assignments: readonly NodeAssignment[],
): CommandPlan {
  const builder = new PlanBuilder()
  planAssignments(context, nodes, assignments, builder)
  return builder.plan()
}

/** Words on one column work on each other's result: `groups^=rack1 groups,=rack2`. */
function planAssignments(
  context: NodesContext,
  nodes: readonly string[],
  assignments: readonly NodeAssignment[],
  builder: PlanBuilder,
): void {
  for (const [table, ofTable] of Map.groupBy(assignments, (assignment) => assignment.table)) {
    const keysOf = rowKeys(context.view, table)
    const byColumn = Map.groupBy(ofTable, ({ column }) => column)
    for (const node of nodes) {
      const values: Record<string, string> = {}
      for (const column of byColumn.values()) {
        const value = changedValue(context.resolver, node, column)
        if (value !== undefined) values[column[0]?.column ?? ''] = value
      }
      if (Object.keys(values).length === 0) continue
      for (const keys of keysOf(node)) builder.set(table, keys, values)
    }
  }
}

/** What the node's own cell becomes; undefined: it stays. Lists start from the resolved value, as with chdef -p. */
function changedValue(resolver: Resolver, node: string, assignments: readonly NodeAssignment[]): string | undefined {
  const [first] = assignments
  if (first === undefined) return undefined
  let value: string | undefined
  for (const { kind, value: given } of assignments) {
    if (kind === 'set') {
      value = given
      continue
    }
    const now = splitList(value ?? nodeValue(resolver, node, first) ?? '')
    const items = splitList(given)
    const changed =
      kind === 'prepend'
        ? [...items.filter((item, at) => !now.includes(item) && items.indexOf(item) === at), ...now]
        : now.filter((item) => !items.includes(item))
    if (changed.length !== now.length) value = changed.join(',')
  }
  return value === '' ? emptyCell(first) : value
}

/** An empty value means empty, whatever the groups say. Columns that groups do not lend are just emptied. */
function emptyCell({ table, column }: NodeAssignment): string {
  return table === 'nodelist' || column === 'comments' || column === 'disable' ? '' : BLOCKING_CELL
}

type RowKeys = Readonly<Record<string, string>>

/** The rows a node has in the table, by their whole key, so that finding them again costs nothing; else the row to be made. */
function rowKeys(view: TablesView, table: string): (node: string) => readonly RowKeys[] {
  const key = TABLES.get(table)?.key ?? []
  if (key.length === 1) return (node) => [{ node }]
  const byNode = Map.groupBy(view.read(table), (row) => cell(row, 'node'))
  return (node) => byNode.get(node)?.map((row) => wholeKey(row, key)) ?? [{ node }]
}

function wholeKey(row: Row, key: readonly string[]): RowKeys {
  return Object.fromEntries(key.map((column) => [column, cell(row, column)]))
}

/** nodech -d */
export function planRowRemove(view: TablesView, nodes: readonly string[], tables: readonly string[]): CommandPlan {
  const builder = new PlanBuilder()
  removeRows(view, new Set(nodes), tables, builder)
  if (tables.includes('nodelist') && builder.operations.length > 0)
    builder.warn('the nodes are gone from nodelist, their rows in other tables stay; noderm removes all of them')
  return builder.plan()
}

/** noderm: the rows of every table with a node column; what else names the nodes stays, and is told. */
export function planNodeRemove(view: TablesView, nodes: readonly string[]): CommandPlan {
  const builder = new PlanBuilder()
  const removed = new Set(nodes)
  removeRows(view, removed, NODE_TABLE_NAMES, builder)
  const mentions = findMentions(view, removed)
  for (const { table, row, column, node } of mentions.slice(0, MOST_MENTIONS))
    builder.warn(`${table} row ${row}: ${column} still names ${node}`)
  if (mentions.length > MOST_MENTIONS)
    builder.warn(`and ${mentions.length - MOST_MENTIONS} more rows name nodes that are gone`)
  return builder.plan()
}

function removeRows(
  view: TablesView,
  nodes: ReadonlySet<string>,
  tables: readonly string[],
  builder: PlanBuilder,
): void {
  for (const table of tables) {
    const key = TABLES.get(table)?.key ?? []
    // Disabled rows go as well.
    for (const row of view.read(table)) if (nodes.has(cell(row, 'node'))) builder.delete(table, wholeKey(row, key))
  }
}
