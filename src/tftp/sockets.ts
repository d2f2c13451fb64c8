/** The sockets of the server, behind an interface that tests replace with an in-memory network. */
import { createSocket, type Socket } from 'node:dgram'
import { RECEIVE_BUFFER_BYTES } from './limits.ts'
import type { TftpClient } from './routes.ts'
import { RequestSocket, TransferSocket } from './tftp2.ts'

/** The way to one client. `send` may keep the packet until the end of the turn: do not write into it before. */
export interface ClientPort {
  send(packet: Buffer): void
  close(): void
}

export interface RequestPort {
  readonly address: string
  readonly port: number
  sendTo(packet: Buffer, client: TftpClient): void
  close(): Promise<void>
}

export interface TftpSockets {
  /** @throws when the address cannot be bound */
  listen(
    address: string,
    port: number,
    onDatagram: (bytes: Buffer, client: TftpClient) => void,
    onFault: (fault: Error) => void,
  ): Promise<RequestPort>
  /** A new port of `localAddress` that hears only this client. @throws when there is no socket to be had */
  connect(
    localAddress: string,
    client: TftpClient,
    onDatagram: (bytes: Buffer) => void,
    onFault: (fault: Error) => void,
  ): Promise<ClientPort>
}

function settled(socket: Socket, start: (done: () => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    start(() => {
      socket.off('error', reject)
      resolve()
    })
  })
}

async function bound(socket: Socket, address: string, port: number): Promise<void> {
  try {
    await settled(socket, (done) => socket.bind({ address, port, exclusive: true }, done))
  } catch (fault) {
    socket.close()
    throw fault
  }
}

/** Unconnected sends look the address up each time; ours are addresses already, so the answer is immediate. */
const lookup = (
  address: string,
  _options: unknown,
  answer: (fault: null, address: string, family: number) => void,
): void => answer(null, address, 4)

/** @param singlePort every answer leaves from the request socket, which then needs the fast `lookup` */
export function openSockets(singlePort: boolean): TftpSockets {
  return {
    async listen(address, port, onDatagram, onFault) {
      let socket: Socket
      if (singlePort) {
        socket = createSocket({ type: 'udp4', lookup: lookup as never })
        socket.on('message', (bytes, from) => onDatagram(bytes, { ip: from.address, port: from.port }))
      } else {
        const requests = new RequestSocket()
        requests.onDatagram = (bytes, from) => onDatagram(bytes, { ip: from.address, port: from.port })
        socket = requests
      }
      await bound(socket, address, port)
      socket.on('error', onFault)
      try {
        socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES)
      } catch {
        // The kernel's own size has to do.
      }
      return {
        address,
        port: socket.address().port,
        sendTo: (packet, client) => socket.send(packet, client.port, client.ip),
        close: () => new Promise((resolve) => socket.close(() => resolve())),
      }
    },

    async connect(localAddress, client, onDatagram, onFault) {
      const socket = new TransferSocket()
      await bound(socket, localAddress, 0)
      try {
        await settled(socket, (done) => socket.connect(client.port, client.ip, done))
      } catch (fault) {
        socket.close()
        throw fault
      }
      // Connected: the kernel drops what other hosts send to this port (RFC 1350 §4: wrong transfer id), except for
      // what came in before `connect`.
      socket.on('message', (bytes, from) => {
        if (from.port === client.port && from.address === client.ip) onDatagram(bytes)
      })
      socket.on('error', onFault)
      return { send: (packet) => socket.send(packet), close: () => socket.close() }
    },
  }
}
