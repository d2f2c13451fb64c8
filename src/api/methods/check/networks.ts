/** Whether the server can hear the nodes' DHCP requests at all. */
import type { Ipv4, Network, Snapshot } from '../../../cluster/model.ts'
import { isSameWire } from '../../../cluster/wires.ts'
import type { CheckReport } from './report.ts'

interface Address {
  readonly name: string
  readonly address: string
}

export interface Interfaces {
  /** Of this machine. */
  readonly present: readonly Address[]
  /** Those that the running server serves; undefined: no server runs, or it does not say. */
  readonly served: readonly Address[] | undefined
}

export function checkNetworksOf(
  used: ReadonlySet<string>,
  snapshot: Snapshot,
  { present, served = present }: Interfaces,
  report: CheckReport,
): void {
  for (const network of snapshot.networks) {
    if (!used.has(network.netname)) continue
    // !remote!: the administrator says that a relay stands between.
    if (network.mgtifname?.startsWith('!remote!')) continue
    if (snapshot.networks.some((each) => isSameWire(each, network) && served.some(isIn(each)))) continue
    const where = `networks row netname=${network.netname}`
    const unserved = present.find(isIn(network))
    if (unserved) {
      const message = `interface ${unserved.name} (${unserved.address}) is in it, but is not served (${list(served)})`
      report.add('warning', 'no-interface', where, message, `liteboot serve with -i ${unserved.name} as well`)
      continue
    }
    report.add(
      'warning',
      'no-interface',
      where,
      `no interface of this machine is in ${network.net}/${network.prefixLength} (${list(present)})`,
      'give one an address there; or, if a DHCP relay stands between, set mgtifname=!remote!<interface>; or, if it is on the wire of another network, the same mgtifname as that',
    )
  }
}

function isIn(network: Network): (entry: Address) => boolean {
  return ({ address }) => network.contains(address as Ipv4)
}

function list(addresses: readonly Address[]): string {
  return addresses.map(({ name, address }) => `${name} ${address}`).join(', ') || 'none'
}
