/** One admitted request from its name to its end: what is named, the port to the client, the session, the event. */
import { findContent, openContent } from './content.ts'
import type { TftpCounters } from './counters.ts'
import { parseName } from './names.ts'
import { decideOptions, type Negotiated } from './options.ts'
import { decideOutcome } from './outcome.ts'
import { ERROR_CODE, encodeError, OPCODE } from './packet.ts'
import type { Place, Places } from './places.ts'
import { ReadSession, type Session, type SessionEnd } from './read-session.ts'
import type { TftpServerOptions } from './server-options.ts'
import { FileShelf } from './shelf.ts'
import type { ClientPort, TftpSockets } from './sockets.ts'
import { Uploads } from './uploads.ts'

export class TftpService {
  readonly #o: TftpServerOptions
  readonly #sockets: TftpSockets
  readonly #places: Places
  readonly #counters: TftpCounters
  readonly #onFree: () => void
  readonly #shelf = new FileShelf()
  readonly #uploads: Uploads | undefined

  /** @param onFree a place has become free */
  constructor(
    options: TftpServerOptions,
    sockets: TftpSockets,
    places: Places,
    counters: TftpCounters,
    onFree: () => void,
  ) {
    this.#o = options
    this.#sockets = sockets
    this.#places = places
    this.#counters = counters
    this.#onFree = onFree
    this.#uploads = options.upload && new Uploads(options.upload)
  }

  start(place: Place): void {
    const run = place.request.packet.opcode === OPCODE.RRQ ? this.#read(place) : this.#write(place)
    run.catch((fault: Error) => this.#refuse(place, ERROR_CODE.other, 'server fault', fault.message))
  }

  async close(): Promise<void> {
    await this.#shelf.close()
  }

  async #read(place: Place): Promise<void> {
    const { packet, client } = place.request
    if (packet.mode !== 'octet' && packet.mode !== 'netascii') {
      this.#refuse(place, ERROR_CODE.illegalOperation, `mode ${packet.mode} is not supported`)
      return
    }
    const name = parseName(packet.filename, this.#o.tftpdir)
    if (name === undefined) {
      this.#refuse(place, ERROR_CODE.accessViolation, 'not a name inside the TFTP root')
      return
    }
    const content = await findContent(this.#o.routes, name, client)
    if (content?.kind === 'refused') {
      this.#refuse(place, content.code, content.message)
      return
    }
    const open = content && (await openContent(content, packet.mode, this.#shelf))
    if (!open) {
      this.#refuse(place, ERROR_CODE.noSuchFile, 'no such file')
      return
    }
    const negotiated = decideOptions(packet.options, 'read', open.source.sizeBytes, this.#o.options)
    const port = await this.#connect(place)
    if (!port) {
      open.release()
      return
    }
    const session = new ReadSession(open.source, negotiated, port, this.#o.now, (end) => {
      open.release()
      this.#finish(place, negotiated, session, end, session.awaitsLastAck)
      port.close()
    })
    place.session = session
    session.begin()
  }

  async #write(place: Place): Promise<void> {
    const { packet } = place.request
    const name = parseName(packet.filename, this.#o.tftpdir)
    if (!this.#uploads || name === undefined) {
      this.#refuse(place, ERROR_CODE.accessViolation, 'this server is read-only')
      return
    }
    const negotiated = decideOptions(packet.options, 'write', undefined, this.#o.options)
    const refusal = await this.#uploads.decideUpload(name, packet.mode, negotiated.announcedBytes)
    if (refusal) {
      this.#refuse(place, refusal.code, refusal.message)
      return
    }
    const port = await this.#connect(place)
    if (!port) return
    const session = this.#uploads.open(name, packet.mode, negotiated, port, this.#o.now, (end) => {
      this.#finish(place, negotiated, session, end, false)
      port.close()
    })
    place.session = session
    session.begin()
  }

  /** The way to the client; undefined when the request has been replaced meanwhile or no socket can be had. */
  async #connect(place: Place): Promise<ClientPort | undefined> {
    if (!this.#places.holds(place)) return undefined
    const { from, client } = place.request
    if (this.#o.singlePort) return { send: (bytes) => from.sendTo(bytes, client), close: () => {} }
    try {
      const port = await this.#sockets.connect(
        from.address,
        client,
        (bytes) => place.session?.takeDatagram(bytes, this.#o.now()),
        () => place.session?.end({ kind: 'gone' }),
      )
      if (this.#places.holds(place)) return port
      port.close()
    } catch (fault) {
      // Out of descriptors or ports: what runs goes on, what comes now waits for its client's next try.
      const transfersMax = this.#places.shrink()
      this.#o.log.warn({ fault: String(fault), transfersMax }, 'no socket for a TFTP transfer')
      this.#counters.dropped += 1
      this.#places.forget(place)
      this.#emit(place, 0, false, 'no socket to be had')
    }
    return undefined
  }

  #refuse(place: Place, code: number, message: string, detail = message): void {
    if (!this.#places.holds(place)) return
    if (code === ERROR_CODE.noSuchFile) this.#counters.notFound += 1
    else this.#counters.refused += 1
    place.request.from.sendTo(encodeError(code, message), place.request.client)
    this.#places.forget(place)
    this.#emit(place, 0, false, detail)
    this.#onFree()
  }

  #finish(place: Place, negotiated: Negotiated, session: Session, end: SessionEnd, awaitsLastAck: boolean): void {
    const { ok, words } = decideOutcome(end, session.bytesDone, awaitsLastAck)
    if (!ok) this.#counters.failed += 1
    else if (end.kind === 'client-error') this.#counters.stopped += 1
    else this.#counters.completed += 1
    this.#counters.bytes += session.bytesDone
    this.#counters.resent += session.resent
    this.#places.forget(place)
    const granted = negotiated.accepted.map(([name, value]) => `${name.toLowerCase()} ${value}`)
    const resent = session.resent > 0 ? [`${session.resent} blocks resent`] : []
    const detail = [...(words ? [words] : []), place.request.packet.mode, ...granted, ...resent].join(', ')
    this.#emit(place, session.bytesDone, ok, detail)
    this.#onFree()
  }

  #emit(place: Place, bytes: number, ok: boolean, detail: string): void {
    const { packet, client, sinceMs } = place.request
    const ip = client.ip
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
      durationMs: atMs - sinceMs,
    })
  }
}
