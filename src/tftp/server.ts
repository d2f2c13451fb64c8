/** The TFTP server: takes requests, finds what they name, and gives each transfer its port, its turns and its end. */
import type { EmitEvent } from '../timeline/event.ts'
import { decideRepeat, RequestQueue } from './admission.ts'
import { findContent, openContent } from './content.ts'
import { openCounters, type TftpCounters } from './counters.ts'
import { QUEUE_MAX, TICK_MS, TRANSFERS_MAX } from './limits.ts'
import { parseName } from './names.ts'
import { decideOptions, type Negotiated, type OptionBounds } from './options.ts'
import { decideOutcome } from './outcome.ts'
import { ERROR_CODE, encodeError, OPCODE, parsePacket, type RequestPacket } from './packet.ts'
import { ReadSession, type Session, type SessionEnd } from './read-session.ts'
import type { TftpClient, TftpRoute } from './routes.ts'
import { FileShelf } from './shelf.ts'
import { type ClientPort, openSockets, type RequestPort, type TftpSockets } from './sockets.ts'
import { type UploadOptions, Uploads } from './uploads.ts'

export interface TftpLog {
  warn(fields: object, message: string): void
  debug(fields: object, message: string): void
}

export interface TftpServerOptions {
  /** One request socket each; transfers of a request leave from the address it was sent to. */
  readonly addresses: readonly string[]
  /** 69 unless told; 0: any free port. */
  readonly port?: number
  readonly routes: readonly TftpRoute[]
  /** Everything from the request port: for firewalls and NAT that know nothing of TFTP. */
  readonly singlePort?: boolean
  readonly emit: EmitEvent
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly nodeOf?: (ip: string) => string | undefined
  readonly upload?: UploadOptions
  readonly log: TftpLog
  /** Directory that clients may put in front of a name. Default `/tftpboot`. */
  readonly tftpdir?: string
  readonly options?: OptionBounds
  readonly transfersMax?: number
  /** For tests: another network and another clock. */
  readonly sockets?: TftpSockets
  readonly every?: (intervalMs: number, run: () => void) => () => void
}

export interface TftpServer {
  close(): Promise<void>
  readonly port: number
  readonly counters: Readonly<TftpCounters>
}

/** One client port that is being served. */
interface Place {
  readonly key: string
  readonly request: Buffer
  readonly client: TftpClient
  readonly from: RequestPort
  readonly startedMs: number
  session: Session | undefined
}
interface WaitingRequest {
  readonly sinceMs: number
  readonly request: Buffer
  readonly packet: RequestPacket
  readonly client: TftpClient
  readonly from: RequestPort
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
  readonly #shelf = new FileShelf()
  readonly #uploads: Uploads | undefined
  readonly #places = new Map<string, Place>()
  readonly #queue = new RequestQueue<WaitingRequest>(QUEUE_MAX)
  readonly #ports: RequestPort[] = []
  #transfersMax: number
  #stopTicking: (() => void) | undefined
  #closed = false

  constructor(options: TftpServerOptions) {
    this.#o = options
    this.#sockets = options.sockets ?? openSockets(options.singlePort ?? false)
    this.#uploads = options.upload && new Uploads(options.upload)
    this.#transfersMax = options.transfersMax ?? TRANSFERS_MAX
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
    this.#queue.clear()
    for (const place of [...this.#places.values()]) place.session?.end({ kind: 'fault', message: 'server stopped' })
    this.#places.clear()
    await Promise.all(this.#ports.map((port) => port.close()))
    await this.#shelf.close()
  }

  #tick(): void {
    if (this.#closed) return
    // After a shortage of sockets: twenty more places a second, up to the configured number.
    this.#transfersMax = Math.min(this.#transfersMax + 1, this.#o.transfersMax ?? TRANSFERS_MAX)
    const nowMs = this.#o.now()
    for (const place of this.#places.values()) {
      const session = place.session
      if (session && session.deadlineMs <= nowMs) session.takeTick(nowMs)
    }
    this.#startWaiting(nowMs)
  }

  #takeDatagram(from: RequestPort, bytes: Buffer, client: TftpClient): void {
    if (this.#closed) return
    const key = `${from.address} ${client.ip}:${client.port}`
    const place = this.#places.get(key)
    const isRequest = bytes.length > 1 && bytes[0] === 0 && (bytes[1] === OPCODE.RRQ || bytes[1] === OPCODE.WRQ)
    if (!isRequest) {
      this.#takeStray(from, bytes, client, place)
      return
    }
    const nowMs = this.#o.now()
    if (place) {
      const heardMs = place.session?.heardMs ?? Number.NEGATIVE_INFINITY
      if (decideRepeat({ request: place.request, heardMs }, bytes, nowMs) === 'duplicate') {
        this.counters.duplicates += 1
        return
      }
      this.#forget(place)
      place.session?.end({ kind: 'replaced' })
    }
    const packet = parsePacket(bytes)
    if ('fault' in packet || (packet.opcode !== OPCODE.RRQ && packet.opcode !== OPCODE.WRQ)) {
      this.counters.malformed += 1
      this.#o.log.debug({ ip: client.ip, fault: packet }, 'malformed TFTP request')
      return
    }
    this.counters.requests += 1
    const waiting = { sinceMs: nowMs, request: Buffer.from(bytes), packet, client, from }
    if (this.#places.size < this.#transfersMax) this.#start(key, waiting)
    else if (this.#queue.add(key, waiting)) this.counters.queued += 1
    else this.counters.dropped += 1
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
    while (this.#places.size < this.#transfersMax && this.#queue.size > 0) {
      const next = this.#queue.take(nowMs)
      if (next && !this.#places.has(next.key)) this.#start(next.key, next.waiting)
    }
  }

  #start(key: string, { request, packet, client, from, sinceMs }: WaitingRequest): void {
    const place: Place = { key, request, client, from, startedMs: sinceMs, session: undefined }
    this.#places.set(key, place)
    this.counters.active = this.#places.size
    this.counters.activeMax = Math.max(this.counters.activeMax, this.#places.size)
    const run = packet.opcode === OPCODE.RRQ ? this.#read(place, packet) : this.#write(place, packet)
    run.catch((fault: Error) => this.#refuse(place, packet, ERROR_CODE.other, 'server fault', fault.message))
  }

  async #read(place: Place, packet: RequestPacket): Promise<void> {
    if (packet.mode !== 'octet' && packet.mode !== 'netascii') {
      this.#refuse(place, packet, ERROR_CODE.illegalOperation, `mode ${packet.mode} is not supported`)
      return
    }
    const name = parseName(packet.filename, this.#o.tftpdir)
    if (name === undefined) {
      this.#refuse(place, packet, ERROR_CODE.accessViolation, 'not a name inside the TFTP root')
      return
    }
    const content = await findContent(this.#o.routes, name, place.client)
    if (content?.kind === 'refused') {
      this.#refuse(place, packet, content.code, content.message)
      return
    }
    const open = content && (await openContent(content, packet.mode, this.#shelf))
    if (!open) {
      this.#refuse(place, packet, ERROR_CODE.noSuchFile, 'no such file')
      return
    }
    const negotiated = decideOptions(packet.options, 'read', open.source.sizeBytes, this.#o.options)
    const port = await this.#connect(place, packet)
    if (!port) {
      open.release()
      return
    }
    const session = new ReadSession(open.source, negotiated, port, this.#o.now, (end) => {
      open.release()
      this.#finish(place, packet, negotiated, session, end, session.awaitsLastAck)
      port.close()
    })
    place.session = session
    session.begin()
  }

  async #write(place: Place, packet: RequestPacket): Promise<void> {
    const name = parseName(packet.filename, this.#o.tftpdir)
    if (!this.#uploads || name === undefined) {
      this.#refuse(place, packet, ERROR_CODE.accessViolation, 'this server is read-only')
      return
    }
    const negotiated = decideOptions(packet.options, 'write', undefined, this.#o.options)
    const refusal = await this.#uploads.decideUpload(name, packet.mode, negotiated.announcedBytes)
    if (refusal) {
      this.#refuse(place, packet, refusal.code, refusal.message)
      return
    }
    const port = await this.#connect(place, packet)
    if (!port) return
    const session = this.#uploads.open(name, packet.mode, negotiated, port, this.#o.now, (end) => {
      this.#finish(place, packet, negotiated, session, end, false)
      port.close()
    })
    place.session = session
    session.begin()
  }

  /** The way to the client; undefined when the request has been replaced meanwhile or no socket can be had. */
  async #connect(place: Place, packet: RequestPacket): Promise<ClientPort | undefined> {
    if (this.#places.get(place.key) !== place) return undefined
    const { from, client } = place
    if (this.#o.singlePort) return { send: (bytes) => from.sendTo(bytes, client), close: () => {} }
    try {
      const port = await this.#sockets.connect(
        from.address,
        client,
        (bytes) => place.session?.takeDatagram(bytes, this.#o.now()),
        () => place.session?.end({ kind: 'gone' }),
      )
      if (this.#places.get(place.key) === place) return port
      port.close()
    } catch (fault) {
      // Out of descriptors or ports: what runs goes on, what comes now waits for its client's next try.
      this.#transfersMax = Math.max(1, Math.min(this.#transfersMax, this.#places.size - 1))
      this.#o.log.warn({ fault: String(fault), transfersMax: this.#transfersMax }, 'no socket for a TFTP transfer')
      this.counters.dropped += 1
      this.#forget(place)
      this.#emit(place, packet, 0, false, 'no socket to be had')
    }
    return undefined
  }

  #forget(place: Place): void {
    if (this.#places.get(place.key) === place) this.#places.delete(place.key)
    this.counters.active = this.#places.size
  }

  #refuse(place: Place, packet: RequestPacket, code: number, message: string, detail = message): void {
    if (this.#places.get(place.key) !== place) return
    if (code === ERROR_CODE.noSuchFile) this.counters.notFound += 1
    else this.counters.refused += 1
    place.from.sendTo(encodeError(code, message), place.client)
    this.#forget(place)
    this.#emit(place, packet, 0, false, detail)
    if (this.#queue.size > 0) this.#startWaiting(this.#o.now())
  }

  #finish(
    place: Place,
    packet: RequestPacket,
    negotiated: Negotiated,
    session: Session,
    end: SessionEnd,
    awaitsLastAck: boolean,
  ): void {
    const { ok, words } = decideOutcome(end, session.bytesDone, awaitsLastAck)
    if (!ok) this.counters.failed += 1
    else if (end.kind === 'client-error') this.counters.stopped += 1
    else this.counters.completed += 1
    this.counters.bytes += session.bytesDone
    this.counters.resent += session.resent
    this.#forget(place)
    const granted = negotiated.accepted.map(([name, value]) => `${name.toLowerCase()} ${value}`)
    const resent = session.resent > 0 ? [`${session.resent} blocks resent`] : []
    this.#emit(
      place,
      packet,
      session.bytesDone,
      ok,
      [...(words ? [words] : []), packet.mode, ...granted, ...resent].join(', '),
    )
    if (this.#queue.size > 0 && !this.#closed) this.#startWaiting(this.#o.now())
  }

  #emit(place: Place, packet: RequestPacket, bytes: number, ok: boolean, detail: string): void {
    const ip = place.client.ip
    const node = this.#o.nodeOf?.(ip)
    const atMs = place.session?.completeMs ?? this.#o.now()
    this.#o.emit({
      atMs,
      service: 'tftp',
      event: packet.opcode === OPCODE.RRQ ? 'read' : 'write',
      ...(node === undefined ? {} : { node }),
      ip,
      object: packet.filename,
      detail,
      ok,
      bytes,
      durationMs: atMs - place.startedMs,
    })
  }
}

/** @throws when an address cannot be bound */
export async function openTftpServer(options: TftpServerOptions): Promise<TftpServer> {
  const server = new Server(options)
  await server.open()
  return server
}
