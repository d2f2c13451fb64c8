/** The API for other machines, wired: port and names from the site table, certificates, the first policy row. */
import { hostname, networkInterfaces } from 'node:os'
import { plainAddress } from '../api/access/admission.ts'
import { ownCredentials, siteCredentials, writeFingerprint } from '../api/access/certificates.ts'
import type { RemoteApi } from '../api/access/remote-server.ts'
import { OperatorError } from '../api/errors.ts'
import type { Methods } from '../api/methods/index.ts'
import type { Site } from '../cluster/model.ts'
import type { Store } from '../store/store.ts'
import type { ServiceLog } from './services.ts'

export interface RemoteApiChoice {
  /** undefined: site.xcatdport, and no API for other machines if that port is taken. */
  readonly port?: number
  /** undefined: every address of this machine. */
  readonly address?: string
  /** The site's own certificate instead of ours. */
  readonly certFile?: string
  readonly keyFile?: string
}

export interface RemoteApiParts {
  readonly choice: RemoteApiChoice
  readonly methods: Methods
  readonly store: Store
  readonly site: () => Site
  readonly accessDirectory: string
  readonly log: ServiceLog
}

/**
 * Nodes must boot whatever becomes of this: only a port that was asked for by name is worth refusing to start.
 *
 * @throws OperatorError LB_PORT_IN_USE, LB_CERTIFICATE, for what was asked for
 */
export async function serveRemoteApi(parts: RemoteApiParts): Promise<RemoteApi | undefined> {
  const { choice, log } = parts
  try {
    return await openListener(parts)
  } catch (error) {
    const fault = worded(error, portOf(parts))
    if (choice.port !== undefined || choice.certFile !== undefined || !(fault instanceof OperatorError)) throw fault
    log.warn(`no API for other machines: ${fault.message}`)
    return undefined
  }
}

async function openListener({
  choice,
  methods,
  store,
  site,
  accessDirectory,
  log,
}: RemoteApiParts): Promise<RemoteApi> {
  const credentials = async () => {
    const { certFile, keyFile } = choice
    const own = certFile === undefined || keyFile === undefined
    const found = own
      ? await ownCredentials(accessDirectory, serverNames(site()), Date.now())
      : siteCredentials(certFile, keyFile)
    if (found.made === 'authority') writeFirstPolicy(store)
    for (const warning of found.warnings) log.warn(warning)
    writeFingerprint(accessDirectory, found.fingerprint)
    return found
  }
  if (site().get('xcattlspolicy') === 'legacy')
    log.warn('site row key=xcattlspolicy: "legacy" is not followed: the API speaks TLS 1.2 and newer')
  const { openRemoteApi } = await import('../api/access/remote-server.ts')
  const port = portOf({ choice, site })
  const remote = await openRemoteApi({
    methods,
    store,
    accessDirectory,
    credentials,
    ...(choice.address === undefined ? {} : { host: choice.address }),
    port,
    now: Date.now,
    log,
  })
  const { readFingerprint } = await import('../api/access/certificates.ts')
  log.info(`API for other machines on port ${remote.port}; fingerprint ${readFingerprint(accessDirectory)}`)
  return remote
}

const DEFAULT_PORT = 3001

function portOf({ choice, site }: Pick<RemoteApiParts, 'choice' | 'site'>): number {
  if (choice.port !== undefined) return choice.port
  const text = site().get('xcatdport') ?? ''
  const port = Number(text)
  return /^\d+$/.test(text) && port > 0 && port < 65_536 ? port : DEFAULT_PORT
}

function worded(error: unknown, port: number): unknown {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'EADDRINUSE')
    return new OperatorError(
      'LB_PORT_IN_USE',
      `port ${port} for the API is taken`,
      'Is xcatd running? Name another port with --api-port, or write --api-port off.',
    )
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL')
    return new OperatorError('LB_PORT_IN_USE', `port ${port} for the API cannot be opened: ${code}`)
  return error
}

/** Whatever an administrator may call this machine by. */
function serverNames(site: Site): string[] {
  const [short = 'localhost'] = hostname().split('.')
  const long = site.domain === undefined ? [] : [`${short}.${site.domain}`]
  const own = Object.values(networkInterfaces()).flatMap((entries) => entries ?? [])
  const addresses = own.map(({ address }) => plainAddress(address)).filter((address) => !/^fe[89ab]/i.test(address))
  const master = site.master === undefined ? [] : [site.master]
  const names = [hostname(), short, ...long, ...master, 'localhost', '127.0.0.1', ...addresses]
  return [...new Set(names)].filter((name) => /^[\w.:-]+$/.test(name))
}

/** At the very first start: root may do everything, as at an xCAT site. A table that was emptied later stays empty. */
function writeFirstPolicy(store: Store): void {
  if (store.read('policy').length > 0) return
  store.transact((transaction) => transaction.insertRow('policy', { priority: '1', name: 'root', rule: 'allow' }), {
    author: 'liteboot',
    record: false,
  })
}
