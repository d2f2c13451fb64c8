/** Networks as they are: relays with several links, a site's own DHCP server, rivals, and the clients of running systems. */
import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RivalProbe } from '../src/dhcp/rival-probe.ts'
import {
  env,
  inLabs,
  ip,
  type Lab,
  NODE,
  needs,
  PROBE,
  ROOT,
  run,
  type Server,
  startServer,
  udhcpc,
  wire,
} from './dhcp-lab.ts'

inLabs()

const NETWORKD = '/lib/systemd/systemd-networkd'
const MAC = '52:54:00:77:00:01'
const NODES = [
  { name: 'n01', mac: MAC, ip: '10.77.0.11', image: 'img', arch: 'x86_64' },
  { name: 'n02', mac: '52:54:00:77:00:02', ip: '10.77.2.12', image: 'img', arch: 'x86_64' },
  { name: 'n03', mac: '52:54:00:77:00:03', ip: '10.77.3.13', image: 'img', arch: 'x86_64' },
  { name: 'n05', mac: '52:54:00:77:00:05', ip: '10.77.5.15', image: 'img', arch: 'x86_64' },
]
const range = (net: number) => ({ net: `10.77.${net}.0`, range: [`10.77.${net}.50`, `10.77.${net}.99`] })
const NETWORKS = [range(0), { net: '10.77.1.0' }, range(2), range(3), { net: '10.77.5.0' }]
const S0 = { name: 's0', address: '10.77.0.1' }
const R0 = { name: 'r0', address: '10.77.1.1' }

/** Starts a program in a namespace; resolves when it says what shows that it is ready. */
async function start(lab: Lab, space: string, ready: RegExp, ...words: string[]): Promise<ChildProcess> {
  const child = spawn('ip', ['netns', 'exec', space, ...words], { env })
  lab.children.push(child)
  let text = ''
  await new Promise<void>((resolve, reject) => {
    const see = (chunk: Buffer) => {
      text += String(chunk)
      if (ready.test(text)) resolve()
    }
    child.stdout?.on('data', see)
    child.stderr?.on('data', see)
    child.once('exit', (code) => reject(new Error(`${words[0]} ended with ${code}: ${text}`)))
  })
  return child
}

/** Two links behind the relay: d0–f0 10.77.2.0/24 and d1–f1 10.77.3.0/24. */
function secondLink(lab: Lab): void {
  wire(lab.relay, 'd1', lab.far, 'f1')
  ip('-n', lab.relay, 'addr', 'add', '10.77.3.1/24', 'dev', 'd1')
  ip('-n', lab.server, 'route', 'add', '10.77.3.0/24', 'via', '10.77.1.2')
}

async function nodesAndStrangersBehindRelay(lab: Lab) {
  const stray = [await udhcpc(lab, lab.far, 'f0'), await udhcpc(lab, lab.far, 'f1')]
  ip('-n', lab.far, 'link', 'set', 'f0', 'address', '52:54:00:77:00:02')
  ip('-n', lab.far, 'link', 'set', 'f1', 'address', '52:54:00:77:00:03')
  const nodes = [await udhcpc(lab, lab.far, 'f0'), await udhcpc(lab, lab.far, 'f1')]
  return {
    stray: stray.map((got) => got?.ip?.replace(/\d+$/, 'x')),
    nodes: nodes.map((got) => got?.ip),
    servers: nodes.map((got) => got?.serverid),
  }
}

const BOTH_LINKS = {
  stray: ['10.77.2.x', '10.77.3.x'],
  nodes: ['10.77.2.12', '10.77.3.13'],
  servers: ['10.77.1.1', '10.77.1.1'],
}

const links = needs(
  'ISC dhcrelay with two links and option 82: each client is on its own network',
  'ip',
  'busybox',
  'dhcrelay',
)
links.declare(links.title, async (t) => {
  const lab = t.context
  secondLink(lab)
  // Two interfaces: which address the relay reaches us at is told by where it sent to.
  const server = await startServer(lab, { interfaces: [S0, R0], tables: { nodes: NODES, networks: NETWORKS } })
  const words = ['dhcrelay', '-4', '-d', '-a', '-m', 'append', '-id', 'd0', '-id', 'd1', '-iu', 'u0', '10.77.1.1']
  await start(lab, lab.relay, /Sending on\s+Socket/, ...words)
  t.deepEqual(await nodesAndStrangersBehindRelay(lab), BOTH_LINKS)
  await server.stop()
  const reasons = server.lines.map(({ detail }) => detail ?? '').join('\n')
  t.regex(reasons, /giaddr 10\.77\.2\.1/)
  t.regex(reasons, /giaddr 10\.77\.3\.1/)
})

const selection = needs(
  'RFC 3527: dhcrelay with its uplink as giaddr names the link in option 82',
  'ip',
  'busybox',
  'dhcrelay',
)
selection.declare(selection.title, async (t) => {
  const lab = t.context
  secondLink(lab)
  const server = await startServer(lab, { interfaces: [S0, R0], tables: { nodes: NODES, networks: NETWORKS } })
  // dhcrelay 4.4 crashes when the uplink is named with -iu as well.
  const words = ['dhcrelay', '-4', '-d', '-a', '-U', 'u0', '-id', 'd0', '-id', 'd1', '10.77.1.1']
  await start(lab, lab.relay, /Sending on\s+Socket/, ...words)
  t.deepEqual(await nodesAndStrangersBehindRelay(lab), BOTH_LINKS)
  await server.stop()
  t.regex(server.lines.map(({ detail }) => detail ?? '').join('\n'), /link selection 10\.77\.3\.1/)
})

const masq = needs('dnsmasq as a relay with two links', 'ip', 'busybox', 'dnsmasq')
masq.declare(masq.title, async (t) => {
  const lab = t.context
  secondLink(lab)
  const server = await startServer(lab, { interfaces: [R0], tables: { nodes: NODES, networks: NETWORKS } })
  const relays = ['--dhcp-relay=10.77.2.1,10.77.1.1', '--dhcp-relay=10.77.3.1,10.77.1.1']
  await start(
    lab,
    lab.relay,
    /DHCP relay from/,
    'dnsmasq',
    '--no-daemon',
    '--conf-file=/dev/null',
    '--port=0',
    ...relays,
  )
  t.deepEqual(await nodesAndStrangersBehindRelay(lab), BOTH_LINKS)
  await server.stop()
})

/** One wire for three: br0 10.77.5.1 of the server, p0 of the client, x0 10.77.5.2 of the site's DHCP server. */
function sharedWire(lab: Lab): void {
  ip('-n', lab.server, 'link', 'add', 'br0', 'type', 'bridge', 'stp_state', '0', 'forward_delay', '0')
  wire(lab.server, 'b0', lab.client, 'p0')
  wire(lab.server, 'b1', lab.relay, 'x0')
  for (const link of ['b0', 'b1']) ip('-n', lab.server, 'link', 'set', link, 'master', 'br0')
  ip('-n', lab.server, 'link', 'set', 'br0', 'up')
  ip('-n', lab.server, 'addr', 'add', '10.77.5.1/24', 'dev', 'br0')
  ip('-n', lab.relay, 'addr', 'add', '10.77.5.2/24', 'dev', 'x0')
}

async function siteDnsmasq(lab: Lab): Promise<void> {
  const words = ['--no-daemon', '--conf-file=/dev/null', '--port=0', '--interface=x0', '--bind-interfaces', '--no-ping']
  const range = '--dhcp-range=10.77.5.100,10.77.5.120,255.255.255.0'
  const host = '--dhcp-host=52:54:00:77:00:05,10.77.5.15'
  const leases = `--dhcp-leasefile=${join(lab.directory, 'site.leases')}`
  await start(lab, lab.relay, /sockets bound exclusively/, 'dnsmasq', ...words, range, host, leases)
}

async function siteKea(lab: Lab): Promise<void> {
  const file = join(lab.directory, 'kea.json')
  const Dhcp4 = {
    'interfaces-config': { interfaces: ['x0'] },
    'lease-database': { type: 'memfile', persist: false },
    loggers: [{ name: 'kea-dhcp4', output_options: [{ output: 'stdout' }], severity: 'INFO' }],
    subnet4: [
      {
        id: 1,
        subnet: '10.77.5.0/24',
        pools: [{ pool: '10.77.5.100 - 10.77.5.120' }],
        reservations: [{ 'hw-address': '52:54:00:77:00:05', 'ip-address': '10.77.5.15' }],
      },
    ],
  }
  writeFileSync(file, JSON.stringify({ Dhcp4 }))
  // It locks below /run, which this machine shares with all namespaces.
  const words = ['env', `KEA_LOCKFILE_DIR=${lab.directory}`, `KEA_PIDFILE_DIR=${lab.directory}`]
  await start(lab, lab.relay, /DHCP4_STARTED/, ...words, 'kea-dhcp4', '-c', file)
}

interface Told {
  readonly type: number
  readonly yiaddr: string
  readonly server: string
  readonly vendorClass?: string
  readonly file: string
}

async function pxeClient(lab: Lab, architecture: number, mac = '52:54:00:77:00:05', address = '10.77.5.15') {
  const fixture = join(ROOT, 'test', 'dhcp', 'pxe-client-fixture.ts')
  const words = [mac, address, String(architecture)]
  const { stdout } = await run('ip', ['netns', 'exec', lab.client, NODE, fixture, ...words], { env })
  return JSON.parse(stdout) as { readonly offers: readonly Told[]; readonly bootServer: readonly Told[] }
}

const PROXY = { tables: { nodes: NODES, networks: NETWORKS, settings: { proxydhcp: '10_77_5_0' } } }

for (const [name, program, openSite] of [
  ['dnsmasq', 'dnsmasq', siteDnsmasq],
  ['Kea', 'kea-dhcp4', siteKea],
] as const) {
  const beside = needs(`beside ${name}: its address, our boot file, at ports 67 and 4011`, 'ip', 'busybox', program)
  beside.declare(beside.title, async (t) => {
    const lab = t.context
    sharedWire(lab)
    await openSite(lab)
    const server = await startServer(lab, { interfaces: [{ name: 'br0', address: '10.77.5.1' }], ...PROXY })
    ip('-n', lab.client, 'link', 'set', 'p0', 'address', '52:54:00:77:00:05')
    // An ordinary system: the site's server only.
    const system = await udhcpc(lab, lab.client, 'p0')
    t.is(system?.ip, '10.77.5.15')
    t.is(system?.serverid, '10.77.5.2')
    // Firmware: both offers.
    ip('-n', lab.client, 'addr', 'add', '10.77.5.15/24', 'dev', 'p0')
    const { offers, bootServer } = await pxeClient(lab, 7)
    t.deepEqual(offers.map(({ server: from, yiaddr }) => `${from} ${yiaddr}`).sort(), [
      '10.77.5.1 0.0.0.0',
      '10.77.5.2 10.77.5.15',
    ])
    t.like(
      offers.find(({ yiaddr }) => yiaddr === '0.0.0.0'),
      { vendorClass: 'PXEClient', file: 'snponly.efi' },
    )
    t.like(bootServer, [{ type: 5, yiaddr: '0.0.0.0', server: '10.77.5.1', file: 'snponly.efi' }])
    const end = await server.stop()
    t.is(end?.counters?.byMessage.NAK, undefined)
    t.is(end?.counters?.byMessage.ACK, 1)
    t.deepEqual(end?.leases, [])
  })
}

const discovery = needs(
  'beside dnsmasq, with discovery: a stranger has its address, and boot files from us',
  'ip',
  'dnsmasq',
)
discovery.declare(discovery.title, async (t) => {
  const lab = t.context
  sharedWire(lab)
  await siteDnsmasq(lab)
  const settings = { proxydhcp: '10_77_5_0', discovery: '10_77_5_0' }
  const tables = { ...PROXY.tables, settings }
  const server = await startServer(lab, { interfaces: [{ name: 'br0', address: '10.77.5.1' }], tables })
  const [mac, address] = ['02:00:00:00:00:09', '10.77.5.99']
  ip('-n', lab.client, 'link', 'set', 'p0', 'address', mac)
  ip('-n', lab.client, 'addr', 'add', `${address}/24`, 'dev', 'p0')
  const { offers, bootServer } = await pxeClient(lab, 7, mac, address)
  t.is(offers.length, 2)
  t.like(
    offers.find(({ server: from }) => from === '10.77.5.1'),
    { yiaddr: '0.0.0.0', vendorClass: 'PXEClient', file: 'snponly.efi' },
  )
  t.regex(offers.find(({ server: from }) => from === '10.77.5.2')?.yiaddr ?? '', /^10\.77\.5\.1[0-2]\d$/)
  t.like(bootServer, [{ type: 5, yiaddr: '0.0.0.0', server: '10.77.5.1', file: 'snponly.efi' }])
  t.deepEqual((await server.stop())?.leases, [])
})

const secondary = needs('two networks on one wire: a node of the one where the server has no address', 'ip', 'busybox')
secondary.declare(secondary.title, async (t) => {
  const lab = t.context
  ip('-n', lab.client, 'link', 'set', 'c0', 'address', '52:54:00:77:00:02')
  const networks = ['10.77.0.0', '10.77.2.0'].map((net) => ({ net, mgtifname: 's0' }))
  const server = await startServer(lab, { interfaces: [S0], tables: { nodes: NODES, networks } })
  t.like(await udhcpc(lab, lab.client, 'c0'), { ip: '10.77.2.12', serverid: '10.77.0.1' })
  await server.stop()
})

const rivals = needs('the probe asks on every interface and says where a rival answered', 'ip', 'dnsmasq')
rivals.declare(rivals.title, async (t) => {
  const lab = t.context
  sharedWire(lab)
  await siteDnsmasq(lab)
  const words = ['s0=10.77.0.1', 'br0=10.77.5.1', '10.77.0.1', '10.77.5.1']
  const { stdout } = await run('ip', ['netns', 'exec', lab.server, NODE, PROBE, ...words], { env })
  const { offers: found, unasked } = JSON.parse(stdout) as RivalProbe
  t.deepEqual(unasked, [])
  t.like(found, [{ serverIdentifier: '10.77.5.2', interfaceName: 'br0', askedFrom: '10.77.5.1' }])
  t.regex(found[0]?.offeredAddress ?? '', /^10\.77\.5\.1[0-2]\d$/)
  // Silence of a wire that is not there says nothing.
  ip('-n', lab.client, 'link', 'set', 'c0', 'down')
  const again = await run('ip', ['netns', 'exec', lab.server, NODE, PROBE, 's0=10.77.0.1', '10.77.0.1'], { env })
  t.like(JSON.parse(again.stdout), { offers: [], unasked: [{ interfaceName: 's0', why: 'it has no link' }] })
  ip('-n', lab.server, 'link', 'set', 's0', 'down')
  const off = await run('ip', ['netns', 'exec', lab.server, NODE, PROBE, 's0=10.77.0.1', '10.77.0.1'], { env })
  t.like(JSON.parse(off.stdout), { offers: [], unasked: [{ interfaceName: 's0' }] })
})

/** One lease by dhclient, which then ends without releasing it. */
async function dhclient(lab: Lab, ...configuration: string[]): Promise<Readonly<Record<string, string>>> {
  const file = (name: string) => join(lab.directory, name)
  writeFileSync(file('dhclient.conf'), configuration.join('\n'))
  writeFileSync(
    file('script'),
    `#!/bin/sh\ncase $reason in BOUND) env > ${file('new')}; mv ${file('new')} ${file('env')} ;; esac\n`,
  )
  chmodSync(file('script'), 0o755)
  const files = ['-sf', file('script'), '-lf', '/dev/null', '-pf', file('pid'), '-cf', file('dhclient.conf')]
  // In the foreground: in the background its pid file comes when it pleases.
  const script = `rm -f ${file('env')}; dhclient -4 -d ${files.join(' ')} c0 & pid=$!
    until [ -e ${file('env')} ]; do kill -0 $pid || exit 1; sleep 0.1; done; kill -9 $pid`
  await run('ip', ['netns', 'exec', lab.client, 'timeout', '30', 'sh', '-c', script], { env })
  return Object.fromEntries(
    readFileSync(file('env'), 'utf8')
      .split('\n')
      .map((line) => line.split(/=(.*)/s).slice(0, 2)),
  )
}

/** systemd-networkd in the namespace, with a /run of its own and nobody else of systemd; ends when it has an address. */
async function networkd(lab: Lab, identifier: string): Promise<Readonly<Record<string, string>>> {
  const unit = `[Match]\nName=c0\n[Network]\nDHCP=ipv4\nLinkLocalAddressing=no\n[DHCPv4]\nClientIdentifier=${identifier}\nSendRelease=no\n`
  writeFileSync(join(lab.directory, '10-c0.network'), unit)
  const lease = join(lab.directory, `networkd-${identifier}`)
  const script = [
    'mount --make-rprivate / && mount -t tmpfs tmpfs /run && mount -o remount,bind,ro /sys',
    'mkdir -p /run/systemd/network /run/systemd/netif/links /run/systemd/netif/leases /run/systemd/netif/lldp',
    'chown -R systemd-network:systemd-network /run/systemd/netif',
    `cp ${lab.directory}/10-c0.network /run/systemd/network/`,
    `${NETWORKD} & pid=$!`,
    // The lease file is what shows that it is done; without one the test fails by its own time-out.
    `until grep -q ADDRESS /run/systemd/netif/leases/* 2>/dev/null; do kill -0 $pid || exit 1; sleep 0.1; done`,
    `cat /run/systemd/netif/leases/* > ${lease}; kill -9 $pid`,
  ]
  const words = ['netns', 'exec', lab.client, 'unshare', '-m', 'timeout', '30', 'sh', '-c', script.join('\n')]
  await run('ip', words, { env })
  ip('-n', lab.client, 'addr', 'flush', 'dev', 'c0')
  return Object.fromEntries(
    readFileSync(lease, 'utf8')
      .split('\n')
      .map((line) => line.split(/=(.*)/s).slice(0, 2)),
  )
}

const hasNetworkd = existsSync(NETWORKD) ? [] : ['systemd-networkd']
const clients = ['ip', 'busybox', 'dhclient', ...hasNetworkd] as const

const forever = needs(
  'a node whose root is on NFS has its address for ever: udhcpc, dhclient, systemd-networkd',
  ...clients,
)
forever.declare(forever.title, async (t) => {
  const lab = t.context
  ip('-n', lab.client, 'link', 'set', 'c0', 'address', MAC)
  const tables = { nodes: NODES, networks: NETWORKS, rootfstype: 'nfs' }
  const server: Server = await startServer(lab, { interfaces: [S0], tables })
  const udhcp = await udhcpc(lab, lab.client, 'c0')
  t.like(udhcp, { ip: '10.77.0.11', lease: '4294967295' })
  t.like(await dhclient(lab), { new_ip_address: '10.77.0.11', new_dhcp_lease_time: '4294967295' })
  t.like(await networkd(lab, 'duid'), { ADDRESS: '10.77.0.11', LIFETIME: '4294967295' })
  // Firmware asks again at the next boot anyway.
  const firmware = await udhcpc(lab, lab.client, 'c0', '-x', '0x5d:0000', '-V', 'PXEClient:Arch:00000:UNDI:002001')
  t.is(firmware?.lease, '43200')
  await server.stop()
})

const identity = needs('one address for a stranger, whatever identifies its firmware, loader and system', ...clients)
identity.declare(identity.title, async (t) => {
  const lab = t.context
  ip('-n', lab.client, 'link', 'set', 'c0', 'address', '02:00:00:00:00:42')
  const server = await startServer(lab, { interfaces: [S0], tables: { nodes: NODES, networks: NETWORKS } })
  const uuid = '00112233445566778899aabbccddeeff00'
  const got = [
    (await udhcpc(lab, lab.client, 'c0', '-x', `0x3d:${uuid}`))?.ip,
    (await udhcpc(lab, lab.client, 'c0', '-C'))?.ip,
    (await udhcpc(lab, lab.client, 'c0'))?.ip,
    (await dhclient(lab)).new_ip_address,
    (await dhclient(lab, 'send dhcp-client-identifier "node-by-name";')).new_ip_address,
    (await networkd(lab, 'duid')).ADDRESS,
    (await networkd(lab, 'mac')).ADDRESS,
  ]
  t.regex(got[0] ?? '', /^10\.77\.0\.[5-9]\d$/)
  t.deepEqual(got, Array(got.length).fill(got[0]))
  t.is((await server.stop())?.leases?.length, 1)
})
