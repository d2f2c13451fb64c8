/** Whether this machine can hear the nodes' DHCP requests at all. */
import type { Snapshot } from '../../../cluster/model.ts'
import type { Machine } from './machine.ts'
import type { CheckReport } from './report.ts'

export function checkNetworksOf(
  used: ReadonlySet<string>,
  snapshot: Snapshot,
  machine: Machine,
  report: CheckReport,
): void {
  const addresses = machine.addresses()
  for (const network of snapshot.networks) {
    if (!used.has(network.netname)) continue
    // !remote!: the administrator says that a relay stands between.
    if (network.mgtifname?.startsWith('!remote!')) continue
    if (addresses.some(({ address }) => network.contains(address as Parameters<typeof network.contains>[0]))) continue
    const own = addresses.map(({ name, address }) => `${name} ${address}`).join(', ') || 'none'
    report.add(
      'warning',
      'no-interface',
      `networks row netname=${network.netname}`,
      `no interface of this machine is in ${network.net}/${network.prefixLength} (${own})`,
      'give one an address there; or, if a DHCP relay stands between, set mgtifname=!remote!<interface>',
    )
  }
}
