/** Sockets, time-outs and the life of one request. The only file of this room that owns sockets and timers. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { EmitEvent } from '../timeline/event.ts'
import { HTTP_LIMITS } from './limits.ts'
import { clientIpOf, createRequest } from './request.ts'
import type { HttpRoute, RouteRequest, RouteResponse } from './route.ts'
import { parseTarget } from './target.ts'
import { answerRefusal } from './text.ts'

/** The part of pino that is used. */
export interface HttpLog {
  warn(fields: object, message: string): void
}

export interface HttpCounters {
  requests: number
  active: number
  bodyBytes: number
  /** Answers with a status of 400 and above. */
  refused: number
  /** Clients that closed before the answer was complete: normal for GRUB and OVMF. */
  aborted: number
  /** Bytes that were no HTTP request. */
  malformed: number
  /** Connections turned away at the bound. */
  dropped: number
  /** A route threw: a defect of ours. */
  failed: number
}

export interface HttpServerOptions {
  readonly addresses: readonly string[]
  /** 0: one port chosen by the system, the same on every address. */
  readonly port: number
  /** Tried in order; the first that matches answers. */
  readonly routes: readonly HttpRoute[]
  readonly emit: EmitEvent
  readonly now: () => number
  readonly nodeOf?: (clientIp: string) => string | undefined
  readonly log?: HttpLog
  readonly signal?: AbortSignal
  /** Called every `sweepMs`: `() => files.hot.sweep()`. */
  readonly sweep?: () => void
  /** Shorter time-outs for tests. */
  readonly limits?: Partial<
    Record<
      | 'headersTimeoutMs'
      | 'requestTimeoutMs'
      | 'idleTimeoutMs'
      | 'keepAliveTimeoutMs'
      | 'timeoutCheckMs'
      | 'connections'
      | 'closeGraceMs'
      | 'sweepMs',
      number
    >
  >
}

export interface HttpServer {
  readonly port: number
  readonly counters: HttpCounters
  /** No new connections; transfers under way may end within `closeGraceMs`. */
  close(): Promise<void>
}

const KNOWN_METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'CONNECT'])

/** Rejects when an address cannot be bound; then nothing stays open. */
export async function openHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const limits = { ...HTTP_LIMITS, ...options.limits }
  const counters: HttpCounters = {
    requests: 0,
    active: 0,
    bodyBytes: 0,
    refused: 0,
    aborted: 0,
    malformed: 0,
    dropped: 0,
    failed: 0,
  }
  const servers: Server[] = []
  let port = options.port
  let closing: Promise<void> | undefined

  function createOne(): Server {
    const server = createServer(
      {
        maxHeaderSize: limits.headerBytes,
        headersTimeout: limits.headersTimeoutMs,
        requestTimeout: limits.requestTimeoutMs,
        keepAliveTimeout: limits.keepAliveTimeoutMs,
        connectionsCheckingInterval: limits.timeoutCheckMs,
        noDelay: true,
        // RFC 9112 §3.2: an HTTP/1.1 request without Host is answered 400.
        requireHostHeader: true,
      },
      (message, raw) => void answer(options, counters, message, raw),
    )
    // Also counts as idle: a client that does not read. Node looks whether the kernel took more since.
    server.timeout = limits.idleTimeoutMs
    server.maxConnections = limits.connections
    server.on('drop', () => {
      counters.dropped += 1
    })
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      // Node types it as Duplex; http servers made here have TCP sockets.
      refuseMalformed(error, socket as Socket, counters)
    })
    return server
  }

  const sweeping = options.sweep ? setInterval(options.sweep, limits.sweepMs) : undefined
  sweeping?.unref()

  function close(): Promise<void> {
    clearInterval(sweeping)
    closing ??= Promise.all(servers.map((server) => closeOne(server, limits.closeGraceMs))).then(() => {})
    return closing
  }

  try {
    for (const address of options.addresses) {
      const server = createOne()
      servers.push(server)
      await listen(server, address, port)
      port = (server.address() as AddressInfo).port // a TCP server: never a pipe name
    }
  } catch (error) {
    await close()
    throw error
  }
  options.signal?.addEventListener('abort', () => void close(), { once: true })
  if (options.signal?.aborted) await close()
  return { port, counters, close }
}

function listen(server: Server, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: address, port, backlog: 4096 }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function closeOne(server: Server, graceMs: number): Promise<void> {
  if (!server.listening) return Promise.resolve()
  return new Promise((resolve) => {
    const force = setTimeout(() => server.closeAllConnections(), graceMs)
    server.close(() => {
      clearTimeout(force)
      resolve()
    })
    server.closeIdleConnections()
  })
}

async function answer(
  options: HttpServerOptions,
  counters: HttpCounters,
  message: IncomingMessage,
  raw: ServerResponse,
): Promise<void> {
  const startMs = options.now()
  const response: RouteResponse = { raw, bodyBytes: 0 }
  const clientIp = clientIpOf(message.socket.remoteAddress)
  const target = parseTarget(message.url ?? '')
  const parsed = 'path' in target ? target : { path: '/', query: new URLSearchParams() }
  const request = createRequest(message, parsed, clientIp)
  const route = 'path' in target ? options.routes.find((each) => each.matches(target.path)) : undefined
  counters.requests += 1
  counters.active += 1
  raw.once('close', () => {
    counters.active -= 1
    counters.bodyBytes += response.bodyBytes
    if (raw.statusCode >= 400) counters.refused += 1
    if (!raw.writableFinished) counters.aborted += 1
    if (route?.events === 'each' && request.method === 'GET') emitGet(options, request, response, startMs)
  })
  // A client that closes midway is no error of ours (OVMF and GRUB do it as a matter of course).
  raw.on('error', () => {})
  message.on('error', () => {})
  try {
    if ('fault' in target) answerRefusal(request, response, target.status, `request target: ${target.fault}`)
    else if (!KNOWN_METHODS.has(request.method)) answerRefusal(request, response, 501, `${request.method} is not known`)
    else if (!route) answerRefusal(request, response, 404, `nothing is served at ${request.path}`)
    else await route.handle(request, response)
  } catch (error) {
    counters.failed += 1
    options.log?.warn({ err: error, path: request.path, clientIp, route: route?.name }, 'http: a route failed')
    if (raw.headersSent) raw.destroy()
    else answerRefusal(request, response, 500, 'this request made the server stumble; see its log')
  }
}

function emitGet(options: HttpServerOptions, request: RouteRequest, response: RouteResponse, startMs: number): void {
  const atMs = options.now()
  const node = options.nodeOf?.(request.clientIp)
  const finished = response.raw.writableFinished
  const cut = `client closed after ${response.bodyBytes} bytes`
  const detail = response.detail ?? (finished ? undefined : cut)
  options.emit({
    atMs,
    service: 'http',
    event: 'get',
    ip: request.clientIp,
    object: request.path,
    ok: finished && response.raw.statusCode < 400,
    bytes: response.bodyBytes,
    durationMs: atMs - startMs,
    ...(node === undefined ? {} : { node }),
    ...(detail === undefined ? {} : { detail }),
  })
}

/** What is no HTTP gets one short answer, if the socket still takes it, and is closed (RFC 9112 §2.2, §9.6). */
function refuseMalformed(error: NodeJS.ErrnoException, socket: Socket, counters: HttpCounters): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  counters.malformed += 1
  const status =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? '431 Request Header Fields Too Large'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? '408 Request Timeout'
        : '400 Bad Request'
  // An answer already begun on this connection must not be followed by a second status line: then it is only cut.
  if (socket.bytesWritten > 0) socket.destroy()
  else socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy())
}
