/** Other DHCP servers on the wire: whoever answers first wins, and a node that takes another's answer boots something else. */
import type { RunningServices } from '../context.ts'
import type { CheckReport } from './report.ts'

export async function checkRivals(server: RunningServices | undefined, report: CheckReport): Promise<void> {
  if (server?.rivals === undefined) {
    const message = 'cannot look for other DHCP servers: no server runs here'
    report.add('warning', 'not-asked', 'dhcp', message, 'liteboot serve')
    return
  }
  try {
    const rivals = await server.rivals()
    if (rivals.length === 0) report.add('info', 'no-rival', 'dhcp', 'no other DHCP server answers', '')
    for (const { serverIdentifier, offeredAddress, bootFile } of rivals) {
      const file = bootFile === '' ? '' : ` and boot file ${bootFile}`
      const message = `another DHCP server offers strangers address ${offeredAddress}${file}`
      report.add('error', 'rival', `dhcp server ${serverIdentifier}`, message, 'stop it, or take this network from it')
    }
  } catch (error) {
    const message = `could not look for other DHCP servers: ${(error as Error).message}`
    report.add('warning', 'not-asked', 'dhcp', message, 'stop the DHCP client of this machine for the moment')
  }
}
