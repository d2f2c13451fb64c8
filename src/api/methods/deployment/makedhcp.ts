/** makedhcp: there is nothing to make, and `-q` shows what is answered. */
import { commandResult } from '../../protocol.ts'
import type { Method } from '../context.ts'
import { expandKnown, perNode } from '../per-node.ts'

const NOTHING_TO_MAKE =
  'Nothing to make: the server answers DHCP from the tables (mac, hosts, networks), and every change of them counts at once. Query: makedhcp -q <noderange>'

export const makedhcp: Method<'dhcp.make'> = ({ store }, { noderange }) => {
  // A wrong name is still a wrong name.
  const nodes = noderange === undefined ? null : expandKnown(store, noderange)
  return commandResult([NOTHING_TO_MAKE], { made: false, nodes })
}

export const makedhcpQuery: Method<'dhcp.query'> = (context, { noderange }) =>
  perNode(context, noderange, (node, { snapshot }) => {
    const output: string[] = []
    const errors: string[] = []
    const fail = (text: string) => errors.push(`${node.name}: Error: ${text}`)
    for (const { mac, ip, refused } of node.ports) {
      if (refused) output.push(`${node.name}: refused, hardware-address = ${mac}`)
      else if (ip === undefined)
        fail(`no ip-address for hardware-address ${mac}: set hosts.ip, or *NOIP* in mac to refuse it`)
      else if (snapshot.networkOf(ip) === undefined)
        fail(`ip-address ${ip} (${mac}) is in none of the networks: it gets no answer`)
      else output.push(`${node.name}: ip-address = ${ip}, hardware-address = ${mac}`)
    }
    if (node.ports.length === 0) fail('no hardware-address: set mac.mac, then DHCP knows the node')
    const ports = node.ports.map(({ mac, ip, refused }) => ({ mac, ip: ip ?? null, refused }))
    return { output, errors, data: { node: node.name, ports } }
  })
