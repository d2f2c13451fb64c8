/** `liteboot serve`: options in, services up, signals to an orderly end. The only place that may end the process. */
import { mkdirSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { OperatorError } from '../api/errors.ts'
import { DEFAULT_NFS, readPlaces } from '../api/places.ts'
import { serviceInterfaces } from './interfaces.ts'
import type { RemoteApiChoice } from './remote-api.ts'
import { openServices, type Services } from './services.ts'

/** A stop that takes longer is cut off: clients retry anyway, and state on disk is whole at every moment. */
const CLOSE_LIMIT_MS = 10_000

interface ServeOptions {
  readonly interface: readonly string[]
  readonly httpPort?: number
  readonly nfsPort: number
  readonly mountPort: number
  readonly tftpSinglePort: boolean
  readonly scratch?: string
  readonly apiPort?: number | 'off'
  readonly apiAddress?: string
  readonly apiCert?: string
  readonly apiKey?: string
}

function portNumber(text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new CommanderError(2, 'liteboot.port', `${text} is not a port`)
  return port
}

function apiPort(text: string): number | 'off' {
  return text === 'off' ? 'off' : portNumber(text)
}

/** Certificate and key are one thing. */
function remoteApi({ apiPort: port, apiAddress, apiCert, apiKey }: ServeOptions): RemoteApiChoice | undefined {
  if (port === 'off') return undefined
  if ((apiCert === undefined) !== (apiKey === undefined))
    throw new OperatorError('LB_USAGE', 'name both --api-cert and --api-key, or neither')
  return {
    ...(port === undefined ? {} : { port }),
    ...(apiAddress === undefined ? {} : { address: apiAddress }),
    ...(apiCert === undefined ? {} : { certFile: apiCert }),
    ...(apiKey === undefined ? {} : { keyFile: apiKey }),
  }
}

function log(level: string, message: string): void {
  process.stderr.write(`${new Date().toISOString()} ${level} ${message}\n`)
}

function renderFault(error: unknown): string {
  if (error instanceof OperatorError) return `${error.message}\n       ${error.advice} [${error.code}]`
  // Whatever nobody foresaw is a defect: its place is needed.
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

export async function runServer(args: readonly string[]): Promise<void> {
  const program = new Command('liteboot serve')
    .description('Run the server: DHCP, TFTP, HTTP and NFS. Stays in the foreground.')
    .option(
      '-i, --interface <name>',
      'serve only this interface (name or address); may be repeated',
      (value, all: string[]) => [...all, value],
      [],
    )
    .option('--http-port <port>', 'instead of site.httpport', portNumber)
    .option('--nfs-port <port>', 'NFS over TCP', portNumber, DEFAULT_NFS.port)
    .option('--mount-port <port>', 'MOUNT over TCP', portNumber, DEFAULT_NFS.mountPort)
    .option(
      '--tftp-single-port',
      'send all TFTP transfers from port 69: for firewalls that know nothing of TFTP',
      false,
    )
    .option('--scratch <directory>', 'rehearsal: serve persistent directories from below this directory')
    .option('--api-port <port>', 'API for other machines, instead of site.xcatdport (3001); off: none', apiPort)
    .option('--api-address <address>', 'only on this address of the machine')
    .option('--api-cert <file>', "the site's own certificate for it (PEM, with the authority's after it)")
    .option('--api-key <file>', 'the key of that certificate')
    .exitOverride()
  let services: Services
  try {
    program.parse([...args], { from: 'user' })
    const options = program.opts<ServeOptions>()
    const places = readPlaces()
    const remote = remoteApi(options)
    mkdirSync(places.state, { recursive: true, mode: 0o700 })
    services = await openServices({
      places,
      interfaces: serviceInterfaces(options.interface),
      nfsPort: options.nfsPort,
      mountPort: options.mountPort,
      tftpSinglePort: options.tftpSinglePort,
      ...(options.httpPort === undefined ? {} : { httpPort: options.httpPort }),
      ...(options.scratch === undefined ? {} : { scratch: options.scratch }),
      ...(remote === undefined ? {} : { remoteApi: remote }),
      log: { info: (message) => log('info', message), warn: (message) => log('warn', message) },
    })
  } catch (error) {
    if (error instanceof CommanderError) process.exit(error.exitCode)
    log('error', renderFault(error))
    process.exit(1)
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      setTimeout(() => process.exit(1), CLOSE_LIMIT_MS).unref()
      services.close().then(
        () => process.exit(0),
        (error: unknown) => {
          log('error', `while stopping: ${String(error)}`)
          process.exit(1)
        },
      )
    })
  }
}
