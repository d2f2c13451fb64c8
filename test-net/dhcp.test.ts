/** Real DHCP clients and a real relay against the server, in network namespaces of this test's own (10.77.0.0/16). */
import { spawn } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RivalProbe } from '../src/dhcp/rival-probe.ts'
import { env, inLabs, ip, NODE, needs, PROBE, run, startServer, udhcpc } from './dhcp-lab.ts'

inLabs()

const NODES = [
  { name: 'n01', mac: '52:54:00:77:00:01', ip: '10.77.0.11', image: 'img', arch: 'x86_64' },
  { name: 'n02', mac: '52:54:00:77:00:02', ip: '10.77.2.12', image: 'img', arch: 'x86_64' },
  { name: 'n03', mac: '52:54:00:77:00:03', ip: '10.77.1.13', image: 'img', arch: 'x86_64' },
]
const NETWORKS = [
  { net: '10.77.0.0', gateway: '10.77.0.1', range: ['10.77.0.50', '10.77.0.99'] },
  { net: '10.77.1.0' },
  { net: '10.77.2.0', gateway: '10.77.2.1', range: ['10.77.2.50', '10.77.2.99'] },
]
const S0 = { name: 's0', address: '10.77.0.1' }
const R0 = { name: 'r0', address: '10.77.1.1' }

const known = needs('udhcpc of a known node gets its address and parameters', 'ip', 'busybox')
known.declare(known.title, async (t) => {
  const lab = t.context
  ip('-n', lab.client, 'link', 'set', 'c0', 'address', '52:54:00:77:00:01')
  const server = await startServer(lab, { interfaces: [S0], tables: { nodes: NODES, networks: NETWORKS } })
  const got = await udhcpc(lab, lab.client, 'c0')
  t.is(got?.ip, '10.77.0.11')
  t.is(got?.serverid, '10.77.0.1')
  t.is(got?.subnet, '255.255.255.0')
  t.is(got?.router, '10.77.0.1')
  t.is(got?.lease, '43200')
  t.is(got?.hostname, 'n01')
  const end = await server.stop()
  t.deepEqual(end?.leases, [])
  t.deepEqual(
    server.lines.filter(({ node }) => node === 'n01').map(({ event }) => event),
    ['DISCOVER', 'OFFER', 'REQUEST', 'ACK'],
  )
})

const firmware = needs('udhcpc dressed as petitboot and as PXE gets the boot file', 'ip', 'busybox')
firmware.declare(firmware.title, async (t) => {
  const lab = t.context
  ip('-n', lab.client, 'link', 'set', 'c0', 'address', '52:54:00:77:00:01')
  await startServer(lab, { interfaces: [S0], tables: { nodes: NODES, networks: NETWORKS } })
  const petitboot = await udhcpc(lab, lab.client, 'c0', '-x', '0x5d:000e', '-O', '209', '-O', '210')
  t.is(petitboot?.pxeconffile, 'http://10.77.0.1/boot/petitboot/n01')
  // Its udhcpc script would offer it in the menu, as a kernel by TFTP.
  t.falsy(petitboot?.boot_file)
  const bios = await udhcpc(lab, lab.client, 'c0', '-x', '0x5d:0000', '-V', 'PXEClient:Arch:00000:UNDI:002001')
  t.is(bios?.boot_file, 'undionly.kpxe')
  t.is(bios?.siaddr, '10.77.0.1')
})

const stranger = needs(
  'a stranger gets a dynamic address, and the same one after a restart of the server',
  'ip',
  'busybox',
)
stranger.declare(stranger.title, async (t) => {
  const lab = t.context
  const options = { interfaces: [S0], tables: { nodes: NODES, networks: NETWORKS } }
  ip('-n', lab.client, 'link', 'set', 'c0', 'address', '02:00:00:00:00:98')
  const first = await startServer(lab, options)
  const before = await udhcpc(lab, lab.client, 'c0')
  t.regex(before?.ip ?? '', /^10\.77\.0\.[5-9][0-9]$/)
  t.is((await first.stop())?.leases?.[0]?.ip, before?.ip)
  ip('-n', lab.client, 'link', 'set', 'c0', 'address', '02:00:00:00:00:99')
  const second = await startServer(lab, options)
  const other = await udhcpc(lab, lab.client, 'c0')
  t.truthy(other?.ip)
  t.not(other?.ip, before?.ip)
  ip('-n', lab.client, 'link', 'set', 'c0', 'address', '02:00:00:00:00:98')
  t.is((await udhcpc(lab, lab.client, 'c0'))?.ip, before?.ip)
  t.is((await second.stop())?.leases?.length, 2)
})

const silent = needs('a stranger gets nothing where the network has no range', 'ip', 'busybox')
silent.declare(silent.title, async (t) => {
  const lab = t.context
  const server = await startServer(lab, {
    interfaces: [S0],
    tables: { nodes: NODES, networks: [{ net: '10.77.0.0' }] },
  })
  t.is(await udhcpc(lab, lab.client, 'c0'), undefined)
  const end = await server.stop()
  t.true((end?.counters?.byMessage.DISCOVER ?? 0) > 0)
  t.is(end?.counters?.byMessage.OFFER, undefined)
})

const dhclient = needs('dhclient gets, renews and releases a lease', 'ip', 'dhclient')
dhclient.declare(dhclient.title, async (t) => {
  const lab = t.context
  const server = await startServer(lab, { interfaces: [S0], tables: { nodes: NODES, networks: NETWORKS } })
  const file = (name: string) => join(lab.directory, name)
  writeFileSync(
    file('script'),
    `#!/bin/sh\nif [ "$reason" = BOUND ]; then ip addr add $new_ip_address/24 dev c0; fi\nenv >> ${file('env')}\n`,
  )
  chmodSync(file('script'), 0o755)
  const common = [
    '-4',
    '-v',
    '-sf',
    file('script'),
    '-lf',
    file('dhclient.leases'),
    '-pf',
    file('pid'),
    '-cf',
    '/dev/null',
  ]
  const dhclientOnce = (...words: string[]) =>
    run('ip', ['netns', 'exec', lab.client, 'dhclient', ...common, ...words, 'c0'], { env, timeout: 30_000 })
  // It goes to the background; whatever happens below, it must not stay there.
  t.teardown(() => {
    const pid = existsSync(file('pid')) ? Number(readFileSync(file('pid'), 'utf8')) : 0
    try {
      if (pid > 1) process.kill(pid, 'SIGKILL')
    } catch {
      // released and gone already
    }
  })
  await dhclientOnce('-1')
  t.regex(readFileSync(file('env'), 'utf8'), /^new_ip_address=10\.77\.0\.[5-9][0-9]$/m)
  // -r releases the lease and ends the background process that -1 left.
  await dhclientOnce('-r')
  const end = await server.stop()
  t.is(end?.counters?.byMessage.RELEASE, 1)
  t.is(end?.leases?.[0]?.state, 'expired')
})

const perf = needs(
  'perfdhcp, 300 exchanges a second of 200 clients for 3 s: every request answered, one address each',
  'ip',
  'perfdhcp',
)
perf.declare(perf.title, async (t) => {
  const lab = t.context
  ip('-n', lab.client, 'addr', 'add', '10.77.0.2/24', 'dev', 'c0')
  const networks = [{ net: '10.77.0.0', mask: '255.255.0.0', range: ['10.77.128.0', '10.77.191.255'] }]
  const server = await startServer(lab, { interfaces: [S0], tables: { networks } })
  const words = [
    'netns',
    'exec',
    lab.client,
    'perfdhcp',
    '-4',
    '-r',
    '300',
    '-p',
    '3',
    '-R',
    '200',
    '-W',
    '1000000',
    '10.77.0.1',
  ]
  const output = await run('ip', words, { env }).then(
    ({ stdout }) => stdout,
    (error: { stdout: string; stderr: string }) => error.stdout + error.stderr,
  )
  const drops = [...output.matchAll(/^drops: (\d+)/gm)].map((match) => Number(match[1]))
  t.log(
    output
      .split('\n')
      .filter((line) => /Rate|drops|sent|received/.test(line))
      .join('; '),
  )
  t.is(drops.length, 2, output)
  // On a busy machine perfdhcp itself loses a few answers (its socket buffer); a server that loses requests loses many.
  t.true(Math.max(...drops) <= 45, output)
  const end = await server.stop()
  const counted = end?.counters?.byMessage ?? {}
  t.true((counted.DISCOVER ?? 0) > 300)
  t.is(counted.OFFER, counted.DISCOVER)
  t.is(counted.ACK, counted.REQUEST)
  const leases = end?.leases ?? []
  t.is(new Set(leases.map(({ ip }) => ip)).size, 200)
  t.is(new Set(leases.map(({ client }) => client)).size, 200)
})

const relayed = needs('through ISC dhcrelay: a known node and a stranger behind it', 'ip', 'busybox', 'dhcrelay')
relayed.declare(relayed.title, async (t) => {
  const lab = t.context
  const server = await startServer(lab, { interfaces: [R0], tables: { nodes: NODES, networks: NETWORKS } })
  const relay = spawn(
    'ip',
    ['netns', 'exec', lab.relay, 'dhcrelay', '-4', '-d', '-a', '-id', 'd0', '-iu', 'u0', '10.77.1.1'],
    { env },
  )
  lab.children.push(relay)
  await new Promise<void>((resolve) =>
    relay.stderr.on('data', (chunk) => /Sending on/.test(String(chunk)) && resolve()),
  )
  const stray = await udhcpc(lab, lab.far, 'f0')
  t.regex(stray?.ip ?? '', /^10\.77\.2\.[5-9][0-9]$/)
  ip('-n', lab.far, 'link', 'set', 'f0', 'address', '52:54:00:77:00:02')
  const got = await udhcpc(lab, lab.far, 'f0')
  t.is(got?.ip, '10.77.2.12')
  t.is(got?.serverid, '10.77.1.1')
  await server.stop()
})

const several = needs(
  'two interfaces: known nodes are served on both, strangers are refused with a warning',
  'ip',
  'busybox',
)
several.declare(several.title, async (t) => {
  const lab = t.context
  const server = await startServer(lab, { interfaces: [S0, R0], tables: { nodes: NODES, networks: NETWORKS } })
  t.true(server.lines.some(({ warn }) => warn?.includes('BindToDevice')))
  t.is(await udhcpc(lab, lab.client, 'c0'), undefined)
  ip('-n', lab.client, 'link', 'set', 'c0', 'address', '52:54:00:77:00:01')
  ip('-n', lab.relay, 'link', 'set', 'u0', 'address', '52:54:00:77:00:03')
  t.is((await udhcpc(lab, lab.client, 'c0'))?.ip, '10.77.0.11')
  const second = await udhcpc(lab, lab.relay, 'u0')
  t.is(second?.ip, '10.77.1.13')
  t.is(second?.serverid, '10.77.1.1')
  const end = await server.stop()
  t.true(server.lines.some(({ detail }) => detail?.includes('dynamic addresses refused')))
  t.deepEqual(end?.leases, [])
})

const passed = needs(
  'two sockets bound to devices: strangers are served on the wire they are on',
  'ip',
  'busybox',
  'python3',
)
passed.declare(passed.title, async (t) => {
  const lab = t.context
  const networks = [NETWORKS[0], { net: '10.77.1.0', range: ['10.77.1.50', '10.77.1.99'] }]
  const server = await startServer(lab, { interfaces: [S0, R0], tables: { networks } }, ['s0', 'r0'])
  t.false(server.lines.some(({ warn }) => warn !== undefined))
  t.regex((await udhcpc(lab, lab.client, 'c0'))?.ip ?? '', /^10\.77\.0\.[5-9][0-9]$/)
  t.regex((await udhcpc(lab, lab.relay, 'u0'))?.ip ?? '', /^10\.77\.1\.[5-9][0-9]$/)
  await server.stop()
})

const rivals = needs('the probe finds a server that offers addresses to strangers, and takes none of them', 'ip')
rivals.declare(rivals.title, async (t) => {
  const lab = t.context
  ip('-n', lab.client, 'addr', 'add', '10.77.0.2/24', 'dev', 'c0')
  const server = await startServer(lab, { interfaces: [S0], tables: { networks: NETWORKS } })
  const probe = async (...own: string[]) => {
    const { stdout } = await run('ip', ['netns', 'exec', lab.client, NODE, PROBE, ...own], { env })
    return (JSON.parse(stdout) as RivalProbe).offers
  }
  t.like(await probe('c0=10.77.0.2'), [
    { serverIdentifier: '10.77.0.1', interfaceName: 'c0', askedFrom: '10.77.0.2', bootFile: '' },
  ])
  t.deepEqual(await probe('c0=10.77.0.2', '10.77.0.1'), [])
  t.deepEqual((await server.stop())?.leases, [])
})
