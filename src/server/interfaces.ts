/** The machine's IPv4 interfaces that the services use. */
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os'
import { OperatorError } from '../api/errors.ts'
import type { Ipv4 } from '../cluster/model.ts'

export interface ServiceInterface {
  readonly name: string
  readonly address: Ipv4
  readonly netmask: Ipv4
}

/**
 * All interfaces but loopback, or only those asked for by name or address.
 * @param wanted names or addresses; empty: all
 * @throws OperatorError LB_NO_INTERFACE naming a wanted interface that is not there
 */
export function serviceInterfaces(
  wanted: readonly string[],
  present: NodeJS.Dict<NetworkInterfaceInfo[]> = networkInterfaces(),
): ServiceInterface[] {
  const all = Object.entries(present).flatMap(([name, addresses]) =>
    (addresses ?? [])
      .filter((entry) => entry.family === 'IPv4' && !entry.internal)
      .map((entry) => ({ name, address: entry.address as Ipv4, netmask: entry.netmask as Ipv4 })),
  )
  for (const want of wanted) {
    if (!all.some((entry) => entry.name === want || entry.address === want)) {
      const names = all.map((entry) => `${entry.name} (${entry.address})`).join(', ')
      throw new OperatorError(
        'LB_NO_INTERFACE',
        `there is no interface ${want} with an IPv4 address; there are: ${names || 'none'}`,
      )
    }
  }
  return wanted.length === 0
    ? all
    : all.filter((entry) => wanted.includes(entry.name) || wanted.includes(entry.address))
}
