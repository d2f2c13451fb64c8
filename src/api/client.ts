/** The commands' end of the API: the running server's socket, or, when none runs, the tables opened directly (root only). */
import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
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

/**
 * In this order: a server the environment names; the one on this machine; its tables, for root while none runs; the one that
 * was logged in to.
 *
 * @throws OperatorError LB_SOCKET, LB_NOT_ROOT, LB_LOGIN, LB_FILE
 */
export async function connectApi(places: Places = readPlaces()): Promise<Api> {
  const { server, socket } = places
  // XCATHOST=localhost:3001, or the own name, is how xCAT spells "here".
  if (server !== undefined && !(isHere(server) && existsSync(socket))) return connectRemote(places, server)
  let socketFault: unknown
  const served = await isServed(socket).catch((error: unknown) => {
    socketFault = error
    return false
  })
  if (served) {
    const { openSocketClient } = await import('./socket-client.ts')
    return readingNodeFiles(openSocketClient(socket))
  }
  const isRoot = process.getuid?.() === 0
  if ((!isRoot || !existsSync(places.tables)) && existsSync(places.config)) {
    const { readLogins } = await import('./access/saved-logins.ts')
    const { current } = readLogins(places.config)
    if (current !== undefined) return connectRemote(places, current)
  }
  if (socketFault !== undefined) throw socketFault
  if (!isRoot) {
    throw new OperatorError(
      'LB_NOT_ROOT',
      `no server answers at ${socket}, and only root may open the tables directly`,
      'Run the command as root on the server, or log in to it with `liteboot login <server>`.',
    )
  }
  const { openDirectApi } = await import('./direct.ts')
  return readingNodeFiles(openDirectApi(places))
}

function isHere(server: string): boolean {
  const name = server.replace(/:\d+$/, '')
  const own = hostname()
  return ['localhost', '127.0.0.1', '[::1]', own, own.split('.')[0]].includes(name)
}

async function connectRemote(places: Places, named: string): Promise<Api> {
  const { parseServer, readLogins } = await import('./access/saved-logins.ts')
  const { server } = parseServer(named)
  const login = readLogins(places.config).logins.find((saved) => saved.server === server)
  if (!login)
    throw new OperatorError(
      'LB_LOGIN',
      `you are not logged in to ${server}`,
      `Log in with \`liteboot login ${server}\`.`,
    )
  const { openRemoteClient } = await import('./access/remote-client.ts')
  return readingNodeFiles(openRemoteClient(login))
}

/** For `liteboot login` and `logout`, which need no connection of the usual kind. */
export async function openLogins(): Promise<typeof import('./access/login.ts')> {
  return import('./access/login.ts')
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
