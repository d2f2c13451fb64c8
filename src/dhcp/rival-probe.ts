/** Are there other DHCP servers on the wire? One DISCOVER under a made-up hardware address; every OFFER is noted, none taken. */
import { createSocket } from 'node:dgram'
import { createProbeClient, PACKAGE_MESSAGE_TYPES, type PackageMessage } from './dhcp-package.ts'
import { OPTION } from './options.ts'

const CLIENT_PORT = 68

export interface RivalOffer {
  readonly serverIdentifier: string
  readonly offeredAddress: string
  readonly bootFile: string
}

/**
 * Binds the client port (68) of `address`'s host, so it must not run where a DHCP client does. Resolves after `waitMs`.
 * `mac` should be locally administered and unused, so that servers that know their clients stay silent, as ours does.
 */
export async function probeRivalServers(options: {
  readonly mac: string
  readonly waitMs: number
  readonly ownAddresses: readonly string[]
}): Promise<readonly RivalOffer[]> {
  await assertPortFree()
  const client = createProbeClient(options.mac)
  const offers = new Map<string, RivalOffer>()
  return await new Promise((resolve) => {
    client.on('message', (message: PackageMessage) => {
      const serverIdentifier = message.options[OPTION.serverIdentifier]
      if (message.options[OPTION.messageType] !== PACKAGE_MESSAGE_TYPES.OFFER) return
      if (typeof serverIdentifier !== 'string' || options.ownAddresses.includes(serverIdentifier)) return
      offers.set(serverIdentifier, { serverIdentifier, offeredAddress: message.yiaddr, bootFile: message.file })
    })
    // The package reports what it cannot parse here; that is its limit, not a failure of the probe.
    client.on('error', () => undefined)
    client.listen(undefined, undefined, () => {
      client.sendDiscover()
      setTimeout(() => client.close(() => resolve([...offers.values()])), options.waitMs)
    })
  })
}

/** The package leaves a failing bind of its socket unheard, which would end the process: try it first. */
function assertPortFree(): Promise<void> {
  const socket = createSocket('udp4')
  return new Promise((resolve, reject) => {
    socket.once('error', (error) => reject(new Error(`the DHCP client port is not free: ${error.message}`)))
    socket.bind(CLIENT_PORT, () => socket.close(() => resolve()))
  })
}
