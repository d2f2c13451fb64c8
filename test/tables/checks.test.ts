import test from 'ava'
import { checkTables } from '../../src/tables/checks.ts'
import { renderFinding } from '../../src/tables/findings.ts'
import { type ShortRows, viewOf } from './view.ts'

const found = (tables: ShortRows) =>
  checkTables(viewOf(tables)).map((finding) => `${finding.severity} ${renderFinding(finding)}`)

test('good tables have no findings', (t) => {
  t.deepEqual(
    found({
      site: [{ key: 'master', value: '10.77.0.1' }],
      networks: [
        {
          netname: 'lab',
          net: '10.77.0.0',
          mask: '255.255.0.0',
          gateway: '<xcatmaster>',
          dynamicrange: '10.77.9.1-10.77.9.9',
        },
      ],
      nodelist: [{ node: 'cn1', groups: 'compute,all', comments: 'two\nlines' }],
      hosts: [{ node: 'compute', ip: '|10.77.0.($1)|' }],
      mac: [{ node: 'cn1', mac: '02:00:00:00:00:01|02:00:00:00:00:02!*NOIP*' }],
      nodetype: [{ node: 'compute', provmethod: 'img' }],
      osimage: [{ imagename: 'img', nfsrootopts: 'ro,soft', groups: 'g' }],
      linuximage: [{ imagename: 'img', permission: '755' }],
      litefile: [{ image: 'g', file: '/x', options: 'ro' }],
      litetree: [{ priority: '1.5', directory: '$noderes.nfsserver:/lite/$node' }],
      statelite: [{ node: 'compute', statemnt: '10.77.0.1:/state/$nodetype.profile', mntopts: 'soft,timeo=30' }],
      policy: [{ priority: '4.7', commands: 'litefile', rule: 'allow' }],
    }),
    [],
  )
})

const BAD: readonly (readonly [tables: ShortRows, finding: RegExp])[] = [
  [{ nodelist: [{ node: 'a.b' }] }, /^error nodelist row node=a\.b, column node: "a\.b" is not a name/],
  [{ nodelist: [{ node: '../x' }] }, /^error nodelist row node=\.\.\/x, column node/],
  [
    { nodelist: [{ node: 'a', disable: 'maybe' }] },
    /^error nodelist row node=a, column disable: "maybe" is not yes or no/,
  ],
  [{ nodelist: [{ node: 'a', groups: 'x\ny' }] }, /^error .*column groups: has a line break/],
  [{ osimage: [{ imagename: 'a/b' }] }, /^error osimage row imagename=a\/b/],
  [{ osimage: [{ imagename: 'a', nfsrootopts: 'rw' }] }, /nfsrootopts cannot contain 'rw'/],
  [{ hosts: [{ node: 'a', ip: '10.1' }] }, /^error hosts row node=a, column ip: "10\.1" is not an IPv4 address/],
  [{ hosts: [{ node: 'a', ip: '|n(|x|' }] }, /^error hosts row node=a, column ip: regular expression/],
  [{ hosts: [{ node: 'a', ip: '|(1+)|' }] }, /^error hosts row node=a, column ip: expression \(1\+\)/],
  [
    { noderes: [{ node: 'a', nfsdir: '/install/lite/' }] },
    /^warning noderes row node=a, column nfsdir: .* is a value pattern, not a path/,
  ],
  [{ litetree: [{ priority: 'high', directory: '/a' }] }, /^error litetree row priority=high/],
  [
    { litetree: [{ priority: '1', directory: 's:/$nosuch.x' }] },
    /^error litetree row priority=1, column directory: \$nosuch\.x: there is no table nosuch/,
  ],
  [
    { statelite: [{ node: 'a', statemnt: '/state' }] },
    /^error statelite row node=a, column statemnt: "\/state" is not server:\/path/,
  ],
  [{ statelite: [{ node: 'a', statemnt: 's:/x/../y' }] }, /\.\. is not allowed/],
  [{ statelite: [{ node: 'a', statemnt: 's:/#CMD=date#' }] }, /commands in tables are not run/],
  [{ statelite: [{ node: 'a', statemnt: 's:/x', mntopts: 'a, b' }] }, /column mntopts/],
  [
    {
      nodelist: [{ node: 'a' }, { node: 'b' }],
      mac: [
        { node: 'a', mac: '02:00:00:00:00:01' },
        { node: 'b', mac: '020000000001' },
      ],
    },
    /^error mac row node=b, column mac: 02:00:00:00:00:01 belongs to node a already/,
  ],
  [
    { nodelist: [{ node: 'a' }], mac: [{ node: 'a', mac: 'xyz' }] },
    /^error mac row node=a, column mac: "xyz" is not a hardware address/,
  ],
  [
    {
      nodelist: [
        { node: 'n1', groups: 'g' },
        { node: 'm1', groups: 'g' },
      ],
      hosts: [{ node: 'g', ip: '|10.0.0.($1)|' }],
    },
    /^error hosts row node=m1, column ip: 10\.0\.0\.1 belongs to node n1 already/,
  ],
  [
    { nodelist: [{ node: 'n300', groups: 'g' }], hosts: [{ node: 'g', ip: '|10.0.0.($1)|' }] },
    /^warning hosts row node=n300, column ip: node n300 gets "10\.0\.0\.300"/,
  ],
  [
    {
      nodelist: [{ node: 'a' }],
      hosts: [{ node: 'a', ip: '10.0.0.1' }],
      networks: [{ netname: 'x', net: '10.1.0.0', mask: '255.255.0.0' }],
    },
    /^warning hosts row node=a, column ip: 10\.0\.0\.1 is in none of the networks/,
  ],
  [
    { networks: [{ netname: 'x', net: '10.1.0.1', mask: '255.255.0.0' }] },
    /^error networks row net=10\.1\.0\.1,mask=255\.255\.0\.0, column net: .* has host bits set/,
  ],
  [{ networks: [{ netname: 'x', net: '10.1.0.0', mask: '255.0.255.0' }] }, /column mask: .*is not a network mask/],
  [
    { networks: [{ netname: 'x', net: '10.1.0.0', mask: '255.255.0.0', gateway: '10.2.0.1' }] },
    /column gateway: 10\.2\.0\.1 is not inside/,
  ],
  [
    {
      networks: [
        { netname: 'x', net: '10.1.0.0', mask: '255.255.0.0' },
        { netname: 'x', net: '10.2.0.0', mask: '255.255.0.0' },
      ],
    },
    /column netname: x is also the name of net=10\.1\.0\.0/,
  ],
  [
    { nodetype: [{ node: 'a', provmethod: 'nosuch' }] },
    /^warning nodetype row node=a, column provmethod: there is no osimage nosuch/,
  ],
  [{ nodetype: [{ node: 'a', provmethod: 'statelite' }] }, /^warning .*statelite is not the name of an image/],
  [
    { litefile: [{ image: 'nosuch', file: '/x' }] },
    /^warning litefile row image=nosuch,file=\/x, column image: there is no image/,
  ],
  [
    { nodegroup: [{ groupname: 'g', grouptype: 'dynamic', wherevals: 'bogus==1' }] },
    /^error nodegroup row groupname=g, column wherevals: "bogus" is not an attribute of nodes/,
  ],
  [
    { networks: [{ netname: 'x', net: '10.1.0.0', mask: '255.255.0.0', dynamicrange: '10.2.0.1-10.2.0.9' }] },
    /^error networks row net=10\.1\.0\.0.*column dynamicrange: 10\.2\.0\.1-10\.2\.0\.9 is not inside the network/,
  ],
  [
    {
      networks: [
        { netname: 'small', net: '10.1.2.0', mask: '255.255.255.0' },
        { netname: 'big', net: '10.1.0.0', mask: '255.255.0.0' },
        { netname: 'beside', net: '10.2.0.0', mask: '255.255.0.0' },
      ],
    },
    /^warning networks row net=10\.1\.2\.0,mask=255\.255\.255\.0, column net: small 10\.1\.2\.0\/24 lies inside big 10\.1\.0\.0\/16/,
  ],
  [
    {
      nodelist: [{ node: 'a' }],
      hosts: [{ node: 'a', ip: '10.1.255.255' }],
      networks: [{ netname: 'x', net: '10.1.0.0', mask: '255.255.0.0' }],
    },
    /^warning hosts row node=a, column ip: 10\.1\.255\.255 is the broadcast address 10\.1\.0\.0\/16/,
  ],
  [
    { site: [{ key: 'nameserver', value: '10.0.0.1' }] },
    /^warning site row key=nameserver: .*\(did you mean nameservers\?\)$/,
  ],
  [
    { nodelist: [{ node: 'a', groups: 'rack 1,all' }] },
    /^warning nodelist row node=a, column groups: "rack 1" has a blank \(separate groups with commas\)$/,
  ],
  [
    {
      nodelist: [
        { node: 'a', groups: 'rack@1' },
        { node: 'b', groups: 'rack@1' },
      ],
    },
    /^warning nodelist row node=a, column groups: no node range can name the group "rack@1", of 2 nodes/,
  ],
  [
    { nodelist: [{ node: 'a', groups: 'b' }, { node: 'b' }] },
    /^warning nodelist row node=a, column groups: b is a group and a node/,
  ],
  [
    {
      nodelist: [
        { node: 'p1', groups: 'power' },
        { node: 'p2', groups: 'power' },
      ],
      nodetype: [{ node: 'power', arch: 'ppc64le' }],
      noderes: [{ node: 'power', netboot: 'xnba' }],
    },
    /^warning noderes row node=power, column netboot: xnba does not boot ppc64le machines \(p\[1-2\]\)/,
  ],
  [
    {
      nodelist: [{ node: 'a' }],
      nodetype: [{ node: 'a', provmethod: 'img' }],
      osimage: [{ imagename: 'img', osarch: 'x86_64' }],
      noderes: [{ node: 'a', netboot: 'petitboot' }],
    },
    /^warning noderes row node=a, column netboot: petitboot does not boot x86_64 machines \(a\)|machines \(use/,
  ],
  [
    { nodelist: [{ node: 'a' }], noderes: [{ node: 'a', netboot: 'xbna' }] },
    /^warning noderes row node=a, column netboot: "xbna" is no boot loader \(did you mean xnba\?\)$/,
  ],
  [
    { osimage: [{ imagename: 'img', osarch: 'ppc64el' }] },
    /^warning osimage row imagename=img, column osarch: architecture "ppc64el" is not known \(did you mean ppc64le\?\)$/,
  ],
  [
    {
      nodelist: [
        { node: 'a1', groups: 'g' },
        { node: 'a2', groups: 'g' },
        { node: 'a3', groups: 'g' },
      ],
      nodehm: [
        { node: 'g', serialport: '0' },
        { node: 'a2', serialspeed: '115200' },
      ],
    },
    /^warning nodehm row node=g, column serialspeed: serialport is set, but serialspeed is not: the boot is refused \(a\[1,3\]\)/,
  ],
  [
    {
      nodetype: [{ node: 'a', provmethod: 'rhel9-computte' }],
      osimage: [{ imagename: 'rhel9-compute' }],
    },
    /^warning nodetype row node=a, column provmethod: there is no osimage rhel9-computte \(did you mean rhel9-compute\?\)$/,
  ],
]
BAD.forEach(([tables, finding], at) => {
  test(`finding ${at + 1}: ${finding.source}`, (t) => {
    const findings = found(tables)
    t.is(findings.length, 1, findings.join('\n'))
    t.regex(findings[0] ?? '', finding)
  })
})

test('a fault that hits every node is told twenty times, then counted', (t) => {
  const nodelist = Array.from({ length: 50 }, (_, at) => ({ node: `n${at}x`, groups: 'g' }))
  const findings = found({ nodelist, hosts: [{ node: 'g', ip: '10.0.0.1' }] })
  t.is(findings.length, 21)
  t.is(findings.at(-1), 'error hosts: 29 more findings of the kind duplicate-ip')
})

test('two dynamic ranges that share addresses, in a network inside another', (t) => {
  const findings = found({
    networks: [
      { netname: 'a', net: '10.1.0.0', mask: '255.255.0.0', dynamicrange: '10.1.1.100-10.1.1.200' },
      { netname: 'b', net: '10.1.1.0', mask: '255.255.255.0', dynamicrange: '10.1.1.150-10.1.1.250' },
    ],
  })
  t.is(findings.length, 2)
  t.regex(findings[1] ?? '', /column dynamicrange: 10\.1\.1\.150-10\.1\.1\.200 is in two dynamic ranges \(also of a /)
})

test('findings follow the tables: after an edit, and back again', (t) => {
  const before = viewOf({ nodelist: [{ node: 'a' }], noderes: [{ node: 'a', netboot: 'xnba' }] })
  const changed = viewOf({ noderes: [{ node: 'a', netboot: 'nosuch' }] })
  const after = { read: (table: string) => (table === 'noderes' ? changed.read(table) : before.read(table)) }
  for (const [view, count] of [
    [before, 0],
    [after, 1],
    [before, 0],
    [after, 1],
  ] as const)
    t.is(checkTables(view).length, count)
  const moved = viewOf({ nodelist: [{ node: 'a', groups: 'x y', status: 'booted' }] })
  const regrouped = { read: (table: string) => (table === 'nodelist' ? moved.read(table) : before.read(table)) }
  t.is(checkTables(regrouped).length, 1)
})
