/** The commands' end of the API: the running server's socket, or, when none runs, the tables opened directly (root only). */
import { existsSync } from 'node:fs'
import { OperatorError } from './errors.ts'
import { API_LIMITS } from './limits.ts'
import { type Places, readPlaces } from './places.ts'
import type { Api } from './protocol.ts'

/** Whether a server listens. @throws OperatorError LB_SOCKET when that cannot be told */
export async function isServed(socketPath: string): Promise<boolean> {
  if (!existsSync(socketPath)) return false
  const { connect } = await import('node:net')
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath)
    const refuse = (message: string) => {
      socket.destroy()
      reject(new OperatorError('LB_SOCKET', message))
    }
    socket.setTimeout(API_LIMITS.connectMs, () => refuse(`the server does not answer at ${socketPath}`))
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => {
      // A server that was killed leaves its socket behind.
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(false)
      else if (error.code === 'EACCES') refuse(`no permission to open ${socketPath}`)
      else refuse(`${socketPath} cannot be opened: ${error.message}`)
    })
  })
}

/** @throws OperatorError LB_SOCKET, LB_NOT_ROOT */
export async function connectApi(places: Places = readPlaces()): Promise<Api> {
  if (await isServed(places.socket)) {
    const { openSocketClient } = await import('./socket-client.ts')
    return readingNodeFiles(openSocketClient(places.socket))
  }
  if (process.getuid?.() !== 0) {
    throw new OperatorError(
      'LB_NOT_ROOT',
      `no server answers at ${places.socket}, and only root may open the tables directly`,
    )
  }
  const { openDirectApi } = await import('./direct.ts')
  return readingNodeFiles(openDirectApi(places))
}

/** `^file` in a noderange is a file of the caller: the server never opens it. */
function readingNodeFiles(api: Api): Api {
  return {
    async call(method, params, onProgress) {
      const { withNodeFiles } = await import('./noderange-files.ts')
      return api.call(method, await withNodeFiles(params), onProgress)
    },
    close: () => api.close(),
  }
}
