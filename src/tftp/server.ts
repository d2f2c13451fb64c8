/** The TFTP server: owns the request sockets and the clock, and tells whose datagram it is. What a request gets: `service.ts`. */
import { decideRepeat } from './admission.ts'
import { openCounters, type TftpCounters } from './counters.ts'
import { TICK_MS, TRANSFERS_MAX } from './limits.ts'
import { ERROR_CODE, encodeError, OPCODE, parsePacket } from './packet.ts'
import { type Place, Places } from './places.ts'
import type { TftpClient } from './routes.ts'
import type { TftpServerOptions } from './server-options.ts'
import { TftpService } from './service.ts'
import { openSockets, type RequestPort, type TftpSockets } from './sockets.ts'

export type { TftpServerOptions } from './server-options.ts'

export interface TftpServer {
  close(): Promise<void>
  readonly port: number
  readonly counters: Readonly<TftpCounters>
}

/**
 * After the poll phase, not in the timer phase: when the loop is late, the ACKs that wait in the sockets are read first,
 * and do not count as missing. Otherwise an overloaded server resends what has arrived, and stays overloaded.
 */
function everyInterval(intervalMs: number, run: () => void): () => void {
  const timer = setInterval(() => setImmediate(run), intervalMs)
  return () => clearInterval(timer)
}

class Server implements TftpServer {
  readonly counters = openCounters()
  readonly #o: TftpServerOptions
  readonly #sockets: TftpSockets
  readonly #places: Places
  readonly #service: TftpService
  readonly #ports: RequestPort[] = []
  #stopTicking: (() => void) | undefined
  #closed = false

  constructor(options: TftpServerOptions) {
    this.#o = options
    this.#sockets = options.sockets ?? openSockets(options.singlePort ?? false)
    this.#places = new Places(options.transfersMax ?? TRANSFERS_MAX, this.counters)
    this.#service = new TftpService(options, this.#sockets, this.#places, this.counters, () => {
      if (this.#places.hasWaiting() && !this.#closed) this.#startWaiting(this.#o.now())
    })
  }

  get port(): number {
    return this.#ports[0]?.port ?? 0
  }

  async open(): Promise<void> {
    let port = this.#o.port ?? 69
    const addresses = this.#o.addresses.length > 0 ? this.#o.addresses : ['0.0.0.0']
    try {
      for (const address of addresses) {
        const box: { port?: RequestPort } = {}
        const requestPort = await this.#sockets.listen(
          address,
          port,
          (bytes, client) => box.port && this.#takeDatagram(box.port, bytes, client),
          (fault) => this.#o.log.warn({ address, fault: fault.message }, 'TFTP request socket'),
        )
        box.port = requestPort
        this.#ports.push(requestPort)
        port = requestPort.port
      }
    } catch (fault) {
      await this.close()
      throw fault
    }
    this.#stopTicking = (this.#o.every ?? everyInterval)(TICK_MS, () => this.#tick())
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#stopTicking?.()
    this.#places.dropWaiting()
    for (const place of [...this.#places.all()]) place.session?.end({ kind: 'fault', message: 'server stopped' })
    this.#places.clear()
    await Promise.all(this.#ports.map((port) => port.close()))
    await this.#service.close()
  }

  #tick(): void {
    if (this.#closed) return
    // After a shortage of sockets: twenty more places a second, up to the configured number.
    this.#places.grow()
    const nowMs = this.#o.now()
    for (const place of this.#places.all()) {
      const session = place.session
      if (session && session.deadlineMs <= nowMs) session.takeTick(nowMs)
    }
    this.#startWaiting(nowMs)
  }

  #takeDatagram(from: RequestPort, bytes: Buffer, client: TftpClient): void {
    if (this.#closed) return
    const key = `${from.address} ${client.ip}:${client.port}`
    const place = this.#places.at(key)
    const isRequest = bytes.length > 1 && bytes[0] === 0 && (bytes[1] === OPCODE.RRQ || bytes[1] === OPCODE.WRQ)
    if (!isRequest) {
      this.#takeStray(from, bytes, client, place)
      return
    }
    const nowMs = this.#o.now()
    if (place) {
      const heardMs = place.session?.heardMs ?? Number.NEGATIVE_INFINITY
      if (decideRepeat({ request: place.request.bytes, heardMs }, bytes, nowMs) === 'duplicate') {
        this.counters.duplicates += 1
        return
      }
      this.#places.forget(place)
      place.session?.end({ kind: 'replaced' })
    }
    const packet = parsePacket(bytes)
    if ('fault' in packet || (packet.opcode !== OPCODE.RRQ && packet.opcode !== OPCODE.WRQ)) {
      this.counters.malformed += 1
      this.#o.log.debug({ ip: client.ip, fault: packet }, 'malformed TFTP request')
      return
    }
    this.counters.requests += 1
    const admitted = this.#places.admit(key, { sinceMs: nowMs, bytes: Buffer.from(bytes), packet, client, from })
    if (admitted) this.#service.start(admitted)
  }

  /** On the request port, anything but a request belongs to a single-port transfer or to nothing. */
  #takeStray(from: RequestPort, bytes: Buffer, client: TftpClient, place: Place | undefined): void {
    if (this.#o.singlePort && place?.session) {
      place.session.takeDatagram(bytes, this.#o.now())
      return
    }
    const packet = parsePacket(bytes)
    if ('fault' in packet) this.counters.malformed += 1
    // RFC 1350 §4: a wrong transfer id is answered with an error, an ERROR with nothing.
    else if (packet.opcode !== OPCODE.ERROR) {
      from.sendTo(encodeError(ERROR_CODE.unknownTransferId, 'unknown transfer'), client)
    }
  }

  #startWaiting(nowMs: number): void {
    for (let place = this.#places.admitWaiting(nowMs); place; place = this.#places.admitWaiting(nowMs))
      this.#service.start(place)
  }
}

/** @throws when an address cannot be bound */
export async function openTftpServer(options: TftpServerOptions): Promise<TftpServer> {
  const server = new Server(options)
  await server.open()
  return server
}
