/** DHCP: perfdhcp as a relay against liteboot, Kea and dnsmasq, 10,000 known hosts and a dynamic pool. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Contest, type Contestant, OURS } from './contest.ts'
import { startPeer } from './processes.ts'
import { BOOT_FILE, FIRST_MAC, HOSTS, LEASE_SECONDS, NODES, POOL, STRANGER_MAC, STRANGERS } from './site.ts'
import type { Suite, SuiteContext } from './suite.ts'
import { NETWORK, SERVER, type Wire } from './wire.ts'

/** A rate is sustained when at most this share of the exchanges begun is not completed. */
const DROPS_ALLOWED = 0.025
/** The search stops here: perfdhcp itself does not reach more on one processor. */
const HIGHEST_RATE = 60_000
const FIRST_RATE = 500
const PROBES_MAX = 12
/** perfdhcp takes whole seconds; one is thousands of exchanges, and many more than a socket buffer can hide. */
const PROBE_SECONDS = 1
/** Ratio of neighbouring rates of the search. */
const RESOLUTION = 1.12
const COARSE_RESOLUTION = 1.5
/** For answers under way when the time is over, microseconds. */
const DRAIN_US = 300_000
/** A PXE ROM in BIOS mode: options 60 and 93. */
const PXE = ['-o', `60,${Buffer.from('PXEClient:Arch:00000:UNDI:002001').toString('hex')}`, '-o', '93,0000'] as const

interface Probe {
  readonly completedPerSecond: number
  readonly sustained: boolean
}

interface Clients {
  readonly firstMac: string
  readonly count: number
}

function packets(text: string, exchange: string, direction: 'sent' | 'received'): number {
  const section = text.split(`***Statistics for: ${exchange}***`)[1] ?? ''
  const found = new RegExp(`^${direction} packets: (\\d+)`, 'm').exec(section)
  if (!found) throw new Error(`perfdhcp said something unexpected:\n${text.slice(0, 2000)}`)
  return Number(found[1])
}

async function probe(wire: Wire, clients: Clients, rate: number): Promise<Probe> {
  const text = await wire.client.exec(
    'perfdhcp',
    [
      // On two processors its second thread would take time from the server: one thread reaches higher rates.
      ...[
        '-4',
        '-g',
        'single',
        '-r',
        String(rate),
        '-R',
        String(clients.count),
        '-b',
        `mac=${clients.firstMac}`,
        ...PXE,
      ],
      ...['-p', String(PROBE_SECONDS), '-W', String(DRAIN_US), SERVER],
    ],
    (PROBE_SECONDS + 20) * 1000,
  )
  const begun = packets(text, 'DISCOVER-OFFER', 'sent')
  const completed = packets(text, 'REQUEST-ACK', 'received')
  // A load program that cannot send at this rate proves nothing about it.
  const sustained = completed >= begun * (1 - DROPS_ALLOWED) && begun >= rate * PROBE_SECONDS * 0.9
  return { completedPerSecond: completed / PROBE_SECONDS, sustained }
}

/**
 * The highest rate sustained. A flood at a fixed rate would measure how a server fails, not what it can do: all three
 * serve fewer when more is asked. The first search doubles from a low rate and then closes in; later ones begin at what
 * was found before.
 */
function rateSearch(clients: Clients, resolution: number): Contest['load'] {
  const found = new Map<Wire, number>()
  return async (wire) => {
    const known = found.get(wire)
    let step = known === undefined ? 2 : resolution
    let rate = known ?? FIRST_RATE
    let sustained: { readonly rate: number; readonly completedPerSecond: number } | undefined
    let failed: number | undefined
    for (let probes = 0; probes < PROBES_MAX && rate <= HIGHEST_RATE; probes++) {
      const result = await probe(wire, clients, Math.round(rate))
      if (result.sustained) sustained = { rate, completedPerSecond: result.completedPerSecond }
      else failed = rate
      if (sustained === undefined) {
        rate /= step
        step *= step
      } else if (failed === undefined) rate *= step
      else if (failed / sustained.rate <= resolution * 1.01) break
      else rate = Math.sqrt(failed * sustained.rate)
    }
    if (sustained === undefined) throw new Error(`no rate above ${Math.round(rate)} exchanges/s was sustained`)
    found.set(wire, sustained.rate)
    return sustained.completedPerSecond
  }
}

const KEA_HOSTS = HOSTS.map(({ mac, ip, name }) => ({ 'hw-address': mac, 'ip-address': ip, hostname: name }))

function keaConfiguration(directory: string): object {
  return {
    Dhcp4: {
      // Relayed requests need no raw sockets, and these cost Kea time.
      'interfaces-config': { interfaces: [`boot0/${SERVER}`], 'dhcp-socket-type': 'udp' },
      'lease-database': { type: 'memfile', persist: true, name: join(directory, 'kea-leases.csv') },
      'valid-lifetime': LEASE_SECONDS,
      authoritative: true,
      'next-server': SERVER,
      'boot-file-name': BOOT_FILE,
      'option-data': [
        { name: 'routers', data: SERVER },
        { name: 'domain-name-servers', data: SERVER },
        { name: 'domain-name', data: 'bench.cluster' },
      ],
      subnet4: [
        {
          id: 1,
          subnet: `${NETWORK.net}/${NETWORK.prefix}`,
          pools: [{ pool: `${POOL.first} - ${POOL.last}` }],
          reservations: KEA_HOSTS,
        },
      ],
      loggers: [{ name: 'kea-dhcp4', severity: 'ERROR', output_options: [{ output: 'stderr' }] }],
    },
  }
}

async function openKea(context: SuiteContext): Promise<Contestant> {
  const wire = await context.openWire()
  const file = join(context.scratch, 'kea.json')
  writeFileSync(file, JSON.stringify(keaConfiguration(context.scratch)))
  const server = context.keep(
    await startPeer({
      side: wire.server,
      command: 'kea-dhcp4',
      args: ['-c', file],
      logFile: join(context.scratch, 'kea.log'),
      port: { protocol: 'udp', number: 67 },
      env: { KEA_PIDFILE_DIR: '/run/kea', KEA_LOCKFILE_DIR: '/run/kea' },
    }),
  )
  return { name: 'kea', wire, pid: server.pid }
}

async function openDnsmasq(context: SuiteContext): Promise<Contestant> {
  const wire = await context.openWire()
  const hosts = join(context.scratch, 'dnsmasq.hosts')
  writeFileSync(hosts, HOSTS.map(({ mac, ip, name }) => `${mac},${ip},${name}\n`).join(''))
  const server = context.keep(
    await startPeer({
      side: wire.server,
      command: 'dnsmasq',
      args: [
        ...['--keep-in-foreground', '--conf-file=/dev/null', '--user=root', '--port=0', '--pid-file='],
        ...['--interface=boot0', '--bind-interfaces', '--log-facility=/dev/null', '--quiet-dhcp'],
        ...['--dhcp-authoritative', '--no-ping', `--dhcp-range=${POOL.first},${POOL.last},${NETWORK.mask},12h`],
        ...[`--dhcp-hostsfile=${hosts}`, '--dhcp-lease-max=50000', `--dhcp-boot=${BOOT_FILE},,${SERVER}`],
        ...[`--dhcp-leasefile=${join(context.scratch, 'dnsmasq.leases')}`, '--domain=bench.cluster'],
        ...[`--dhcp-option=3,${SERVER}`, `--dhcp-option=6,${SERVER}`],
      ],
      logFile: join(context.scratch, 'dnsmasq-dhcp.log'),
      port: { protocol: 'udp', number: 67 },
    }),
  )
  return { name: 'dnsmasq', wire, pid: server.pid }
}

export const dhcpSuite: Suite = {
  name: 'DHCP',
  method: `\`perfdhcp\` as a relay, four-way exchanges that look like a BIOS PXE ROM, clients drawn at random. One thread, because a second
one takes processor time from the servers. The figure is the highest rate at which at most ${DROPS_ALLOWED * 100} % of the exchanges are not completed (a search in steps of 12 %): a flood at
a fixed rate would measure how a server fails. Kea: memfile as it comes (written, not synced), UDP sockets, no logging. dnsmasq:
no ping before an offer, no logging, lease file as it comes. liteboot syncs the journal before each ACK of a dynamic lease.`,
  async open(context) {
    const resolution = context.quick ? COARSE_RESOLUTION : RESOLUTION
    const contestants = [{ name: OURS, ...context.liteboot }, await openKea(context), await openDnsmasq(context)]
    const target = { ratio: 1.5, against: 'kea' }
    const unit = 'exchanges/s'
    const known = { firstMac: FIRST_MAC, count: NODES }
    const strangers = { firstMac: STRANGER_MAC, count: STRANGERS }
    return [
      {
        title: `${NODES.toLocaleString('en')} known hosts`,
        unit,
        target,
        contestants,
        load: rateSearch(known, resolution),
      },
      {
        title: `dynamic pool (/18), ${STRANGERS.toLocaleString('en')} clients`,
        unit,
        target,
        contestants,
        load: rateSearch(strangers, resolution),
      },
    ]
  },
}
