/** One datagram through the room: parse → decide → leases → encode → send → event. No sockets, no timers. */
import type { Cluster, Ipv4, Snapshot } from '../cluster/model.ts'
import type { EmitEvent } from '../timeline/event.ts'
import { decideDhcp } from './decide.ts'
import type { DhcpAnswer, DhcpContext, DhcpDecision, Reason } from './decision.ts'
import type { LeaseStore } from './leases.ts'
import { limits } from './limits.ts'
import type { InterfaceAddress } from './link.ts'
import { encodePacket, parsePacket } from './packet.ts'
import { StrangerSampler } from './strangers.ts'

export interface Datagram {
  readonly bytes: Uint8Array
  /** Receiving interface, when its socket is bound to a device; undefined: the operating system did not say. */
  readonly receivedOn: string | undefined
  readonly sourcePort: number
  /** Our address it was sent to, when its socket is bound to one. */
  readonly receivedAt?: Ipv4 | undefined
  /** It came to the ProxyDHCP port, 4011. */
  readonly onProxyPort?: boolean
}

export interface OutgoingDatagram {
  readonly bytes: Uint8Array
  readonly address: string
  readonly port: number
  /** Our address to send from: decides the interface a broadcast leaves by. */
  readonly from: Ipv4
  /** Port 4011 answers from port 4011. */
  readonly fromProxyPort: boolean
}

export interface DhcpServiceOptions {
  readonly cluster: Cluster
  readonly interfaces: readonly InterfaceAddress[]
  readonly leases: LeaseStore
  readonly emit: EmitEvent
  readonly now: () => number
  readonly send: (datagram: OutgoingDatagram) => void
  readonly serverPort: number
  readonly clientPort: number
  /** Instead of site.httpport in boot file URLs. */
  readonly httpPort?: number
  readonly log: { warn(message: string): void; info(message: string): void }
}

export interface DhcpCounters {
  received: number
  malformed: number
  answered: number
  silent: number
  sent: number
  /** ACKs given up: the disk failed or fell behind. */
  notDurable: number
  optionsDropped: number
  sendErrors: number
  strangerEventsSuppressed: number
  byMessage: Record<string, number>
}

export class DhcpService {
  readonly counters: DhcpCounters = {
    received: 0,
    malformed: 0,
    answered: 0,
    silent: 0,
    sent: 0,
    notDurable: 0,
    optionsDropped: 0,
    sendErrors: 0,
    strangerEventsSuppressed: 0,
    byMessage: {},
  }
  readonly #options: DhcpServiceOptions
  readonly #strangers = new StrangerSampler()
  #snapshot: Snapshot | undefined
  #onlyInterface: string | undefined
  #lastFaultLogMs = Number.NEGATIVE_INFINITY

  constructor(options: DhcpServiceOptions) {
    this.#options = options
  }

  /** Never throws on what came from the network. Returns what was decided, for tests and replay. */
  receive(datagram: Datagram): DhcpDecision | undefined {
    this.counters.received += 1
    const nowMs = this.#options.now()
    if (datagram.bytes.length > limits.requestBytes) return this.#malformed('too long', datagram, nowMs)
    const packet = parsePacket(datagram.bytes)
    if ('fault' in packet) return this.#malformed(`${packet.fault} at byte ${packet.offset}`, datagram, nowMs)
    const decision = decideDhcp(packet, this.#context(datagram, nowMs))
    this.#count(decision.request)
    this.#emitRequest(decision, nowMs)
    this.#carryOut(decision, datagram, nowMs)
    return decision
  }

  /** The one interface with an address inside a networks row; undefined when there are several, or none. */
  get onlyInterface(): string | undefined {
    return this.#onlyInterface
  }

  /** Takes over a new snapshot; done before the next request anyway. */
  refresh(): Snapshot {
    const { cluster, leases, interfaces } = this.#options
    const snapshot = cluster.current
    if (snapshot === this.#snapshot) return snapshot
    leases.applySnapshot(snapshot)
    const serving = interfaces.filter(({ address }) => snapshot.networkOf(address) !== undefined)
    const names = new Set(serving.map(({ name }) => name))
    this.#onlyInterface = names.size === 1 ? serving[0]?.name : undefined
    this.#snapshot = snapshot
    return snapshot
  }

  #context(datagram: Datagram, nowMs: number): DhcpContext {
    const { leases, interfaces, httpPort } = this.#options
    const snapshot = this.refresh()
    const receivedOn = datagram.receivedOn ?? this.#onlyInterface
    const { receivedAt, onProxyPort = false } = datagram
    const http = httpPort ?? snapshot.site.httpport
    return { snapshot, interfaces, receivedOn, receivedAt, onProxyPort, leases, nowMs, httpPort: http }
  }

  #carryOut(decision: DhcpDecision, datagram: Datagram, nowMs: number): void {
    const { leases } = this.#options
    const { lease } = decision
    if (decision.kind === 'silence') {
      this.counters.silent += 1
      if (lease?.kind === 'release') leases.release(lease.link.network, lease.client, lease.ip, nowMs)
      else if (lease?.kind === 'decline') leases.decline(lease.link.network, lease.client, lease.ip, nowMs)
      else if (lease?.kind === 'withdraw') leases.withdrawOffer(lease.link.network, lease.client)
      return
    }
    if (lease?.kind === 'offer' && !leases.offer(lease.link.network, lease.client, lease.ip, nowMs)) return
    if (lease?.kind !== 'bind') {
      this.#reply(decision, datagram, nowMs)
      return
    }
    if (leases.saturated) {
      this.counters.notDurable += 1
      return
    }
    const { network } = lease.link
    const written = leases.bind(network, lease.client, lease.ip, lease.leaseSeconds, nowMs, lease.hostname)
    // RFC 2131 §4.3.1: the binding is committed to storage before the DHCPACK is sent.
    written?.then(
      () => this.#reply(decision, datagram, nowMs),
      (error: unknown) => {
        this.counters.notDurable += 1
        this.#options.log.warn(`dhcp: lease of ${lease.ip} not stored, client not answered: ${String(error)}`)
      },
    )
  }

  #reply(answer: DhcpAnswer, datagram: Datagram, nowMs: number): void {
    const { serverPort, clientPort, send } = this.#options
    const { bytes, dropped } = encodePacket(answer.packet, answer.maximumBytes)
    const { address, port } = answer.destination
    const { sourcePort, onProxyPort = false } = datagram
    const ports = { server: serverPort, client: clientPort, relay: sourcePort, source: sourcePort }
    const from = this.#sourceAddress(answer, datagram)
    send({ bytes, address, port: ports[port], from, fromProxyPort: onProxyPort })
    this.counters.answered += 1
    this.counters.sent += 1
    this.counters.optionsDropped += dropped.length
    this.#count(answer.reply)
    this.#emitReply(answer, dropped, nowMs)
  }

  /** A broadcast must leave by the interface the client is on, also when its ciaddr belongs to another network. */
  #sourceAddress(answer: DhcpAnswer, datagram: Datagram): Ipv4 {
    const receivedOn = datagram.receivedOn ?? this.#onlyInterface
    if (receivedOn === undefined || answer.destination.address !== '255.255.255.255') return answer.from
    const addresses = this.#options.interfaces.filter(({ name }) => name === receivedOn)
    if (addresses.some(({ address }) => address === answer.from)) return answer.from
    return addresses[0]?.address ?? answer.from
  }

  #emitRequest(decision: DhcpDecision, nowMs: number): void {
    if (decision.stranger && !this.#strangers.wants(`${decision.mac} ${decision.request}`, nowMs)) {
      this.counters.strangerEventsSuppressed = this.#strangers.suppressed
      return
    }
    this.#options.emit({
      atMs: nowMs,
      service: 'dhcp',
      event: decision.request,
      ...(decision.node ? { node: decision.node } : {}),
      ...(decision.mac ? { mac: decision.mac } : {}),
      ...(decision.ip ? { ip: decision.ip } : {}),
      ...(decision.kind === 'silence' ? { detail: renderReasons(decision.reasons) } : {}),
      // A refused request is told by the NAK event that follows.
      ok: decision.kind === 'answer' || decision.ok,
    })
  }

  #emitReply(answer: DhcpAnswer, dropped: readonly number[], nowMs: number): void {
    // One that is told to boot something else has come further: from its firmware to a loader.
    const told = `${answer.mac} ${answer.reply} ${answer.bootFile ?? ''}`
    if (answer.stranger && !this.#strangers.wants(told, nowMs)) return
    const left = dropped.length > 0 ? `; options that did not fit: ${dropped.join(', ')}` : ''
    this.#options.emit({
      atMs: nowMs,
      service: 'dhcp',
      event: answer.reply === 'INFORM-ACK' ? 'ACK' : answer.reply,
      ...(answer.node ? { node: answer.node } : {}),
      ...(answer.mac ? { mac: answer.mac } : {}),
      ...(answer.ip ? { ip: answer.ip } : {}),
      ...(answer.bootFile ? { object: answer.bootFile } : {}),
      detail: renderReasons(answer.reasons) + left,
      ok: answer.ok,
    })
  }

  #malformed(what: string, { bytes }: Datagram, nowMs: number): undefined {
    this.counters.malformed += 1
    if (nowMs - this.#lastFaultLogMs < limits.faultLogMs) return
    this.#lastFaultLogMs = nowMs
    this.#options.log.warn(`dhcp: dropped a malformed datagram of ${bytes.length} bytes: ${what}`)
  }

  #count(name: string): void {
    this.counters.byMessage[name] = (this.counters.byMessage[name] ?? 0) + 1
  }
}

/** `text [row] (clause); …` */
export function renderReasons(reasons: readonly Reason[]): string {
  return reasons
    .map(({ text, row, clause }) => `${text}${row ? ` [${row}]` : ''}${clause ? ` (${clause})` : ''}`)
    .join('; ')
}
