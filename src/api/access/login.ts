/**
 * Logging in to a server elsewhere: see whom one talks to, show a token or a password, keep what the next commands need.
 * Nothing secret is sent before the certificate is settled.
 */
import { X509Certificate } from 'node:crypto'
import { request } from 'node:https'
import { connect, type PeerCertificate, type TLSSocket } from 'node:tls'
import { OperatorError, type OperatorErrorCode } from '../errors.ts'
import { REMOTE_LIMITS } from '../limits.ts'
import type { Role } from '../methods/entry.ts'
import { type Places, readPlaces } from '../places.ts'
import type { ApiLine, CommandResult } from '../protocol.ts'
import { fingerprintOf } from './certificates.ts'
import { connectionError, openRemoteClient, trustOptions } from './remote-client.ts'
import { parseServer, readLogins, removeLogin, saveLogin } from './saved-logins.ts'
import { isToken } from './tokens.ts'

export interface LoginRequest {
  readonly server: string
  readonly user: string | undefined
  /** A token, or a password of `user`: asked for when it is certain whom it is told. */
  readonly secret: () => Promise<string>
  /** PEM of the authority. */
  readonly ca: string | undefined
  /** As the server prints it. */
  readonly fingerprint: string | undefined
  readonly role: Role | undefined
  readonly expires: string | undefined
  /** Asked about a certificate that was never seen before. */
  readonly accept: (fingerprint: string) => Promise<boolean>
}

/** @throws OperatorError LB_LOGIN, LB_REMOTE, LB_CERTIFICATE, LB_FILE, LB_USAGE */
export async function login(asked: LoginRequest, places: Places = readPlaces()): Promise<CommandResult> {
  const { server, host, port } = parseServer(asked.server)
  const ca = await settleTrust(places, asked, { server, host, port })
  const secret = (await asked.secret()).replace(/\r?\n$/, '')
  if (secret === '') throw new OperatorError('LB_USAGE', 'no token and no password was given')
  const token = isToken(secret.trim())
    ? secret.trim()
    : await exchangePassword(asked, secret, { server, host, port, ca })
  const client = openRemoteClient({ server, user: '', token, ca })
  try {
    const result = await client.call('access.whoami', {})
    const { user } = result.data as { user: string }
    saveLogin(places.config, { server, user, token, ca })
    return { ...result, output: result.output.map((line) => `Logged in to ${server} as ${line}`) }
  } finally {
    await client.close()
  }
}

/** Forgets the login, and has the server forget the token. */
export async function logout(named: string | undefined, places: Places = readPlaces()): Promise<CommandResult> {
  const { current, logins } = readLogins(places.config)
  const wanted = named ?? places.server ?? current
  const server = wanted === undefined ? undefined : parseServer(wanted).server
  const saved = logins.find((one) => one.server === server)
  if (!saved || server === undefined)
    throw new OperatorError('LB_LOGIN', `you are not logged in${server === undefined ? '' : ` to ${server}`}`)
  const client = openRemoteClient(saved)
  const errors: string[] = []
  try {
    await client.call('access.logout', {})
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error
    // A token that is no good any more needs no revoking.
    if (error.code !== 'LB_LOGIN') errors.push(`Warning: the token is still good: ${error.message}`)
  } finally {
    await client.close()
  }
  removeLogin(places.config, server)
  return { output: [`Logged out of ${server}`], data: { server }, errors, exitStatus: 0 }
}

interface Address {
  readonly server: string
  readonly host: string
  readonly port: number
}

/** @returns what is pinned: PEM; undefined: an authority that this machine trusts for everything */
async function settleTrust(places: Places, asked: LoginRequest, address: Address): Promise<string | undefined> {
  if (asked.ca !== undefined) {
    await handshake(address, trustOptions(asked.ca))
    return asked.ca
  }
  const known = readLogins(places.config).logins.find(({ server }) => server === address.server)
  if (known && asked.fingerprint === undefined) {
    await handshake(address, trustOptions(known.ca))
    return known.ca
  }
  if (asked.fingerprint === undefined && (await isTrustedAnyway(address))) return undefined
  const last = await handshake(address, { rejectUnauthorized: false })
  const pem = last.toString()
  const found = fingerprintOf(last)
  if (asked.fingerprint !== undefined && normalise(asked.fingerprint) !== normalise(found))
    throw new OperatorError(
      'LB_CERTIFICATE',
      `${address.server} has the fingerprint ${found}, not the one that was given`,
      'Somebody may be between you and the server. Compare with `liteboot token fingerprint` on the server.',
    )
  if (asked.fingerprint === undefined && !(await asked.accept(found)))
    throw new OperatorError(
      'LB_CERTIFICATE',
      `${address.server} is not known yet; its fingerprint is ${found}; nothing was sent`,
      `Compare it with \`liteboot token fingerprint\` on the server, then log in with --fingerprint ${found}`,
    )
  // The name in the certificate has to fit as well.
  await handshake(address, trustOptions(pem))
  return pem
}

function normalise(fingerprint: string): string {
  return fingerprint
    .replace(/^sha-?256:/i, '')
    .replaceAll(':', '')
    .toLowerCase()
}

async function isTrustedAnyway(address: Address): Promise<boolean> {
  try {
    await handshake(address, trustOptions(undefined))
    return true
  } catch (error) {
    if (error instanceof OperatorError && error.code === 'LB_CERTIFICATE') return false
    throw error
  }
}

/** @returns the last certificate of those the server sent: its authority's, where it sends that */
function handshake({ server, host, port }: Address, options: object): Promise<X509Certificate> {
  return new Promise((resolve, reject) => {
    const socket: TLSSocket = connect({ host, port, minVersion: 'TLSv1.2', servername: serverName(host), ...options })
    const fail = (error: unknown) => {
      socket.destroy()
      reject(connectionError(error, server))
    }
    socket.setTimeout(REMOTE_LIMITS.connectMs, () => fail({ code: 'ETIMEDOUT' }))
    socket.once('error', fail)
    socket.once('secureConnect', () => {
      let peer: PeerCertificate | undefined = socket.getPeerCertificate(true)
      let last = peer.raw
      const seen = new Set<PeerCertificate>()
      while (peer?.raw !== undefined && !seen.has(peer)) {
        seen.add(peer)
        last = peer.raw
        peer = (peer as Partial<import('node:tls').DetailedPeerCertificate>).issuerCertificate
      }
      socket.destroy()
      resolve(new X509Certificate(last))
    })
  })
}

/** Addresses are not sent as names (RFC 6066 §3). */
function serverName(host: string): string {
  return /^[\d.]+$|:/.test(host) ? '' : host
}

function exchangePassword(
  { user, role, expires }: LoginRequest,
  password: string,
  { server, host, port, ca }: Address & { readonly ca: string | undefined },
): Promise<string> {
  if (user === undefined)
    throw new OperatorError('LB_USAGE', 'what was given is no token: with a password, name the user with --user')
  const body = JSON.stringify({
    user,
    password,
    description: 'login',
    ...(role ? { role } : {}),
    ...(expires ? { expires } : {}),
  })
  return new Promise((resolve, reject) => {
    const call = request(
      {
        host,
        port,
        path: '/login',
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
        servername: serverName(host),
        agent: false,
        timeout: REMOTE_LIMITS.connectMs,
        ...trustOptions(ca),
      },
      (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          text += chunk
        })
        response.on('error', (error) => reject(connectionError(error, server)))
        response.on('end', () => {
          try {
            resolve(tokenIn(text))
          } catch (error) {
            reject(error)
          }
        })
      },
    )
    call.on('timeout', () => call.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })))
    call.on('error', (error) => reject(connectionError(error, server)))
    call.end(body)
  })
}

function tokenIn(text: string): string {
  const answer = JSON.parse(text) as { token?: string } | ApiLine
  if ('token' in answer && answer.token !== undefined) return answer.token
  const { code, message, advice } =
    'error' in answer ? answer.error : { code: 'LB_REMOTE', message: 'the server gave no token', advice: undefined }
  throw new OperatorError(code as OperatorErrorCode, message, advice)
}
