/** A whole DHCP service without sockets, disk or clock: datagrams in, datagrams out. */
import type { Cluster, Snapshot } from '../../src/cluster/model.ts'
import type { JournalDisk } from '../../src/dhcp/journal.ts'
import { openLeaseStore } from '../../src/dhcp/leases.ts'
import type { InterfaceAddress } from '../../src/dhcp/link.ts'
import { type DhcpPacket, messageTypeOf, parsePacket } from '../../src/dhcp/packet.ts'
import { DhcpService, type OutgoingDatagram } from '../../src/dhcp/service.ts'
import type { BootEvent } from '../../src/timeline/event.ts'
import { type FakeTables, fakeSnapshot, ip } from './fake-cluster.ts'
import { type RequestFields, requestBytes } from './requests.ts'

/** A disk that can tear its last write, or fail. */
export class MemoryDisk implements JournalDisk {
  text = ''
  failing = false
  writes = 0
  replaced = 0

  async read(): Promise<string> {
    return this.text
  }

  async replace(_file: string, text: string): Promise<void> {
    await this.#work()
    this.replaced += 1
    this.text = text
  }

  async openAppend() {
    return {
      write: async (text: string) => {
        await this.#work()
        this.writes += 1
        this.text += text
      },
      close: async () => undefined,
    }
  }

  async #work(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    if (this.failing) throw new Error('ENOSPC: no space left on device')
  }
}

export const ETH0: InterfaceAddress = { name: 'eth0', address: ip('10.77.0.1'), netmask: ip('255.255.255.0') }
export const ETH1: InterfaceAddress = { name: 'eth1', address: ip('10.77.1.1'), netmask: ip('255.255.255.0') }

export interface Reply extends DhcpPacket {
  readonly type: number | undefined
  readonly to: OutgoingDatagram
}

export interface HarnessOptions {
  readonly tables: FakeTables
  readonly disk?: MemoryDisk
  readonly interfaces?: readonly InterfaceAddress[]
  /** null: cannot be told. */
  readonly receivedOn?: string | null
  readonly nowMs?: number
}

export async function openHarness(options: HarnessOptions) {
  const disk = options.disk ?? new MemoryDisk()
  const interfaces = options.interfaces ?? [ETH0]
  const clock = { nowMs: options.nowMs ?? 1_700_000_000_000 }
  const events: BootEvent[] = []
  const warnings: string[] = []
  const outgoing: OutgoingDatagram[] = []
  const cluster: Cluster & { current: Snapshot } = {
    current: fakeSnapshot(options.tables),
    onChange: () => () => undefined,
  }
  const leases = await openLeaseStore({
    file: 'leases',
    now: () => clock.nowMs,
    ownAddresses: interfaces.map(({ address }) => address),
    warn: (message) => warnings.push(message),
    disk,
  })
  const service = new DhcpService({
    cluster,
    interfaces,
    leases,
    emit: (event) => events.push(event),
    now: () => clock.nowMs,
    send: (datagram) => outgoing.push(datagram),
    serverPort: 67,
    clientPort: 68,
    log: { warn: (message) => warnings.push(message), info: () => undefined },
  })
  const receivedOn = options.receivedOn === undefined ? 'eth0' : (options.receivedOn ?? undefined)

  const deliver = (bytes: Uint8Array, on = receivedOn) => service.receive({ bytes, receivedOn: on, sourcePort: 68 })
  /** Waits until nothing is on its way to the disk. */
  const settle = async () => {
    for (let turn = 0; turn < 8; turn += 1) await new Promise((resolve) => setImmediate(resolve))
  }
  /** Sends one request and gives the reply to it, as its client would parse it. */
  const ask = async (fields: RequestFields, on = receivedOn): Promise<Reply | undefined> => {
    const before = outgoing.length
    deliver(requestBytes(fields), on)
    await settle()
    const to = outgoing[before]
    if (!to) return undefined
    const packet = parsePacket(to.bytes)
    if ('fault' in packet) throw new Error(packet.fault)
    return { ...packet, type: messageTypeOf(packet), to }
  }
  return { service, leases, cluster, clock, disk, events, warnings, outgoing, deliver, settle, ask }
}
