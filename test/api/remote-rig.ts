/** The API for other machines over real TLS on the loopback, with tables, tokens and certificates of its own. */
import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { type Credentials, ownCredentials } from '../../src/api/access/certificates.ts'
import { openRemoteClient } from '../../src/api/access/remote-client.ts'
import { openRemoteApi, type RemoteApi } from '../../src/api/access/remote-server.ts'
import { type NewToken, openTokens, type Tokens, tokensFile } from '../../src/api/access/tokens.ts'
import { LOCAL_ROOT } from '../../src/api/methods/context.ts'
import type { Api, ApiLine } from '../../src/api/protocol.ts'
import { openApiRig, type Rig } from './rig.ts'

export interface RemoteRig extends Omit<Rig, 'server'> {
  readonly remote: RemoteApi
  readonly credentials: Credentials
  readonly tokens: Tokens
  readonly ca: string
  /** host:port */
  readonly server: string
  readonly log: string[]
  /** chtab words, as root. */
  chtab(...words: string[]): Promise<void>
  newToken(token?: Partial<NewToken>): string
  /** A client as `liteboot` uses it. */
  clientOf(token: string, ca?: string): Api
}

export async function openRemoteRig(t: ExecutionContext, now: () => number = Date.now): Promise<RemoteRig> {
  const rig = await openApiRig(t)
  const directory = rig.places.access
  const credentials = await ownCredentials(directory, ['localhost', '127.0.0.1'], Date.now())
  const tokens = openTokens(tokensFile(directory), now)
  const log: string[] = []
  const remote = await openRemoteApi({
    methods: rig.methods,
    store: rig.store,
    accessDirectory: directory,
    credentials: async () => credentials,
    host: '127.0.0.1',
    port: 0,
    now,
    hostNames: { shortNames: async (address) => (address === '127.0.0.1' ? ['ws1', 'ws'] : []) },
    log: { info: (message) => log.push(message), warn: (message) => log.push(message) },
  })
  t.teardown(() => remote.close())
  const ca = readFileSync(join(directory, 'ca.pem'), 'utf8')
  const server = `localhost:${remote.port}`
  return {
    ...rig,
    remote,
    credentials,
    tokens,
    ca,
    server,
    log,
    async chtab(...words) {
      await rig.methods.call(LOCAL_ROOT, 'tables.change', { words })
    },
    newToken: (token = {}) =>
      tokens.create({
        user: 'bob',
        role: 'administrator',
        description: '',
        expiresMs: now() + 3_600_000,
        ...token,
      }).token,
    clientOf(token, trusted = ca) {
      const client = openRemoteClient({ server, user: '', token, ca: trusted })
      t.teardown(() => client.close())
      return client
    },
  }
}

export interface RawAnswer {
  readonly status: number
  readonly text: string
  /** The last line that is not empty. */
  readonly line: ApiLine | undefined
}

export interface RawRequest {
  readonly path: string
  readonly method?: string
  readonly token?: string
  readonly headers?: Readonly<Record<string, string | number>>
  readonly body?: string
}

/** What a program without our client sends. */
export function raw({ remote, ca }: RemoteRig, asked: RawRequest): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const call = request(
      {
        host: '127.0.0.1',
        port: remote.port,
        ca,
        path: asked.path,
        method: asked.method ?? 'POST',
        agent: false,
        headers: {
          'content-type': 'application/json',
          ...(asked.token === undefined ? {} : { authorization: `Bearer ${asked.token}` }),
          ...asked.headers,
        },
      },
      (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          text += chunk
        })
        response.on('error', reject)
        response.on('end', () => {
          const last = text.trim().split('\n').at(-1) ?? ''
          const line = last.startsWith('{') && !last.includes('\n') ? (JSON.parse(last) as ApiLine) : undefined
          resolve({ status: response.statusCode ?? 0, text, line })
        })
      },
    )
    call.on('error', reject)
    call.end(asked.body ?? '{}')
  })
}
