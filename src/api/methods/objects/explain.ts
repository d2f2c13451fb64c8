/** liteboot explain: for each node, where a value, a path or a word of its kernel line comes from. */
import { type AttributeExplanation, explainAttribute, explainColumn, explainNode } from '../../../tables/explain.ts'
import { renderExplanation, renderNodeSummary } from '../../../tables/explain-text.ts'
import { attributeDefinitions, attributeNames, OBJECT_TYPES, type ObjectType } from '../../../tables/object-types.ts'
import type { ObjectsContext } from '../../../tables/objects.ts'
import { columnNames, TABLES } from '../../../tables/schema.ts'
import { OperatorError } from '../../errors.ts'
import { type CommandResult, commandResult } from '../../protocol.ts'
import { unknownName } from '../../suggest.ts'
import type { Method, MethodContext } from '../context.ts'
import { expandKnown, type NodeResult, perNode } from '../per-node.ts'
import { objectsContext } from './context.ts'

/** What the kernel line is asked for by; bootparams.kcmdline itself is not used. */
const KERNEL_LINE = 'kcmdline'

export const explain: Method<'objects.explain'> = async (context, { noderange, what }) => {
  if (what === undefined) return eachNode(context, noderange, summarize)
  if (what.startsWith('/')) {
    const { explainPath } = await import('./explain-path.ts')
    const objects = objectsContext(context.store)
    return perNode(context, noderange, (node, compiled) => explainPath(objects, node, compiled, what))
  }
  if (what === KERNEL_LINE) {
    const { explainKernelLine } = await import('./explain-kernel.ts')
    const objects = objectsContext(context.store)
    return perNode(context, noderange, (node, compiled) => explainKernelLine(objects, node, compiled))
  }
  const [table, column] = splitColumn(what)
  if (table === undefined && attributeDefinitions(objectType('node'), what).length > 0)
    return eachNode(context, noderange, (objects, node) => one(explainAttribute(objects, node, what)))
  if (table !== undefined && column !== undefined && TABLES.get(table)?.nodeTable) {
    requireColumn(table, column)
    return eachNode(context, noderange, (objects, node) => one(explainColumn(objects, node, table, column)))
  }
  return elsewhere(context, noderange, what, table, column)
}

/** What is not the node's own: its image, its network, the site. */
async function elsewhere(
  context: MethodContext,
  noderange: string,
  what: string,
  table: string | undefined,
  column: string | undefined,
): Promise<CommandResult> {
  const { explainImage, explainNetwork, explainSite } = await import('./explain-elsewhere.ts')
  const objects = objectsContext(context.store)
  if (table === 'site' && column !== undefined)
    return eachNode(context, noderange, (_objects, node) => explainSite(context.store, node, column))
  if (table !== undefined && column !== undefined) requireColumn(table, column)
  if (table === 'networks' && column !== undefined)
    return perNode(context, noderange, (node, { snapshot }) => explainNetwork(context.store, node, snapshot, column))
  const image = objectType('osimage')
  const attribute = table === 'osimage' || table === 'linuximage' ? column : table === undefined ? what : undefined
  const definition =
    attribute === undefined
      ? undefined
      : attributeDefinitions(image, attribute).find((each) => table === undefined || each.table === table)
  if (definition)
    return perNode(context, noderange, (node, compiled) => explainImage(objects, node, compiled, definition))
  throw unknownWord(what, table)
}

function unknownWord(what: string, table: string | undefined): OperatorError {
  if (table !== undefined)
    return new OperatorError(
      'LB_BAD_INPUT',
      `table ${table} says nothing about a node by itself`,
      'Name a column of a node table, of osimage, linuximage, networks or site.',
    )
  const names = [...attributeNames(objectType('node')), ...attributeNames(objectType('osimage')), KERNEL_LINE]
  return unknownName('LB_BAD_INPUT', `'${what}' is not an attribute of nodes or of images`, what, names)
}

function requireColumn(table: string, column: string): void {
  const schema = TABLES.get(table)
  if (!schema) throw unknownName('LB_NO_TABLE', `No such table: ${table}`, table, TABLES.keys())
  const columns = columnNames(schema)
  if (!columns.includes(column))
    throw unknownName('LB_BAD_INPUT', `No column "${column}" in table "${table}"`, column, columns)
}

/** `table.column`; nothing for a plain word, and for the sub-keys of nics (`nicips.eth0`). */
function splitColumn(what: string): [table?: string, column?: string] {
  const at = what.indexOf('.')
  if (at === -1 || attributeDefinitions(objectType('node'), what).length > 0) return []
  return [what.slice(0, at), what.slice(at + 1)]
}

function objectType(name: 'node' | 'osimage'): ObjectType {
  return OBJECT_TYPES.get(name) as ObjectType
}

/** One answer per node, from the tables alone: the nodes need not be compiled. */
function eachNode(
  context: MethodContext,
  noderange: string,
  answer: (objects: ObjectsContext, node: string) => NodeResult,
): CommandResult {
  const objects = objectsContext(context.store)
  const results = expandKnown(context.store, noderange).map((node) => answer(objects, node))
  const errors = results.flatMap((result) => result.errors)
  return commandResult(
    results.flatMap(({ output }) => output),
    results.flatMap(({ data }) => data ?? []),
    errors,
    errors.some((line) => line.includes(': Error: ')) ? 1 : 0,
  )
}

function summarize(objects: ObjectsContext, node: string): NodeResult {
  const attributes = explainNode(objects, node)
  const errors = attributes.flatMap(faultsOf)
  return { output: renderNodeSummary(node, attributes), errors, data: { node, attributes } }
}

function one(explained: AttributeExplanation | undefined): NodeResult {
  if (!explained) return { output: [], errors: [] }
  return { output: renderExplanation(explained), errors: faultsOf(explained), data: explained }
}

function faultsOf({ node, sources }: AttributeExplanation): string[] {
  return sources.flatMap(({ table, key, column, fault }) =>
    fault === undefined ? [] : [`${node}: Error: ${table} row node=${key}, column ${column}: ${fault}`],
  )
}
