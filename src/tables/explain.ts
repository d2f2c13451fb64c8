/** Why an attribute of a node has its value: which row gave it, how its pattern was worked out, which rows it shadowed. */
import { type CellTrace, compileCell } from './cells.ts'
import { hasWord, nodeAttribute } from './groups.ts'
import {
  type AttributeDefinition,
  attributeDefinitions,
  attributeNames,
  OBJECT_TYPES,
  type ObjectType,
} from './object-types.ts'
import type { ObjectsContext } from './objects.ts'
import { type CellOrigin, NEXT_RECORD, parseHierarchicalAttributes } from './resolve.ts'
import { cell, isEnabled, type Row } from './row.ts'

/** A cell that has, or could have had, a say. */
export interface CellSource {
  readonly table: string
  readonly column: string
  /** Key of the row: the node's name or a group's. */
  readonly key: string
  readonly from: 'node' | 'group'
  /** As written. */
  readonly cell: string
  /** What it comes to for this node; null: nothing. */
  readonly value: string | null
  readonly fault?: string
  /** Of a value pattern. */
  readonly pattern?: CellTrace
}

/** An attribute that is only there when another one has a certain value. */
export interface ConditionCheck {
  readonly attribute: string
  readonly words: readonly string[]
  readonly value: string | null
  readonly holds: boolean
  readonly table: string
}

export interface AttributeExplanation {
  readonly node: string
  readonly attribute: string
  readonly table: string | null
  readonly column: string | null
  readonly value: string | null
  /** The node's groups, in the order in which they are asked. */
  readonly groups: readonly string[]
  /** What the value is made of, in order; several when values add up. */
  readonly sources: readonly CellSource[]
  /** How several became one. */
  readonly joined?: string
  /** Rows further on that have the column and were not asked. */
  readonly shadowed: readonly CellSource[]
  /** Rows that would count if they were not disabled. */
  readonly disabled: readonly CellSource[]
  readonly conditions: readonly ConditionCheck[]
}

const NODE_TYPE = OBJECT_TYPES.get('node') as ObjectType

/** undefined: nodes have no such attribute. */
export function explainAttribute(
  context: ObjectsContext,
  node: string,
  attribute: string,
): AttributeExplanation | undefined {
  const definitions = attributeDefinitions(NODE_TYPE, attribute)
  if (definitions.length === 0) return undefined
  const conditions = definitions.flatMap((definition) => checkCondition(context, node, definition))
  const chosen = definitions.find(({ condition, table }) => {
    return !condition || conditions.some((check) => check.table === table && check.holds)
  })
  if (chosen) return { ...explainColumn(context, node, chosen.table, chosen.column), attribute, conditions }
  const groups = context.resolver.groups(node)
  const nothing = { table: null, column: null, value: null, sources: [], shadowed: [], disabled: [] }
  return { node, attribute, groups, conditions, ...nothing }
}

function checkCondition(
  { resolver }: ObjectsContext,
  node: string,
  { condition, table }: AttributeDefinition,
): ConditionCheck[] {
  if (!condition) return []
  const value = nodeAttribute(resolver, node, condition.attribute)
  const { attribute, words } = condition
  return [{ attribute, words, value: value ?? null, holds: hasWord(value, words), table }]
}

/** A column of a node table. */
export function explainColumn(
  { view, resolver }: ObjectsContext,
  node: string,
  table: string,
  column: string,
): AttributeExplanation {
  const { value, origins, shadowed } = resolver.explain(node, table, column)
  const groups = resolver.groups(node)
  const source = (origin: CellOrigin) => traceCell(node, origin)
  const disabled = (table === 'nodelist' ? [node] : [node, ...groups]).flatMap((key) =>
    (disabledRows(view.read(table)).get(key) ?? [])
      .filter((row) => cell(row, column) !== '')
      .map(
        (row): CellSource =>
          source({ table, key, from: key === node ? 'node' : 'group', column, cell: cell(row, column) }),
      ),
  )
  const delimiter = table === 'nodelist' ? undefined : parseHierarchicalAttributes(view).get(column)
  const joined =
    delimiter !== undefined
      ? `site.hierarchicalattrs joins the values of the node and of its groups with "${delimiter}"`
      : origins.some((origin) => origin.cell.endsWith(NEXT_RECORD))
        ? `${NEXT_RECORD} at the end of a cell goes on with the next group`
        : undefined
  return {
    node,
    attribute: `${table}.${column}`,
    table,
    column,
    value: value ?? null,
    groups,
    sources: origins.map(source),
    ...(joined === undefined ? {} : { joined }),
    shadowed: shadowed.map(source),
    disabled,
    conditions: [],
  }
}

/** Every attribute that is set, by name. */
export function explainNode(context: ObjectsContext, node: string): AttributeExplanation[] {
  return attributeNames(NODE_TYPE).flatMap((attribute) => {
    const explained = explainAttribute(context, node, attribute)
    return explained && explained.value !== null ? explained : []
  })
}

function traceCell(node: string, origin: CellOrigin): CellSource {
  const compiled = compileCell(
    origin.cell.endsWith(NEXT_RECORD) ? origin.cell.slice(0, -NEXT_RECORD.length) : origin.cell,
  )
  const { value, fault } = compiled.evaluate(node)
  return {
    ...origin,
    value: value === '' ? null : value,
    ...(fault === undefined ? {} : { fault }),
    ...(compiled.form === 'plain' ? {} : { pattern: compiled.trace(node) }),
  }
}

const disabledIndexes = new WeakMap<readonly Row[], ReadonlyMap<string, readonly Row[]>>()

/** Kept as long as the rows live: ten thousand nodes are explained at once. */
function disabledRows(rows: readonly Row[]): ReadonlyMap<string, readonly Row[]> {
  let index = disabledIndexes.get(rows)
  if (!index) {
    index = Map.groupBy(
      rows.filter((row) => !isEnabled(row)),
      (row) => cell(row, 'node'),
    )
    disabledIndexes.set(rows, index)
  }
  return index
}
