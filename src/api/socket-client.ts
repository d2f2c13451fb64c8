/** API calls over the server's unix socket. */
import Client from 'undici/lib/dispatcher/client.js'
import { httpApi } from './http-client.ts'
import { API_LIMITS } from './limits.ts'
import type { Api } from './protocol.ts'

export function openSocketClient(socketPath: string): Api {
  const client = new Client('http://liteboot', {
    socketPath,
    connect: { timeout: API_LIMITS.connectMs },
    bodyTimeout: API_LIMITS.silenceMs,
    headersTimeout: API_LIMITS.silenceMs,
  })
  return httpApi(client, {})
}
