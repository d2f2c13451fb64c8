/**
 * The npm package `tftp2`, behind one door. What holds in it: its `Server` and `Connection` are plain dgram sockets with
 * TFTP methods, its `Packet` reads and writes well-formed RRQ, WRQ, DATA and ACK. What does not hold is in
 * docs/dependencies.md, each point with a check; here its packet handler and its transfers are replaced.
 */
import type { RemoteInfo, Socket } from 'node:dgram'
import { createRequire } from 'node:module'

interface Tftp2Packet {
  opcode: number
  filename?: string
  mode?: string
  block?: number
  data?: Buffer
  code?: number
  message?: string
}
interface Tftp2PacketClass {
  readonly OPCODE: Readonly<Record<'RRQ' | 'WRQ' | 'DATA' | 'ACK' | 'ERROR', number>>
  parse(bytes: Buffer): Tftp2Packet
  encode(packet: Tftp2Packet): Buffer | undefined
  createRequest(opcode: number, filename: string, mode?: string): Buffer
  createData(block: number, data: Buffer): Buffer
  createAck(block: number): Buffer
}
interface Tftp2ServerSocket extends Socket {
  handleMessage(message: Buffer, rinfo: RemoteInfo): unknown
  listen(port: number): Promise<void>
}
interface Tftp2Client {
  close(): unknown
  read(filename: string, push: (data: Buffer) => unknown, done: () => void): Promise<void>
  write(filename: string, data: Buffer): Promise<void>
}
interface Tftp2 {
  readonly Client: (host: string, port: number, options?: { BLOCK_SIZE?: number }) => Tftp2Client
  readonly Packet: Tftp2PacketClass
  readonly Server: new () => Tftp2ServerSocket
}

const require = createRequire(import.meta.url)
// The package brings no types: these casts are the boundary.
const tftp2 = require('tftp2') as Tftp2
const Connection = require('tftp2/connection.js') as new (peer: undefined) => Socket

export const { Client, Packet, Server } = tftp2

export type OnDatagram = (bytes: Buffer, from: RemoteInfo) => void

/** The socket that takes requests: the package's server with our handler in the place of its own. */
export class RequestSocket extends tftp2.Server {
  onDatagram: OnDatagram | undefined

  override handleMessage(bytes: Buffer, from: RemoteInfo): void {
    this.onDatagram?.(bytes, from)
  }
}

/** The socket of one transfer. Without a peer: given one, the package overwrites the socket's `address` method. */
export class TransferSocket extends Connection {
  constructor() {
    super(undefined)
  }
}
