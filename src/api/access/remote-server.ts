/**
 * The API for other machines: the same methods as on the socket, over TLS, for callers with a token. Everything a client can
 * do is bounded (REMOTE_LIMITS), so that none of them disturbs the nodes that this process answers as well.
 */
import { once } from 'node:events'
import type { Server } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import fastify, { type FastifyError, type FastifyReply, type FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Store } from '../../store/store.ts'
import { answerStream, errorLine, renderDefect, renderLine } from '../answer-stream.ts'
import { checkParams } from '../check-params.ts'
import { OperatorError } from '../errors.ts'
import { API_LIMITS, REMOTE_LIMITS } from '../limits.ts'
import type { Caller } from '../methods/context.ts'
import type { Methods } from '../methods/index.ts'
import type { CommandResult, OnProgress } from '../protocol.ts'
import { openAdmission, plainAddress } from './admission.ts'
import { openAuthentication } from './authentication.ts'
import { PermissionDenied } from './authorise.ts'
import type { Credentials } from './certificates.ts'
import type { HostNames } from './host-names.ts'
import { renderOpenApi } from './openapi.ts'
import { openTokens, parseLifetime, tokensFile, USER_NAME } from './tokens.ts'

export interface RemoteApiOptions {
  readonly methods: Methods
  readonly store: Store
  readonly accessDirectory: string
  /** Made or read anew each time it is called. */
  readonly credentials: () => Promise<Credentials>
  /** undefined: every address of this machine. */
  readonly host?: string
  /** 0: any free one. */
  readonly port: number
  readonly now: () => number
  /** undefined: the names of the network. */
  readonly hostNames?: HostNames
  readonly log: { info(message: string): void; warn(message: string): void }
}

export interface RemoteApi {
  readonly port: number
  close(): Promise<void>
}

/** Certificates are looked at this often: renewed when they end soon, read again when the site has replaced its own. */
const CREDENTIALS_EVERY_MS = 6 * 3600 * 1000

const LOGIN = z.strictObject({
  user: z.string().regex(USER_NAME),
  password: z.string().max(1024),
  role: z.enum(['viewer', 'operator', 'administrator']).default('administrator'),
  description: z.string().max(200).default(''),
  expires: z.string().default('1d'),
})
const LONGEST_LOGIN_MS = 30 * 24 * 3600 * 1000

/** @throws NodeJS.ErrnoException when the port is taken; OperatorError LB_CERTIFICATE */
export async function openRemoteApi(options: RemoteApiOptions): Promise<RemoteApi> {
  const { methods, store, now, log } = options
  const tokens = openTokens(tokensFile(options.accessDirectory), now)
  const authentication = openAuthentication(store, tokens, now, log.warn, options.hostNames)
  const { cert, key } = await options.credentials()
  const app = fastify({
    https: {
      cert,
      key,
      minVersion: 'TLSv1.2',
      handshakeTimeout: REMOTE_LIMITS.handshakeMs,
      headersTimeout: REMOTE_LIMITS.headersMs,
      requestTimeout: REMOTE_LIMITS.requestMs,
      // How often those two are looked at.
      connectionsCheckingInterval: 2000,
    },
    requestTimeout: REMOTE_LIMITS.requestMs,
    connectionTimeout: REMOTE_LIMITS.idleMs,
    keepAliveTimeout: REMOTE_LIMITS.keepAliveMs,
    bodyLimit: API_LIMITS.requestBytes,
    forceCloseConnections: true,
  })
  admitConnections(app.server, now)

  const callers = new WeakMap<FastifyRequest, Caller>()
  app.post(
    '/v1/:method',
    {
      // Before the body is read: who is not known sends no 64 MiB.
      async onRequest(request, reply) {
        try {
          const caller = await authentication.caller(request.headers.authorization, request.ip)
          refuseLargeBody(request, caller)
          callers.set(request, caller)
        } catch (error) {
          return refuse(reply, error, statusOf(error, 413))
        }
      },
    },
    (request, reply) => {
      const { method } = request.params as { method: string }
      const caller = callers.get(request) as Caller
      const answer = answerStream(
        (onProgress, signal) => answerCall(caller, method, request.body, onProgress, signal),
        describeDefect,
      )
      return reply.type('application/x-ndjson').send(answer)
    },
  )

  async function answerCall(
    caller: Caller,
    method: string,
    body: unknown,
    onProgress: OnProgress,
    signal: AbortSignal,
  ): Promise<CommandResult> {
    try {
      const call = checkParams(method, body ?? {})
      return await methods.call(caller, call.method, call.params, onProgress, signal)
    } catch (error) {
      if (error instanceof PermissionDenied)
        log.warn(`api: denying ${method} for ${caller.user} from ${caller.host}: ${error.reason}`)
      throw error
    }
  }

  /** Paths and places in the program are for the log. */
  function describeDefect(error: unknown): string {
    log.warn(`api: ${renderDefect(error)}`)
    return 'something went wrong in the server: its log says what'
  }

  app.post('/login', { bodyLimit: REMOTE_LIMITS.loginBytes }, async (request, reply) => {
    try {
      const { user, password, role, description, expires } = parseLogin(request.body)
      const lifetimeMs = Math.min(parseLifetime(expires), LONGEST_LOGIN_MS)
      const made = await authentication.login({ user, password, role, description, lifetimeMs }, request.ip)
      log.info(`api: ${user} logged in from ${plainAddress(request.ip)}: token ${made.record.id}`)
      return reply.send({ token: made.token, ...made.record })
    } catch (error) {
      return refuse(reply, error)
    }
  })
  app.get('/v1/', (_request, reply) => reply.send({ service: 'liteboot', status: 'ok' }))
  app.get('/openapi.json', (_request, reply) => reply.type('application/json').send(renderOpenApi()))
  app.setNotFoundHandler((request, reply) =>
    refuse(reply, new OperatorError('LB_NO_METHOD', `there is nothing at ${request.url.slice(0, 100)}`), 404),
  )
  app.setErrorHandler((error: FastifyError, _request, reply) =>
    refuse(reply, new OperatorError('LB_BAD_INPUT', error.message), error.statusCode ?? 500),
  )

  function refuse(reply: FastifyReply, error: unknown, status = statusOf(error)): FastifyReply {
    const line = renderLine(errorLine(error, describeDefect))
    return reply.code(status).header('connection', 'close').type('application/x-ndjson').send(line)
  }

  const renewal = setInterval(() => {
    options.credentials().then(
      (fresh) => app.server.setSecureContext({ cert: fresh.cert, key: fresh.key, minVersion: 'TLSv1.2' }),
      (error: unknown) => log.warn(`api: the certificate cannot be renewed: ${String(error)}`),
    )
  }, CREDENTIALS_EVERY_MS).unref()
  try {
    await app.ready()
    // Without a host Node.js takes IPv6 and IPv4 both, or what of the two there is.
    app.server.listen(options.port, options.host)
    await once(app.server, 'listening')
  } catch (error) {
    clearInterval(renewal)
    await app.close()
    throw error
  }
  return {
    port: (app.server.address() as AddressInfo).port,
    async close() {
      clearInterval(renewal)
      await app.close()
    },
  }
}

function parseLogin(body: unknown): z.infer<typeof LOGIN> {
  const parsed = LOGIN.safeParse(body ?? {})
  if (parsed.success) return parsed.data
  throw new OperatorError('LB_USAGE', `login: ${z.prettifyError(parsed.error)}`)
}

/** Before the handshake, which is what costs. */
function admitConnections(server: Server, now: () => number): void {
  const admission = openAdmission(now)
  server.prependListener('connection', (socket: Socket) => {
    const leave = admission.admit(socket.remoteAddress ?? '')
    if (leave) socket.once('close', leave)
    else socket.destroy()
  })
  // Scanners and clients that speak something else: their own affair.
  server.on('tlsClientError', (_error, socket) => socket.destroy())
}

function refuseLargeBody(request: FastifyRequest, { role }: Caller): void {
  if (role === 'administrator') return
  const length = Number(request.headers['content-length'] ?? Number.NaN)
  if (length <= REMOTE_LIMITS.smallRequestBytes) return
  throw new OperatorError('LB_BAD_INPUT', 'the input is larger than 1 MiB', 'Only administrators may send so much.')
}

function statusOf(error: unknown, badInput = 400): number {
  if (!(error instanceof OperatorError)) return 500
  if (error.code === 'LB_LOGIN') return 401
  return error.code === 'LB_BAD_INPUT' ? badInput : 400
}
