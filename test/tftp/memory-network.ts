/** A network of queues with a clock of its own: it loses, doubles and reorders datagrams from a seeded generator. */
import type { TftpClient } from '../../src/tftp/routes.ts'
import type { TftpSockets } from '../../src/tftp/sockets.ts'

export interface Weather {
  readonly loss: number
  readonly duplicates: number
  /** Each datagram takes 1 ms and up to this much more. */
  readonly jitterMs: number
  readonly seed: number
}
export const FAIR: Weather = { loss: 0, duplicates: 0, jitterMs: 0, seed: 1 }

interface Due {
  readonly atMs: number
  readonly order: number
  readonly run: () => void
}
type Receive = (bytes: Buffer, from: TftpClient) => void

/** mulberry32 */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

const SERVER_IP = '10.77.0.1'

export class MemoryNetwork {
  nowMs = 0
  /** Datagrams by the port they were sent from, before any loss. */
  readonly sent: { readonly from: TftpClient; readonly to: TftpClient; readonly bytes: Buffer }[] = []
  connects = 0
  openPorts = 0
  refuseConnects = false
  readonly #weather: Weather
  readonly #random: () => number
  readonly #ports = new Map<string, Receive>()
  #due: Due[] = []
  #order = 0
  #nextPort = 20_000

  constructor(weather: Weather = FAIR) {
    this.#weather = weather
    this.#random = seeded(weather.seed)
  }

  at(afterMs: number, run: () => void): void {
    this.#due.push({ atMs: this.nowMs + afterMs, order: this.#order++, run })
  }

  every = (intervalMs: number, run: () => void): (() => void) => {
    let stopped = false
    const again = (): void => {
      if (stopped) return
      run()
      this.at(intervalMs, again)
    }
    this.at(intervalMs, again)
    return () => {
      stopped = true
    }
  }

  hear(at: TftpClient, receive: Receive): () => void {
    this.#ports.set(`${at.ip}:${at.port}`, receive)
    return () => this.#ports.delete(`${at.ip}:${at.port}`)
  }

  send(from: TftpClient, to: TftpClient, packet: Buffer): void {
    const bytes = Buffer.from(packet)
    this.sent.push({ from, to, bytes })
    const { loss, duplicates, jitterMs } = this.#weather
    const copies = this.#random() < loss ? 0 : this.#random() < duplicates ? 2 : 1
    for (let copy = 0; copy < copies; copy++) {
      this.at(1 + Math.floor(this.#random() * (jitterMs + 1)), () => {
        this.#ports.get(`${to.ip}:${to.port}`)?.(Buffer.from(bytes), from)
      })
    }
  }

  /** Runs until `done` or the clock passes `limitMs`. Waits for real promises (routes, files) after each event. */
  async run(done: () => boolean, limitMs: number, settle: () => Promise<unknown> = settleRoutes): Promise<boolean> {
    while (!done()) {
      this.#due.sort((a, b) => a.atMs - b.atMs || a.order - b.order)
      const next = this.#due.shift()
      if (!next || next.atMs > limitMs) return false
      this.nowMs = next.atMs
      next.run()
      await settle()
    }
    return true
  }

  readonly sockets: TftpSockets = {
    listen: async (address, port, onDatagram) => {
      const here = { ip: SERVER_IP, port }
      const stop = this.hear(here, onDatagram)
      return {
        address,
        port,
        sendTo: (packet, client) => this.send(here, client, packet),
        close: async () => {
          stop()
        },
      }
    },
    connect: async (_localAddress, client, onDatagram) => {
      if (this.refuseConnects) throw new Error('EMFILE')
      const here = { ip: SERVER_IP, port: this.#nextPort++ }
      this.connects += 1
      this.openPorts += 1
      const stop = this.hear(here, (bytes, from) => {
        if (from.ip === client.ip && from.port === client.port) onDatagram(bytes)
      })
      return {
        send: (packet) => this.send(here, client, packet),
        close: () => {
          this.openPorts -= 1
          stop()
        },
      }
    },
  }
}

/** Enough turns of the microtask queue for a route, an open and a connect. */
async function settleRoutes(): Promise<void> {
  for (let turn = 0; turn < 12; turn++) await undefined
}
