import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { parseInventory } from '../../src/discovery/inventory.ts'
import { rowUpdate } from '../../src/discovery/upsert.ts'
import { openSqliteStore } from '../../src/store/sqlite.ts'
import { openTimeline } from '../../src/timeline/store.ts'
import { inventoryText, lldpLine, type Said } from '../discovery/inventory-text.ts'
import { newSite, runCommand, type Site, transcript } from './transcript.ts'

const START = new Date(2026, 10, 22, 13, 0, 0).getTime()

/** As the server writes them: first one a minute, then again. */
function report(site: Site, reports: readonly Said[], againMs = Date.now()): void {
  const { tables } = site.places
  mkdirSync(dirname(tables), { recursive: true })
  const store = openSqliteStore({ path: tables })
  for (const [at, said] of reports.entries()) {
    store.transact(
      (transaction) => {
        const inventory = parseInventory(Buffer.from(inventoryText(said)))
        if ('fault' in inventory) throw new Error(inventory.fault)
        for (const atMs of [START + at * 60_000, againMs]) {
          const update = rowUpdate(transaction.read('discoverydata'), inventory, `10.77.9.${at + 1}`, atMs)
          if ('fault' in update) throw new Error(update.fault)
          transaction.setRows('discoverydata', { uuid: update.uuid }, update.values)
        }
      },
      { author: 'server' },
    )
  }
  store.close()
}

const MACHINES: readonly Said[] = [
  { mac: '52:54:00:77:00:0b', uuid: '-', serial: 'S1', more: [lldpLine('eth0', 'sw1.example.org', 'Ethernet1/2')] },
  { mac: '52:54:00:77:00:0c', uuid: '-', serial: 'S2', more: [lldpLine('eth0', 'sw1.example.org', 'Ethernet1/1')] },
  { mac: '52:54:00:77:00:0d', serial: 'S3', more: ['port\teth1\t52:54:00:77:01:0d\tdown\t-\t-'] },
]

async function siteWith(t: ExecutionContext, reports: readonly Said[] = MACHINES): Promise<Site> {
  const site = newSite(t)
  report(site, reports)
  for (const words of [
    ['chdef', '-t', 'site', 'master=10.77.0.1', 'domain=demo.cluster', 'discovery=demo'],
    ['mkdef', '-t', 'network', '-o', 'demo', 'net=10.77.0.0', 'mask=255.255.0.0', 'dynamicrange=10.77.9.1-10.77.9.20'],
    [
      'mkdef',
      '-t',
      'osimage',
      '-o',
      'lite',
      'imagetype=linux',
      'provmethod=statelite',
      'osvers=debian12',
      'osarch=x86_64',
      'profile=compute',
    ],
    ['mkdef', 'n[1-3]', 'groups=compute,all', 'provmethod=lite'],
    ['chdef', '-t', 'group', 'compute', 'ip=|10.77.0.($1+10)|'],
    ['mkdef', 'old', 'groups=all', 'ip=10.77.0.99', 'mac=52:54:00:77:00:99', 'provmethod=lite'],
  ]) {
    const { status, stderr } = await runCommand(site, words)
    t.is(status, 0, stderr)
  }
  return site
}

const HEAD =
  'FIRST SEEN           MAC                SERIAL  MODEL  ARCH    CPUS  MEMORY  DISKS      SWITCH PORT                  NODE'

test('machines that wait are listed; adopted by order; then nobody of them waits', async (t) => {
  const site = await siteWith(t)
  await transcript(
    t,
    site,
    `
$ discovered
${HEAD}
11-22-2026 13:00:00  52:54:00:77:00:0b  S1      Box 7  x86_64  4     2 GiB   1 (1 GiB)  sw1.example.org/Ethernet1/2  -
11-22-2026 13:01:00  52:54:00:77:00:0c  S2      Box 7  x86_64  4     2 GiB   1 (1 GiB)  sw1.example.org/Ethernet1/1  -
11-22-2026 13:02:00  52:54:00:77:00:0d  S3      Box 7  x86_64  4     2 GiB   1 (1 GiB)  -                            -
$ adopt n[1-2],old
n1: is 52:54:00:77:00:0b (Acme Box 7, serial S1)
n2: is 52:54:00:77:00:0c (Acme Box 7, serial S2)
! old: not adopted: has 52:54:00:77:00:99 already
! Warning: 1 more wait: liteboot discovered
$ discovered
${HEAD.replace(/SWITCH PORT +NODE/, 'SWITCH PORT  NODE')}
11-22-2026 13:02:00  52:54:00:77:00:0d  S3      Box 7  x86_64  4     2 GiB   1 (1 GiB)  -            -
$ lsdef n1 -i mac,serial,mtm -c
n1: mac=52:54:00:77:00:0b
n1: mtm=Box 7
n1: serial=S1
$ adopt n3 old
! Error: too many arguments. Expected 1 argument but got 2: n3, old.
! Usage: liteboot adopt [options] <noderange>
!        \`liteboot adopt --help\` explains the options
[1]
$ adopt n3
n3: is 52:54:00:77:00:0d (Acme Box 7, serial S3)
$ adopt n3
! n3: not adopted: has 52:54:00:77:00:0d already
[1]
$ discovered
! No machine waits; --all lists those that were adopted.
$ nodediscoverls -t all
  UUID                                    NODE                METHOD         MTM        SERIAL
  00000000-0000-0000-0000-52540077000b    n1                  sequential     Box 7      S1
  00000000-0000-0000-0000-52540077000c    n2                  sequential     Box 7      S2
  6f5c1f0a-5bb6-4a5c-9f5e-0d3c1a2b3c4d    n3                  sequential     Box 7      S3
`,
  )
})

test('by switch port and by serial number', async (t) => {
  const site = await siteWith(t)
  await transcript(
    t,
    site,
    `
$ chtab node=compute switch.switch=sw1 'switch.port=|($1)|'
$ adopt compute --by switch
n1: is 52:54:00:77:00:0c (Acme Box 7, serial S2)
n2: is 52:54:00:77:00:0b (Acme Box 7, serial S1)
! n3: not adopted: no machine waits with switch port sw1/3
$ chdef n3 serial=S3
1 object definitions have been created or modified.
$ adopt n3 --by serial
n3: is 52:54:00:77:00:0d (Acme Box 7, serial S3)
`,
  )
})

test('an adoption is taken back as any edit: the machine waits again', async (t) => {
  const site = await siteWith(t)
  await runCommand(site, ['adopt', 'n1'])
  const undone = await runCommand(site, ['undo'])
  t.is(undone.status, 0, undone.stderr)
  t.notRegex((await runCommand(site, ['lsdef', 'n1', '-i', 'mac,serial', '-c'])).stdout, /52:54|S1/)
  const [first] = JSON.parse((await runCommand(site, ['discovered', '--json'])).stdout)
  t.like(first, { bootMac: '52:54:00:77:00:0b', node: null, method: 'undef', serial: 'S1' })
  const data = JSON.parse((await runCommand(site, ['adopt', 'n2', '--json'])).stdout)
  t.like(data, { adopted: [{ node: 'n2', mac: '52:54:00:77:00:0b', serial: 'S1' }], left: [] })
})

test('a dry run changes nothing', async (t) => {
  const site = await siteWith(t)
  const { stdout, status } = await runCommand(site, ['adopt', 'n1', '--dry-run'])
  t.is(status, 0)
  t.regex(stdout, /^Dry run: nothing was changed\.[\s\S]*mac node=n1: new[\s\S]* n1: would become 52:54:00:77:00:0b/)
  t.is((await runCommand(site, ['lsdef', 'n1', '-i', 'mac', '-c'])).stdout.includes('52:54'), false)
  t.regex((await runCommand(site, ['discovered'])).stdout, /52:54:00:77:00:0b/)
})

test('one machine for one node, and what is refused', async (t) => {
  const site = await siteWith(t)
  await transcript(
    t,
    site,
    `
$ adopt --mac 52:54:00:77:01:0d n3
n3: is 52:54:00:77:00:0d (Acme Box 7, serial S3)
$ adopt --serial S3 n2
! Error: 52:54:00:77:00:0d is bound to n3 already
!        chdef n3 mac= takes it from there; the machine then asks again when it is restarted. [LB_BAD_INPUT]
[1]
$ adopt --mac 52:54:00:77:00:0e n1
! Error: no machine '52:54:00:77:00:0e' was discovered
!        Did you mean '52:54:00:77:00:0b'? List the machines that wait with \`liteboot discovered\`. [LB_NO_MACHINE]
[1]
$ adopt --mac 52:54:00:77:00:0b old
! Error: old has the hardware address 52:54:00:77:00:99 already
!        Add --replace if this machine takes the place of the other one. [LB_BAD_INPUT]
[1]
$ adopt --mac 52:54:00:77:00:0b old --replace
old: is 52:54:00:77:00:0b (Acme Box 7, serial S1)
$ lsdef old -i mac -c
old: mac=52:54:00:77:00:0b
$ adopt --mac 52:54:00:77:00:0c compute
! Error: One machine is one node; the range has 3.
! Usage: liteboot adopt [options] <noderange>
!        \`liteboot adopt --help\` explains the options
[1]
$ adopt --mac 52:54:00:77:00:0c --serial S2 n1
! Error: Give one of --by, --mac, --uuid and --serial.
! Usage: liteboot adopt [options] <noderange>
!        \`liteboot adopt --help\` explains the options
[1]
`,
  )
  const near = await runCommand(site, ['adopt', 'n4'])
  t.is(near.status, 1)
  t.regex(near.stderr, /n4/)
})

test('a machine with a port that is another node’s is nobody, whatever the order says', async (t) => {
  const site = await siteWith(t, [
    { mac: '52:54:00:77:00:0b', uuid: '-' },
    { mac: '52:54:00:77:00:0c', uuid: '-', more: ['port\teth1\t52:54:00:77:00:99\tup\t-\t-'] },
  ])
  await transcript(
    t,
    site,
    `
$ adopt n[1-2]
! Error: 52:54:00:77:00:99, port eth1 of 52:54:00:77:00:0c, is bound to old: n2 cannot be the same machine
!        chdef old mac= if that is out of date, or adopt the machine as old: adopt --mac 52:54:00:77:00:0c old --replace [LB_BAD_INPUT]
[1]
$ discovered --json --remove 52:54:00:77:00:0c
{
  "removed": 1,
  "snapshot": null
}
$ adopt n[1-2]
n1: is 52:54:00:77:00:0b (Acme Box 7, serial S1)
! n2: not adopted: no more machines wait
`,
  )
})

test('forgetting, and the words of xCAT', async (t) => {
  const site = await siteWith(t)
  await transcript(
    t,
    site,
    `
$ nodediscoverdef -u 6F5C1F0A-5BB6-4A5C-9F5E-0D3C1A2B3C4D -n n3
n3: is 52:54:00:77:00:0d (Acme Box 7, serial S3)
$ nodediscoverls -t undef
  UUID                                    NODE                METHOD         MTM        SERIAL
  00000000-0000-0000-0000-52540077000b    undef               undef          Box 7      S1
  00000000-0000-0000-0000-52540077000c    undef               undef          Box 7      S2
$ nodediscoverdef -r -t manual
52:54:00:77:00:0d: forgotten
$ discovered -r S2
52:54:00:77:00:0c: forgotten
$ discovered -r
! Error: Name the machines to forget, or --all for every one that waits.
! Usage: liteboot discovered [options] [machines...]
!        \`liteboot discovered --help\` explains the options
[1]
$ discovered -r --all
52:54:00:77:00:0b: forgotten
$ discovered
! No machine waits.
$ chdef -t site discovery=
1 object definitions have been created or modified.
$ discovered
! No machine waits: no network opts in to discovery (chdef -t site discovery=<network>; it needs a dynamicrange).
$ nodediscoverls -t bmc
! Error: Invalid type 'bmc': seq, profile, switch, blade, mtms, manual, undef, all
! Usage: nodediscoverls [options]
!        \`nodediscoverls --help\` explains the options
[1]
`,
  )
})

test('site.discovery that names no network, or one without a range, is said when it is written', async (t) => {
  const site = await siteWith(t)
  await transcript(
    t,
    site,
    `
$ chdef -t site discovery=dmeo
1 object definitions have been created or modified.
! Warning: site row key=discovery: there is no network dmeo (did you mean demo?)
$ chdef -t site discovery=demo discoveryimage=lit
1 object definitions have been created or modified.
! Warning: site row key=discoveryimage: there is no osimage lit (did you mean lite?)
$ chdef -t network demo dynamicrange=
1 object definitions have been created or modified.
! Warning: site row key=discovery: network demo has no dynamicrange for unknown machines (chdef -t network -o demo dynamicrange=<first>-<last>)
$ chdef -t site proxydhcp=demo
1 object definitions have been created or modified.
`,
  )
})

test('by order, a machine that has been silent for hours may be a dead one: said so', async (t) => {
  const site = await siteWith(t)
  report(site, MACHINES.slice(0, 1), START)
  const { stderr, status } = await runCommand(site, ['adopt', 'n[1-2]', '--dry-run'])
  t.is(status, 0)
  t.deepEqual(stderr.match(/Warning: .* last heard of/g), ['Warning: 52:54:00:77:00:0b was last heard of'])
})

test('--replace: serial number and UUID of the machine that was broken are not kept', async (t) => {
  const site = await siteWith(t)
  await runCommand(site, ['chtab', 'node=old', 'vpd.serial=BROKEN', 'vpd.uuid=6f5c1f0a-0000-4a5c-9f5e-0d3c1a2b3c4d'])
  await transcript(
    t,
    site,
    `$ adopt --mac 52:54:00:77:00:0b old --replace
old: is 52:54:00:77:00:0b (Acme Box 7, serial S1)
$ gettab node=old vpd.serial
S1
`,
  )
  t.is((await runCommand(site, ['gettab', 'node=old', 'vpd.uuid'])).stdout.trim(), '')
})

test('unknown machines whose boot stopped before they could tell of themselves are named, with why', async (t) => {
  const site = await siteWith(t, [])
  const nowMs = Date.now()
  const timeline = openTimeline({ file: site.places.timeline, now: () => nowMs })
  const boot = (mac: string, ip: string, detail: string) => {
    const who = { mac, ip, ok: true } as const
    timeline.emit({ ...who, atMs: nowMs - 9000, service: 'dhcp', event: 'DISCOVER' })
    timeline.emit({ ...who, atMs: nowMs - 8000, service: 'dhcp', event: 'ACK', object: 'snponly.efi' })
    timeline.emit({ ...who, atMs: nowMs - 7000, service: 'server', event: 'boot file', ok: false, detail })
  }
  boot(
    '52:54:00:77:00:0b',
    '10.77.9.3',
    'discovery: none of the images boots unknown x86_64 machines: run liteimg lite',
  )
  boot('52:54:00:77:00:99', '10.77.9.4', 'this one is the node old')
  boot('52:54:00:77:00:0d', '10.99.9.4', 'and this one is somewhere else')
  timeline.close()
  const { stderr, status } = await runCommand(site, ['discovered'])
  t.is(status, 0)
  t.regex(stderr, /^No machine waits\.$/m)
  t.regex(
    stderr,
    /^52:54:00:77:00:0b: failed at boot file: discovery: none .* run liteimg lite \(.* ago\): liteboot timeline /m,
  )
  t.is(stderr.match(/liteboot timeline/g)?.length, 1)
})
