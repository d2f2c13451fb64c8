/** exports, leases, ping, and what a rehearsal needs to know of a node. */
import { z } from 'zod'
import { listExports } from '../../nfs/exports.ts'
import { OperatorError } from '../errors.ts'
import { commandResult } from '../protocol.ts'
import { method, nodesOf } from './context.ts'

export const ping = method(z.object({}), ({ cluster }) => commandResult([], { snapshot: cluster.current.number }))

export const exportsList = method(z.object({}), ({ cluster, answers }) => {
  const list = listExports(cluster.current, answers.directories)
  return commandResult(
    list.map(({ path, access, clients }) => `${path} ${access} ${clients.join(',')}`),
    list,
  )
})

export const leasesList = method(z.object({}), ({ server }) => {
  if (!server) throw new OperatorError('LB_SOCKET', 'leases are kept by the running server, and none runs')
  const leases = server.leases()
  return commandResult(
    leases.map((lease) =>
      Object.entries(lease)
        .map(([name, value]) => `${name}=${String(value)}`)
        .join(' '),
    ),
    leases,
  )
})

export const vmDescribe = method(z.object({ node: z.string() }), (context, { node: name }) => {
  const { nodes, snapshot } = nodesOf(context, name)
  const [node] = nodes
  if (!node || nodes.length > 1) throw new OperatorError('LB_USAGE', 'a rehearsal boots exactly one node')
  const compiled = context.answers.plan(node, snapshot)
  if (compiled.plan === undefined) {
    const [finding] = compiled.findings
    throw new OperatorError(
      'LB_BAD_EDIT',
      `${name} has no plan: ${finding?.where}: ${finding?.message}`,
      finding?.advice,
    )
  }
  const { plan } = compiled
  return commandResult([], {
    mac: plan.interface.mac,
    arch: node.arch ?? 'x86_64',
    serverAddress: plan.server.address,
    prefixLength: plan.interface.prefixLength,
  })
})
