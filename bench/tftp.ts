/** TFTP: a load program of our own, because Debian has none, against liteboot, dnsmasq and atftpd. */
import { join } from 'node:path'
import { type Contest, type Contestant, OURS } from './contest.ts'
import { buildLoad, runLoad } from './load.ts'
import { startPeer } from './processes.ts'
import { FILES } from './site.ts'
import type { Suite, SuiteContext } from './suite.ts'
import { SERVER } from './wire.ts'

const BLOCK_SIZE_BYTES = 1428
const CLIENTS = [1, 64] as const
const WINDOW = 16
const MB = 1e6

async function openDnsmasq(context: SuiteContext): Promise<Contestant> {
  const wire = await context.openWire()
  const server = context.keep(
    await startPeer({
      side: wire.server,
      command: 'dnsmasq',
      args: [
        ...['--keep-in-foreground', '--conf-file=/dev/null', '--user=root', '--port=0', '--pid-file='],
        ...['--interface=boot0', '--bind-interfaces', '--log-facility=/dev/null', '--quiet-tftp'],
        ...['--enable-tftp', `--tftp-root=${context.site.tftpdir}`, '--tftp-max=200'],
      ],
      logFile: join(context.scratch, 'dnsmasq-tftp.log'),
      port: { protocol: 'udp', number: 69 },
    }),
  )
  return { name: 'dnsmasq', wire, pid: server.pid }
}

async function openAtftpd(context: SuiteContext): Promise<Contestant> {
  const wire = await context.openWire()
  const server = context.keep(
    await startPeer({
      side: wire.server,
      command: 'atftpd',
      args: [
        ...['--daemon', '--no-fork', '--user', 'root', '--group', 'root', '--bind-address', SERVER],
        ...['--maxthread', '200', '--verbose=0', '--logfile', '/dev/null', context.site.tftpdir],
      ],
      logFile: join(context.scratch, 'atftpd.log'),
      port: { protocol: 'udp', number: 69 },
    }),
  )
  return { name: 'atftpd', wire, pid: server.pid }
}

interface TftpFigures {
  readonly bytes: number
  readonly seconds: number
  readonly refusedWindow: number
}

function tftpLoad(program: string, clients: number, window: number, seconds: number) {
  return (wire: Contestant['wire']): Promise<TftpFigures> =>
    runLoad<TftpFigures>(wire, program, [
      ...[SERVER, FILES.tftp, String(clients), String(window), String(BLOCK_SIZE_BYTES), String(seconds)],
    ])
}

/** Whether a server grants the window that it is asked for. */
async function grantsWindow(program: string, { wire }: Contestant): Promise<boolean> {
  return (await tftpLoad(program, 1, WINDOW, 0.2)(wire)).refusedWindow === 0
}

export const tftpSuite: Suite = {
  name: 'TFTP',
  method: `\`bench/load/tftp-load.c\`: clients in one process read the same file of 8 MiB (a kernel) again and again, blocks of
${BLOCK_SIZE_BYTES} bytes; payload that arrived in order is counted. Window ${WINDOW}: servers that do not grant the option take no part
(\`-\`). Peers: no logging, room for all clients.`,
  async open(context) {
    const program = await buildLoad('tftp-load', context.scratch)
    const ours = { name: OURS, ...context.liteboot }
    const peers = [await openDnsmasq(context), await openAtftpd(context)]
    const withWindow: Contestant[] = []
    for (const peer of peers) if (await grantsWindow(program, peer)) withWindow.push(peer)
    const contest = (clients: number, window: number): Contest => ({
      title: `${clients} client${clients > 1 ? 's' : ''}, ${window === 1 ? 'lock-step' : `window ${window}`}`,
      unit: 'MB/s',
      target: { ratio: window === 1 ? 0.7 : 1, against: 'the fastest' },
      contestants: [ours, ...(window === 1 ? peers : withWindow)],
      async load(wire) {
        const { bytes, seconds } = await tftpLoad(program, clients, window, context.seconds)(wire)
        return bytes / seconds / MB
      },
    })
    return [1, WINDOW].flatMap((window) => CLIENTS.map((clients) => contest(clients, window)))
  },
}
