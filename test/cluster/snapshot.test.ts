import test from 'ava'
import fc from 'fast-check'
import { parseMac } from '../../src/cluster/addresses.ts'
import type { Ipv4, MacAddress } from '../../src/cluster/model.ts'
import { compileSnapshot } from '../../src/cluster/snapshot.ts'
import { type ShortRows, viewOf } from '../tables/view.ts'

const compile = (tables: ShortRows) => compileSnapshot(viewOf(tables), undefined, 1)
const mac = (text: string) => text as MacAddress
const ip = (text: string) => text as Ipv4

const NODES: ShortRows = {
  nodelist: [
    { node: 'cn1', groups: 'compute,all' },
    { node: 'cn2', groups: 'compute,all' },
    { node: 'off', groups: 'all', disable: '1' },
  ],
  hosts: [{ node: 'compute', ip: '|10.77.0.($1)|', otherinterfaces: '-ib:10.78.0.9,cn2-eth1:10.78.0.10' }],
  mac: [
    { node: 'cn1', mac: '0A-00-00-00-00-01', interface: 'eth0' },
    { node: 'cn2', mac: '0a0000000002!cn2-ib|0a:00:00:00:00:03|0a:00:00:00:00:04!*NOIP*|0a:00:00:00:00:05!other' },
  ],
  nodetype: [{ node: 'compute', provmethod: 'img' }],
  osimage: [
    { imagename: 'img', imagetype: 'linux', osvers: 'el9', osarch: 'x86_64', profile: 'compute', groups: 'a, b' },
  ],
}

test('nodes: names, groups, image, architecture of the image', (t) => {
  const snapshot = compile(NODES)
  t.deepEqual(snapshot.nodeNames.map(String), ['cn1', 'cn2'])
  t.is(snapshot.node('off'), undefined)
  const node = snapshot.node('cn1')
  t.like(node, { name: 'cn1', ip: '10.77.0.1', imageName: 'img', arch: 'x86_64', netboot: undefined })
  t.deepEqual(node?.groups, ['compute', 'all'])
  t.is(node?.attribute('nodetype', 'provmethod'), 'img')
  t.deepEqual(snapshot.faults, [])
})

test('ports: MAC forms, names, refused addresses, boot port first', (t) => {
  const snapshot = compile(NODES)
  const ports = snapshot.node('cn2')?.ports.map(({ mac, ip, refused }) => [mac, ip, refused])
  t.deepEqual(ports, [
    ['0a:00:00:00:00:03', '10.77.0.2', false],
    ['0a:00:00:00:00:02', '10.78.0.9', false],
    ['0a:00:00:00:00:04', undefined, true],
    ['0a:00:00:00:00:05', undefined, false],
  ])
  t.is(snapshot.portByMac(mac('0a:00:00:00:00:01'))?.interfaceName, 'eth0')
  t.is(snapshot.portByMac(mac('0a:00:00:00:00:01'))?.node, snapshot.node('cn1'))
  t.is(snapshot.portByMac(mac('0a:00:00:00:00:ff')), undefined)
  t.is(snapshot.nodeByIp(ip('10.78.0.9'))?.name, snapshot.node('cn2')?.name)
})

test('MAC addresses: every way of writing them, Ethernet and InfiniBand', (t) => {
  for (const text of [
    '0A:00:00:00:00:1F',
    '0a-00-00-00-00-1f',
    '0a00.0000.001f',
    '0a000000001f',
    'a:0:0:0:0:1f',
    ' 0a:00:00:00:00:1f ',
  ])
    t.is<string | undefined, string | undefined>(parseMac(text), '0a:00:00:00:00:1f', text)
  const infiniband = Array.from({ length: 20 }, (_, at) => (at + 160).toString(16)).join(':')
  t.is<string | undefined, string | undefined>(parseMac(infiniband.toUpperCase()), infiniband)
  for (const text of ['', '0a:00:00:00:00', '0a:00:00:00:00:00:00', 'zz:00:00:00:00:00', '0a:00-00', ':::::'])
    t.is<string | undefined, string | undefined>(parseMac(text), undefined, text)
  const bytes = fc.oneof(fc.uint8Array({ minLength: 6, maxLength: 6 }), fc.uint8Array({ minLength: 20, maxLength: 20 }))
  fc.assert(
    fc.property(bytes, fc.constantFrom(':', '-', ''), (raw, separator) => {
      const pairs = [...raw].map((byte) => byte.toString(16).padStart(2, '0'))
      t.is<string | undefined, string | undefined>(parseMac(pairs.join(separator).toUpperCase()), pairs.join(':'))
    }),
  )
})

test('two nodes with one address: the first keeps it, and it is said', (t) => {
  const snapshot = compile({
    nodelist: [{ node: 'a' }, { node: 'b' }],
    hosts: [
      { node: 'a', ip: '10.0.0.1' },
      { node: 'b', ip: '10.0.0.1' },
    ],
    mac: [
      { node: 'a', mac: '02:00:00:00:00:01' },
      { node: 'b', mac: '020000000001|zz' },
    ],
  })
  t.is(snapshot.nodeByIp(ip('10.0.0.1'))?.name, snapshot.node('a')?.name)
  t.like(snapshot.node('b'), { ip: undefined, ports: [] })
  t.deepEqual(snapshot.faults, [
    'mac row node=b: "zz" is not a hardware address of 6 or 20 bytes',
    'hosts row node=b: 10.0.0.1 belongs to node a already; b does not get it',
    'mac row node=b: 02:00:00:00:00:01 belongs to node a already; b does not get it',
  ])
})

test('a name that cannot be a node is left out', (t) => {
  const snapshot = compile({ nodelist: [{ node: '../etc' }, { node: 'a.b' }, { node: 'ok_1-x' }] })
  t.deepEqual(snapshot.nodeNames.map(String), ['ok_1-x'])
  t.is(snapshot.faults.length, 2)
})

test('networks: validated; the longest prefix that contains the address', (t) => {
  const snapshot = compile({
    site: [{ key: 'master', value: '10.77.0.1' }],
    networks: [
      { netname: 'wide', net: '10.0.0.0', mask: '255.0.0.0', gateway: '11.0.0.1', mtu: '9000', domain: 'd' },
      {
        netname: 'lab',
        net: '10.77.0.0',
        mask: '255.255.0.0',
        gateway: '<xcatmaster>',
        nameservers: '10.77.0.5, <xcatmaster>,bad',
        dynamicrange: '10.77.9.1-10.77.9.9;10.77.10.0/30;10.99.0.1-10.99.0.2',
      },
      { netname: 'bits', net: '10.77.3.1', mask: '255.255.255.0' },
      { netname: 'mask', net: '10.77.3.0', mask: '255.0.255.0' },
    ],
  })
  t.deepEqual(
    snapshot.networks.map(({ netname }) => netname),
    ['lab', 'wide'],
  )
  t.is(snapshot.networkOf(ip('10.77.1.1'))?.netname, 'lab')
  t.is(snapshot.networkOf(ip('10.1.1.1'))?.netname, 'wide')
  t.is(snapshot.networkOf(ip('192.168.0.1')), undefined)
  t.like(snapshot.networks[0], { prefixLength: 16, gateway: '10.77.0.1', mtu: undefined })
  t.deepEqual(snapshot.networks[0]?.nameservers.map(String), ['10.77.0.5', '10.77.0.1'])
  t.deepEqual(
    snapshot.networks[0]?.dynamicRanges.map(({ first, last }) => `${first}-${last}`),
    ['10.77.9.1-10.77.9.9', '10.77.10.1-10.77.10.2'],
  )
  t.like(snapshot.networks[1], { gateway: undefined, mtu: 9000, domain: 'd' })
  const faults = snapshot.faults.join('\n')
  for (const fault of [
    /netname=wide: gateway: 11\.0\.0\.1 is not inside 10\.0\.0\.0\/8/,
    /netname=lab: nameservers: "bad"/,
    /netname=lab: dynamicrange: 10\.99\.0\.1-10\.99\.0\.2 is not inside/,
    /netname=bits: net: 10\.77\.3\.1 has host bits set for mask 255\.255\.255\.0: write 10\.77\.3\.0/,
    /netname=mask: mask: "255\.0\.255\.0" is not a network mask/,
  ])
    t.regex(faults, fault)
})

test('site: defaults, and faults that say what is used instead', (t) => {
  t.like(compile({}).site, {
    installdir: '/install',
    tftpdir: '/tftpboot',
    httpport: 80,
    leaseSeconds: 43200,
    nodestatus: true,
    master: undefined,
  })
  const snapshot = compile({
    site: [
      { key: 'nodestatus', value: 'n' },
      { key: 'httpport', value: 'x' },
      { key: 'installdir', value: '/srv/' },
      { key: 'other', value: 'y' },
      { key: 'domain', value: 'd', disable: 'yes' },
    ],
  })
  t.like(snapshot.site, { nodestatus: false, httpport: 80, installdir: '/srv', domain: undefined })
  t.is(snapshot.site.get('other'), 'y')
  t.deepEqual(snapshot.faults, ['site row key=httpport: "x" is not a whole number from 1 to 65535; 80 is used'])
})

test('images: rootimgdir and its default, groups, both halves', (t) => {
  const snapshot = compile({
    site: [{ key: 'installdir', value: '/srv' }],
    osimage: [
      { imagename: 'a', osvers: 'el9', osarch: 'x86_64', profile: 'compute', groups: 'x, y', rootfstype: 'ramdisk' },
      { imagename: 'b', provmethod: 'statelite', osarch: 'x86_64' },
      { imagename: 'c' },
      { imagename: 'd/../e' },
    ],
    linuximage: [{ imagename: 'c', rootimgdir: '//data//c/', permission: '700' }],
  })
  const image = (name: string) => [...snapshot.images.values()].find((each) => each.name === name)
  t.like(image('a'), { rootimgdir: '/srv/netboot/el9/x86_64/compute', rootfstype: 'ramdisk', groups: ['x', 'y'] })
  t.like(image('c'), { rootimgdir: '/data/c', rootfstype: 'nfs' })
  t.is(image('c')?.attribute('permission'), '700')
  t.is(image('d/../e'), undefined)
  t.deepEqual(snapshot.faults.length, 2)
  t.regex(snapshot.faults[0] ?? '', /imagename=b: rootimgdir is not set .*: osvers, profile not set/)
})

test('litefile and litetree: enabled rows as written', (t) => {
  const snapshot = compile({
    litefile: [
      { image: 'ALL', file: '/x', options: 'ro' },
      { image: '', file: '/y' },
      { image: 'ALL', file: '/z', disable: '1' },
    ],
    litetree: [
      { priority: '1.5', directory: 's:/a' },
      { priority: 'x', directory: 's:/b' },
    ],
  })
  t.deepEqual(snapshot.litefile, [
    { image: 'ALL', file: '/x', options: 'ro' },
    { image: '', file: '/y', options: '' },
  ])
  t.deepEqual(snapshot.litetree, [{ priority: 1.5, image: '', directory: 's:/a', mntopts: '' }])
  t.is(snapshot.faults.length, 1)
})

test('what is taken over from the last snapshot never shows: incremental equals from scratch', (t) => {
  const name = fc.constantFrom('n1', 'n2', 'n3', 'g1', 'g2')
  const rows = (columns: Record<string, fc.Arbitrary<string>>) =>
    fc.uniqueArray(fc.record({ node: name, ...columns }), { selector: (row) => row.node, maxLength: 5 })
  const tables = fc.record({
    nodelist: rows({
      groups: fc.constantFrom('g1', 'g2', 'g1,g2', 'g2,g1'),
      status: fc.constantFrom('booted', 'defined'),
      disable: fc.constantFrom('', '1'),
    }),
    hosts: rows({ ip: fc.constantFrom('|10.0.0.($1)|', '10.0.1.1', 'bad', '') }),
    mac: rows({ mac: fc.constantFrom('02:00:00:00:00:01', '02:00:00:00:00:02|02:00:00:00:00:03', '') }),
  })
  const show = (snapshot: ReturnType<typeof compile>) => ({
    names: snapshot.nodeNames,
    faults: snapshot.faults,
    nodes: snapshot.nodeNames.map((each) => {
      const node = snapshot.node(each)
      return [
        node?.ip,
        node?.groups,
        node?.attribute('nodelist', 'status'),
        node?.ports.map((port) => [port.mac, port.ip]),
      ]
    }),
    byMac: ['01', '02', '03'].map((end) => snapshot.portByMac(mac(`02:00:00:00:00:${end}`))?.node.name),
  })
  fc.assert(
    fc.property(tables, tables, fc.boolean(), (before, after, keepAddresses) => {
      const view = viewOf(before)
      const first = compileSnapshot(view, undefined, 1)
      const next = viewOf(after)
      const second = keepAddresses
        ? { read: (table: string) => (table === 'nodelist' ? next : view).read(table) }
        : next
      t.deepEqual(show(compileSnapshot(second, first, 2)), show(compileSnapshot(second, undefined, 2)))
    }),
  )
})
