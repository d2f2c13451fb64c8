/** The server itself: whether it runs, or could. */
import type { Snapshot } from '../../../cluster/model.ts'
import { SPACE_LIMITS } from './directories.ts'
import type { Machine } from './machine.ts'
import type { CheckReport } from './report.ts'

const PORTS = [
  ['udp', 67, 'DHCP'],
  ['udp', 69, 'TFTP'],
  ['tcp', 2049, 'NFS'],
  ['tcp', 20048, 'MOUNT'],
] as const

export async function checkServer(
  place: { readonly isRunning: boolean; readonly stateDirectory: string },
  snapshot: Snapshot,
  machine: Machine,
  report: CheckReport,
): Promise<void> {
  const addresses = machine.addresses()
  if (addresses.length === 0)
    report.add('error', 'no-address', 'server', 'no interface of this machine has an IPv4 address', 'set one up')
  const { master } = snapshot.site
  if (master === undefined)
    report.add(
      'warning',
      'no-master',
      'site row key=master',
      'is not set',
      'chdef -t site master=<address of this server>',
    )
  const room = await machine.room(place.stateDirectory).catch(() => undefined)
  if (room !== undefined && room.freeBytes < SPACE_LIMITS.leastBytes)
    report.add(
      'error',
      'no-space',
      `directory ${place.stateDirectory}`,
      `${(room.freeBytes / 1e6).toFixed(0)} MB free: tables, leases and timeline are kept there`,
      'make room',
    )
  if (place.isRunning) return
  report.add('info', 'not-running', 'server', 'no server runs here', 'liteboot serve')
  const http = ['tcp', snapshot.site.httpport, 'HTTP'] as const
  for (const [protocol, port, service] of [...PORTS, http]) {
    if (!(await machine.listening(protocol)).has(port)) continue
    const message = `port ${port}/${protocol} is taken by another program: ${service} could not start`
    report.add('warning', 'port-taken', 'server', message, `ss -lnp shows it`)
  }
}
