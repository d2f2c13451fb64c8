/** Noderange → nodes, and one answer for each of them. */
import type { ClusterNode, Image, ImageName, Snapshot } from '../../cluster/model.ts'
import { groupNames, nodeNames } from '../../tables/groups.ts'
import { expandNodeRange, renderUnknownNodes } from '../../tables/noderange.ts'
import { createResolver } from '../../tables/resolve.ts'
import type { TablesView } from '../../tables/row.ts'
import { OperatorError } from '../errors.ts'
import { type CommandResult, commandResult } from '../protocol.ts'
import { unknownName } from '../suggest.ts'
import type { Compiled, MethodContext } from './context.ts'

/** @throws OperatorError naming the unknown nodes: then nothing is done for any of the range */
export function expandKnown(view: TablesView, noderange: string): readonly string[] {
  const { nodes, unknown, faults } = expandNodeRange(
    noderange,
    { view, resolver: createResolver(view) },
    { verify: true },
  )
  const [first] = unknown
  if (first !== undefined)
    throw unknownName('LB_NO_NODE', renderUnknownNodes(unknown), first, [...nodeNames(view), ...groupNames(view)])
  if (faults.length > 0) throw new OperatorError('LB_BAD_INPUT', faults.join('; '))
  return nodes
}

/** What one node is answered: all lines are worded already. */
export interface NodeResult {
  readonly output: readonly string[]
  readonly errors: readonly string[]
  readonly data?: object
}

/** One answer per node; what is wrong with one never stops the others. */
export async function perNode(
  context: MethodContext,
  noderange: string,
  answer: (node: ClusterNode, compiled: Compiled) => NodeResult,
): Promise<CommandResult> {
  const names = expandKnown(context.store, noderange)
  const compiled = await context.compiled()
  const results = names.map((name) => {
    const node = compiled.snapshot.node(name)
    return node ? answer(node, compiled) : { output: [], errors: [`${name}: Error: its rows could not be compiled`] }
  })
  const errors = [...new Set(results.flatMap((result) => result.errors))]
  return commandResult(
    results.flatMap(({ output }) => output),
    results.flatMap(({ data }) => data ?? []),
    errors,
    errors.some((line) => line.includes(': Error: ')) ? 1 : 0,
  )
}

/** @throws OperatorError unless the range is exactly one node that exists */
export async function oneNode(
  context: MethodContext,
  noderange: string,
  what: string,
): Promise<Compiled & { readonly node: ClusterNode }> {
  const names = expandKnown(context.store, noderange)
  const compiled = await context.compiled()
  const node = names[0] === undefined ? undefined : compiled.snapshot.node(names[0])
  if (!node || names.length > 1) throw new OperatorError('LB_USAGE', `${what} exactly one node`)
  return { ...compiled, node }
}

/** @param message what xCAT's command of this name says */
export function imageNamed(snapshot: Snapshot, name: string, message: string): Image {
  const image = snapshot.images.get(name as ImageName)
  if (!image) throw unknownName('LB_NO_IMAGE', message, name, snapshot.images.keys())
  return image
}

/** A rendered text as lines. */
export function linesOf(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n')
}
