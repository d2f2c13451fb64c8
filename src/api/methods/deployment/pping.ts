/** pping: which nodes answer. */

import type { ClusterNode } from '../../../cluster/model.ts'
import { parseOtherInterfaces } from '../../../cluster/ports.ts'
import { commandResult } from '../../protocol.ts'
import type { Method } from '../context.ts'
import { expandKnown } from '../per-node.ts'
import { openReachTools, reachHost } from './reach.ts'

export const pping: Method<'pping.show'> = async (context, { noderange, interfaces }) => {
  const names = expandKnown(context.store, noderange)
  const { snapshot } = await context.compiled()
  const targets = names.flatMap((name) => {
    const node = snapshot.node(name)
    return node ? targetsOf(node, interfaces) : []
  })
  const tools = openReachTools()
  const answers = await Promise.all(
    targets.map(async ({ name, ip }) => ({
      name,
      ip,
      alive: ip === undefined ? undefined : await reachHost(ip, tools),
    })),
  )
  const lines = answers.flatMap(({ name, alive }) =>
    alive === undefined ? [] : [`${name}: ${alive ? 'ping' : 'noping'}`],
  )
  const errors = answers.flatMap(({ name, alive }) =>
    alive === undefined ? [`${name}: Error: it has no address (hosts.ip, otherinterfaces)`] : [],
  )
  return commandResult(lines, answers, errors, errors.length > 0 ? 1 : 0)
}

/** `-i ib0,ib1`: the addresses of node-ib0 and node-ib1 instead of the node's own. */
function targetsOf(node: ClusterNode, interfaces: string | undefined): { name: string; ip: string | undefined }[] {
  if (interfaces === undefined) return [{ name: node.name, ip: node.ip }]
  const others = parseOtherInterfaces(node.name, node.attribute('hosts', 'otherinterfaces') ?? '')
  return interfaces.split(',').map((suffix) => {
    const name = `${node.name}-${suffix.trim().replace(/^-/, '')}`
    return { name, ip: others.get(name) }
  })
}
