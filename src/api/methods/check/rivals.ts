/** Other DHCP servers on the wire: whoever answers first wins, and a node that takes another's answer boots something else. */
import type { Ipv4, Snapshot } from '../../../cluster/model.ts'
import { isProxied } from '../../../cluster/proxy-networks.ts'
import type { RivalServer, RunningServices } from '../context.ts'
import type { CheckReport } from './report.ts'

export async function checkRivals(
  server: RunningServices | undefined,
  snapshot: Snapshot,
  report: CheckReport,
): Promise<void> {
  if (server?.rivals === undefined) {
    const message = 'cannot look for other DHCP servers: no server runs here'
    report.add('warning', 'not-asked', 'dhcp', message, 'liteboot serve')
    return
  }
  try {
    const { offers, unasked } = await server.rivals()
    const isExpected = (rival: RivalServer) => givesAddresses(rival) && isSiteServer(rival, snapshot)
    for (const { interfaceName, why } of unasked) {
      const message = `cannot look for other DHCP servers on ${interfaceName}: ${why}`
      report.add('warning', 'not-asked', 'dhcp', message, `ip link show ${interfaceName}`)
    }
    if (offers.length === 0 && unasked.length === 0)
      report.add('info', 'no-rival', 'dhcp', 'no other DHCP server answers', '')
    for (const rival of offers) {
      if (isExpected(rival)) reportSiteServer(rival, report)
      else reportRival(rival, report)
    }
  } catch (error) {
    const message = `could not look for other DHCP servers: ${(error as Error).message}`
    report.add('warning', 'not-asked', 'dhcp', message, 'stop the DHCP client of this machine for the moment')
  }
}

function givesAddresses({ offeredAddress }: RivalServer): boolean {
  return offeredAddress !== '0.0.0.0'
}

/** On networks of site.proxydhcp another server is as it should be. */
function isSiteServer({ askedFrom }: RivalServer, snapshot: Snapshot): boolean {
  const network = snapshot.networkOf(askedFrom as Ipv4)
  return network !== undefined && isProxied(snapshot, network)
}

function reportSiteServer({ serverIdentifier, offeredAddress, interfaceName }: RivalServer, report: CheckReport): void {
  const message = `gives the addresses on ${interfaceName}, as site.proxydhcp says (offered ${offeredAddress})`
  report.add('info', 'site-server', `dhcp server ${serverIdentifier}`, message, '')
}

function reportRival(rival: RivalServer, report: CheckReport): void {
  const { serverIdentifier, offeredAddress, bootFile, interfaceName } = rival
  const file = bootFile === '' ? '' : `boot file ${bootFile}`
  const what = givesAddresses(rival)
    ? [`address ${offeredAddress}`, file].filter((text) => text !== '').join(' and ')
    : file
  const kind = givesAddresses(rival) ? 'DHCP' : 'ProxyDHCP'
  const message = `another ${kind} server on ${interfaceName} offers strangers ${what || 'to boot'}`
  report.add('error', 'rival', `dhcp server ${serverIdentifier}`, message, 'stop it, or take this network from it')
}
