/** Port 4011, taken only while a network is served beside another DHCP server: other boot servers may want it. */
import type { RemoteInfo, Socket } from 'node:dgram'
import type { Ipv4 } from '../cluster/model.ts'
import type { Datagram } from './service.ts'
import { bindSocket } from './sockets.ts'

export interface ProxySocketOptions {
  readonly addresses: readonly Ipv4[]
  readonly port: number
  readonly receive: (datagram: Datagram) => void
  readonly warn: (message: string) => void
}

export interface ProxySockets {
  senderOf(address: Ipv4): Socket | undefined
  /** Opens or closes the sockets; resolves when that is done. Never rejects. */
  follow(wanted: boolean): Promise<void>
  close(): Promise<void>
}

export function openProxySockets({ addresses, port, receive, warn }: ProxySocketOptions): ProxySockets {
  const sockets = new Map<Ipv4, Socket>()
  let isClosed = false
  let isWanted = false
  /** Also where a port could not be taken: that is said once, not at every edit of the tables. */
  let isOpen = false
  let last: Promise<void> = Promise.resolve()

  const open = async (address: Ipv4): Promise<void> => {
    try {
      const socket = await bindSocket({ address, port })
      socket.on('message', (bytes: Buffer, { port: sourcePort }: RemoteInfo) =>
        receive({ bytes, receivedOn: undefined, receivedAt: address, sourcePort, onProxyPort: true }),
      )
      socket.on('error', (error) => warn(`dhcp: ${error.message}`))
      sockets.set(address, socket)
    } catch (error) {
      warn(`dhcp: UEFI machines beside another DHCP server will not boot: ${(error as Error).message}`)
    }
  }
  const closeAll = async (): Promise<void> => {
    const closing = [...sockets.values()].map((socket) => new Promise<void>((resolve) => socket.close(() => resolve())))
    sockets.clear()
    await Promise.all(closing)
  }
  /** One change after the other: edits may come faster than sockets open. */
  const settle = async (): Promise<void> => {
    const wanted = isWanted && !isClosed
    if (wanted === isOpen) return
    isOpen = wanted
    if (!wanted) return await closeAll()
    for (const address of addresses) await open(address)
  }
  const follow = (wanted: boolean): Promise<void> => {
    isWanted = wanted
    last = last.then(settle)
    return last
  }
  return {
    senderOf: (address) => sockets.get(address),
    follow,
    close: () => {
      isClosed = true
      return follow(false)
    },
  }
}
