/** ping, exports, leases. */
import { listExports } from '../../../nfs/exports.ts'
import { OperatorError } from '../../errors.ts'
import { commandResult } from '../../protocol.ts'
import type { Method } from '../context.ts'

export const ping: Method<'server.ping'> = async (context) =>
  commandResult([], { snapshot: (await context.compiled()).snapshot.number })

export const exportsList: Method<'exports.list'> = async (context) => {
  const { snapshot, answers } = await context.compiled()
  const list = listExports(snapshot, answers.planDirectories)
  return commandResult(
    list.map(({ server, path, access, clients }) => `${server}:${path} ${access} ${clients.join(',')}`),
    list,
  )
}

export const leasesList: Method<'leases.list'> = ({ server }) => {
  if (!server) throw new OperatorError('LB_SOCKET', 'leases are kept by the running server, and none runs')
  const leases = server.leases()
  const lines = leases.map(({ ip, state, client, hostname, expiresAtMs }) => {
    const until = new Date(expiresAtMs).toISOString().replace(/\.\d+Z$/, 'Z')
    return `${ip.padEnd(15)} ${state.padEnd(8)} ${until} ${client}${hostname === undefined ? '' : ` ${hostname}`}`
  })
  return commandResult(lines, leases)
}
