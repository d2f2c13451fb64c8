/** Of a node with several network ports: which of them boots. The others get their address only. Pure. */
import type { NodePort } from '../cluster/model.ts'
import { normalizeMac } from '../tables/addresses.ts'

/** undefined: it may boot from this port. Else the reason why it must not. */
export function whyNotBootPort(port: NodePort): { readonly text: string; readonly row: string } | undefined {
  const { node } = port
  if (node.ports.length < 2) return undefined
  for (const column of ['installnic', 'primarynic']) {
    const value = node.attribute('noderes', column)?.trim() ?? ''
    const mac = normalizeMac(value)
    // Interface names (eth0) are the system's, and say nothing about hardware addresses.
    if (mac === undefined || !node.ports.some((other) => other.mac === mac)) continue
    const row = `noderes node=${node.name} ${column}=${value}`
    return mac === port.mac ? undefined : { text: `address only: ${node.name} boots from ${mac}`, row }
  }
  // The first port is the boot port (cluster/ports.ts); ports that share its address are bonded with it, and may boot too.
  const [first] = node.ports
  if (first === port || first?.ip === undefined || port.ip === first.ip) return undefined
  return { text: `address only: ${node.name} boots from ${first.mac}`, row: `mac node=${node.name} ${port.mac}` }
}
