/** UDP sockets as this room needs them. */
import { createSocket, type Socket } from 'node:dgram'

/** Every send of an unconnected socket looks its address up; ours are addresses already, so the answer is immediate. */
const lookup = (
  address: string,
  _options: unknown,
  answer: (fault: null, address: string, family: number) => void,
): void => answer(null, address, 4)

/** Rejects with an error that says which place could not be taken. */
export function bindSocket(
  place: { readonly address: string; readonly port: number } | { readonly fd: number },
): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', reuseAddr: true, recvBufferSize: 4 * 1024 * 1024, lookup })
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      socket.close()
      const where = 'fd' in place ? `descriptor ${place.fd}` : `${place.address} port ${place.port}`
      reject(
        new Error(`DHCP cannot take ${where}: ${error.message}. Is another DHCP server running, or is this not root?`),
      )
    }
    socket.once('error', fail)
    socket.bind('fd' in place ? { fd: place.fd } : { address: place.address, port: place.port }, () => {
      socket.off('error', fail)
      resolve(socket)
    })
  })
}
