/** The commands' end of the API: the running server's socket, or, when none runs, the tables opened directly (root only). */
import { existsSync } from 'node:fs'
import { Agent, request } from 'undici'
import { OperatorError, type OperatorErrorCode } from './errors.ts'
import { type Places, readPlaces } from './places.ts'
import type { Api, ApiLine, CommandResult, MethodParams } from './protocol.ts'

/** Long jobs send progress; silence for this long means the server is gone. */
const SILENCE_MS = 15 * 60_000

function openSocketClient(socketPath: string): Api {
  const dispatcher = new Agent({
    connect: { socketPath, timeout: 5000 },
    bodyTimeout: SILENCE_MS,
    headersTimeout: SILENCE_MS,
  })
  return {
    async call(method: string, params: MethodParams, onProgress) {
      const response = await request(`http://liteboot/v1/${encodeURIComponent(method)}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(params),
        dispatcher,
      })
      let rest = ''
      let result: CommandResult | undefined
      const take = (text: string) => {
        if (text === '') return
        const line = JSON.parse(text) as ApiLine
        if ('progress' in line) onProgress?.(line.progress)
        else if ('result' in line) result = line.result
        else throw new OperatorError(line.error.code as OperatorErrorCode, line.error.message, line.error.advice)
      }
      response.body.setEncoding('utf8')
      try {
        for await (const chunk of response.body) {
          const lines = (rest + String(chunk)).split('\n')
          rest = lines.pop() ?? ''
          for (const line of lines) take(line)
        }
      } catch (error) {
        if (error instanceof OperatorError) throw error
        throw new OperatorError('LB_SERVER_GONE', `the server closed the connection during ${method}`)
      }
      take(rest)
      if (!result) throw new OperatorError('LB_SERVER_GONE', `the server gave no answer to ${method}`)
      return result
    },
    close: () => dispatcher.close(),
  }
}

function isConnectFailure(error: unknown): boolean {
  const code = (error as { code?: string }).code
  return code === 'ECONNREFUSED' || code === 'ENOENT' || code === 'UND_ERR_CONNECT_TIMEOUT'
}

/** @throws OperatorError LB_SOCKET, LB_NOT_ROOT */
export async function connectApi(places: Places = readPlaces()): Promise<Api> {
  if (existsSync(places.socket)) {
    const api = openSocketClient(places.socket)
    try {
      await api.call('server.ping', {})
      return api
    } catch (error) {
      await api.close()
      if ((error as { code?: string }).code === 'EACCES') {
        throw new OperatorError('LB_SOCKET', `no permission to open ${places.socket}`)
      }
      if (!isConnectFailure(error)) throw error
    }
  }
  if (process.getuid?.() !== 0) {
    throw new OperatorError(
      'LB_NOT_ROOT',
      `no server answers at ${places.socket}, and only root may open the tables directly`,
    )
  }
  const { openDirectApi } = await import('./direct.ts')
  return openDirectApi(places)
}
