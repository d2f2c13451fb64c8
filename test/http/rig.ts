/** A server of the test's own on loopback, and two ways to ask it: Node's client, and bytes of one's choice. */
import { mkdtempSync, rmSync } from 'node:fs'
import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { ExecutionContext } from 'ava'
import type { HttpRoute } from '../../src/http/route.ts'
import { type HttpServer, type HttpServerOptions, openHttpServer } from '../../src/http/server.ts'
import type { BootEvent } from '../../src/timeline/event.ts'

export interface Rig extends HttpServer {
  readonly events: BootEvent[]
  readonly warnings: string[]
}

/** Ahead of the files' times, so that fresh test files count as settled. */
export const later = (): number => Date.now() + 60_000

export async function openRig(
  t: ExecutionContext,
  routes: readonly HttpRoute[],
  more: Partial<HttpServerOptions> = {},
): Promise<Rig> {
  const events: BootEvent[] = []
  const warnings: string[] = []
  const server = await openHttpServer({
    addresses: ['127.0.0.1'],
    port: 0,
    routes,
    emit: (event) => events.push(event),
    now: Date.now,
    log: { warn: (_, message) => warnings.push(message) },
    ...more,
    limits: { closeGraceMs: 50, ...more.limits },
  })
  t.teardown(() => server.close())
  return { ...server, events, warnings }
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** The connection ended before Content-Length was met. */
  readonly cut: boolean
}

export interface Asking {
  readonly method?: string
  readonly headers?: OutgoingHttpHeaders
  readonly body?: string
}

export function ask(port: number, path: string, { method = 'GET', headers = {}, body }: Asking = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (answer) => {
      const pieces: Buffer[] = []
      const settle = (cut: boolean): void =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(pieces), cut })
      answer.on('data', (piece: Buffer) => pieces.push(piece))
      answer.on('end', () => settle(!answer.complete))
      answer.on('error', () => settle(true))
    })
    asked.on('error', reject)
    asked.end(body)
  })
}

/** Sends the pieces one after another, with a turn of the event loop between; resolves with all that came back. */
export function askBytes(port: number, pieces: readonly (string | Buffer)[], half = true): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const received: Buffer[] = []
    const socket = connect(port, '127.0.0.1', async () => {
      socket.setNoDelay(true)
      for (const piece of pieces) {
        socket.write(piece)
        await new Promise((next) => setImmediate(next))
      }
      if (half) socket.end()
    })
    socket.on('data', (data: Buffer) => received.push(data))
    socket.on('close', () => resolve(Buffer.concat(received)))
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // A server that refuses while we still send: what came before counts.
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error)
    })
  })
}

export function newDirectory(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'liteboot-http-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** Bytes that differ at every place, so that a shifted or mixed answer shows. */
export function patternBytes(length: number, seed = 1): Buffer {
  const words = new Uint32Array(Math.ceil(length / 4))
  let state = seed
  for (let index = 0; index < words.length; index += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    words[index] = state
  }
  return Buffer.from(words.buffer, 0, length)
}

/** Waits for what the server does in its own time; gives up after ten seconds, the assertion that follows then fails. */
export async function until(done: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1000 && !done(); turn += 1) await pause(10)
}
