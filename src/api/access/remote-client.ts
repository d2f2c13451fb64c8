/** API calls to a server elsewhere: over TLS, with the token of a login, to whom the login has pinned. */
import type { ConnectionOptions, SecureContextOptions } from 'node:tls'
import Client from 'undici/lib/dispatcher/client.js'
import { OperatorError } from '../errors.ts'
import { httpApi } from '../http-client.ts'
import { API_LIMITS, REMOTE_LIMITS } from '../limits.ts'
import type { Api } from '../protocol.ts'
import type { SavedLogin } from './saved-logins.ts'

/** What a server's certificate is held against. */
export function trustOptions(
  ca: string | undefined,
): Pick<ConnectionOptions & SecureContextOptions, 'minVersion' | 'ca' | 'allowPartialTrustChain'> {
  // Pinned may be an intermediate authority, or the certificate itself: whatever the server sent last.
  return { minVersion: 'TLSv1.2', ...(ca === undefined ? {} : { ca, allowPartialTrustChain: true }) }
}

export function openRemoteClient({ server, token, ca }: SavedLogin): Api {
  const client = new Client(`https://${server}`, {
    connect: { ...trustOptions(ca), timeout: REMOTE_LIMITS.connectMs },
    bodyTimeout: API_LIMITS.silenceMs,
    headersTimeout: API_LIMITS.silenceMs,
  })
  const api = httpApi(client, { authorization: `Bearer ${token}` })
  return {
    async call(method, params, onProgress) {
      try {
        return await api.call(method, params, onProgress)
      } catch (error) {
        throw worded(error, server)
      }
    },
    close: () => api.close(),
  }
}

function worded(error: unknown, server: string): unknown {
  if (!(error instanceof OperatorError)) return error
  if (error.code === 'LB_LOGIN')
    return new OperatorError('LB_LOGIN', `${server}: ${error.message}`, loginAdvice(server))
  return error.code === 'LB_SERVER_GONE' ? connectionError(error.cause, server) : error
}

function loginAdvice(server: string): string {
  return `Log in with \`liteboot login ${server}\`.`
}

const UNREACHED: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Connection refused',
  EHOSTUNREACH: 'No route to host',
  ENETUNREACH: 'Network is unreachable',
  ETIMEDOUT: 'Connection timed out',
  UND_ERR_CONNECT_TIMEOUT: 'Connection timed out',
  ENOTFOUND: 'the name is not known',
  EAI_AGAIN: 'the name cannot be looked up',
}

/** What went wrong with the connection, in the administrator's words. */
export function connectionError(cause: unknown, server: string): OperatorError {
  const { code = '', message = String(cause) } = (cause ?? {}) as { code?: string; message?: string }
  const reason = UNREACHED[code]
  if (reason !== undefined)
    return new OperatorError(
      'LB_REMOTE',
      `Unable to open socket connection to the liteboot server on ${server}: ${reason}`,
    )
  if (/CERT|ALTNAME|SELF_SIGNED|ISSUER|UNABLE_TO|TLS|SSL|EPROTO/.test(code))
    return new OperatorError(
      'LB_CERTIFICATE',
      `the certificate of ${server} is not trusted: ${message.split('\n')[0]}`,
      `If the server was installed anew, compare its fingerprint and log in again with \`liteboot login ${server}\`.`,
    )
  return new OperatorError(
    'LB_REMOTE',
    `communication with the liteboot server on ${server} seems to have been ended prematurely (${code || message})`,
  )
}
