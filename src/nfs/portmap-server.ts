/** The portmapper's sockets: UDP and TCP on one port. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { createServer, type Server, type Socket } from 'node:net'
import { type BufferPool, serveConnection } from './connection.ts'
import { limits } from './limits.ts'
import { PORTMAP_PROGRAM, portmapProgram, type Registration } from './portmap.ts'
import { answerRecord } from './program.ts'
import { XdrWriter } from './xdr.ts'

export interface PortmapOptions {
  readonly host: string
  readonly port: number
  readonly registrations: readonly Registration[]
  readonly chunks: BufferPool
  readonly onMalformed: (clientIp: string, fault: string, offset: number) => void
}

export interface Portmap {
  readonly port: number
  close(): Promise<void>
}

function listenTcp(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}

function bindUdp(socket: UdpSocket, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.bind({ address: host, port }, () => resolve())
  })
}

/** undefined: the port is taken or may not be used; the service does without. */
export async function openPortmap(options: PortmapOptions): Promise<Portmap | undefined> {
  const sockets = new Set<Socket>()
  const registrations: Registration[] = [...options.registrations]
  const programs = new Map([[PORTMAP_PROGRAM, portmapProgram(registrations, options.host)]])
  const tcp = createServer((socket) => {
    if (sockets.size >= limits.connectionsPerClient) return socket.destroy()
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    const clientIp = (socket.remoteAddress ?? '').replace(/^::ffff:/, '')
    serveConnection({ socket, clientIp, programs, chunks: options.chunks, onMalformed: options.onMalformed })
    return undefined
  })
  const udp = createSocket('udp4')
  let port: number
  try {
    port = await listenTcp(tcp, options.host, options.port)
    await bindUdp(udp, options.host, port)
  } catch (error) {
    tcp.close()
    udp.close()
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'EADDRINUSE' || code === 'EACCES') return undefined
    throw error
  }
  for (const version of [4, 3, 2]) {
    for (const netid of ['tcp', 'udp'] as const) registrations.push({ program: PORTMAP_PROGRAM, version, netid, port })
  }
  udp.on('error', () => {})
  udp.on('message', (datagram, peer) => {
    if (datagram.length > limits.portmapDatagramBytes) return options.onMalformed(peer.address, 'too-long', 0)
    const out = new XdrWriter(Buffer.allocUnsafe(1024))
    const reply = answerRecord(programs, datagram, peer.address, out)
    if (reply === 'now') udp.send(out.bytes(), peer.port, peer.address)
    else if (typeof reply === 'object' && 'fault' in reply) {
      options.onMalformed(peer.address, reply.fault, reply.offset)
    }
  })
  return {
    port,
    async close() {
      for (const socket of sockets) socket.destroy()
      await Promise.all([
        new Promise<void>((resolve) => tcp.close(() => resolve())),
        new Promise<void>((resolve) => udp.close(() => resolve())),
      ])
    },
  }
}
