/** The server's end of the API: a unix socket that only root may open. */
import { once } from 'node:events'
import { chmodSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import type { Server } from 'node:net'
import { join } from 'node:path'
import fastify from 'fastify'
import { answerStream } from './answer-stream.ts'
import { checkParams } from './check-params.ts'
import { isServed } from './client.ts'
import { OperatorError } from './errors.ts'
import { API_LIMITS } from './limits.ts'
import { LOCAL_ROOT } from './methods/context.ts'
import type { Methods } from './methods/index.ts'

export interface ApiServer {
  close(): Promise<void>
}

/** @throws OperatorError LB_RUNNING: two servers with one state would take leases and boots from each other */
export async function refuseSecondServer(socketPath: string): Promise<void> {
  if (await isServed(socketPath)) throw new OperatorError('LB_RUNNING', `a server answers at ${socketPath} already`)
}

export async function openApiServer(socketPath: string, methods: Methods): Promise<ApiServer> {
  const app = fastify({ bodyLimit: API_LIMITS.requestBytes, forceCloseConnections: true })
  app.post('/v1/:method', (request, reply) => {
    const { method } = request.params as { method: string }
    const answer = answerStream(async (onProgress, signal) => {
      const call = checkParams(method, request.body ?? {})
      return methods.call(LOCAL_ROOT, call.method, call.params, onProgress, signal)
    })
    return reply.type('application/x-ndjson').send(answer)
  })
  await app.ready()
  await refuseSecondServer(socketPath)
  await listenPrivately(app.server, socketPath)
  return {
    async close() {
      await app.close()
      rmSync(socketPath, { force: true })
    },
  }
}

/**
 * Nobody but the owner may ever open the socket, not even between its making and a chmod: it is made in a closed directory
 * and then moved, which also takes the place of the one that a killed server left.
 */
async function listenPrivately(server: Server, socketPath: string): Promise<void> {
  const directory = mkdtempSync(`${socketPath}-`)
  try {
    server.listen(join(directory, 's'))
    await once(server, 'listening')
    chmodSync(join(directory, 's'), 0o600)
    renameSync(join(directory, 's'), socketPath)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
