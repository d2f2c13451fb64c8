/** The server's end of the API: a unix socket that only root may open. */
import { rmSync } from 'node:fs'
import { Readable } from 'node:stream'
import fastify from 'fastify'
import { OPERATOR_ERRORS, OperatorError } from './errors.ts'
import type { Api, ApiLine, MethodParams } from './protocol.ts'

export interface ApiServer {
  close(): Promise<void>
}

function errorLine(error: unknown): ApiLine {
  if (error instanceof OperatorError) {
    return { error: { code: error.code, message: error.message, advice: error.advice } }
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { error: { code: 'LB_INTERNAL', message, advice: OPERATOR_ERRORS.LB_INTERNAL } }
}

export async function openApiServer(socketPath: string, methods: Api): Promise<ApiServer> {
  const app = fastify({ bodyLimit: 256 * 1024 * 1024, forceCloseConnections: true })
  app.post('/v1/:method', (request, reply) => {
    const stream = new Readable({ read() {} })
    const write = (line: ApiLine) => stream.push(`${JSON.stringify(line)}\n`)
    const { method } = request.params as { method: string }
    methods
      .call(method, (request.body ?? {}) as MethodParams, (progress) => write({ progress }))
      .then(
        (result) => write({ result }),
        (error: unknown) => write(errorLine(error)),
      )
      .finally(() => stream.push(null))
    return reply.type('application/x-ndjson').send(stream)
  })
  rmSync(socketPath, { force: true })
  // The socket must never be open to others, not even between its creation and a chmod.
  const umask = process.umask(0o177)
  try {
    await app.listen({ path: socketPath })
  } finally {
    process.umask(umask)
  }
  return { close: () => app.close() }
}
