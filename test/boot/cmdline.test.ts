// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what loaders would expand is what is tested
import test from 'ava'
import { compileKernelLine, type KernelLineFacts } from '../../src/boot/cmdline.ts'
import type { ClusterNode, Image } from '../../src/cluster/model.ts'
import { buildSnapshot, exampleImage, exampleNode, type ImageSpec, type NodeSpec } from '../statelite/snapshot.ts'

const facts: KernelLineFacts = {
  root: { server: '10.20.0.2', directory: '/install/netboot/rhels9.4/ppc64le/hpc9/rootimg', nfsrootopts: 'noac' },
  statemnt: '10.20.0.3:/persist',
  mntopts: 'soft,timeo=100',
  planUrl: 'http://10.20.0.2/node/v1/cn07/plan',
  httpPort: 80,
}

function compile(
  node: Partial<NodeSpec>,
  image: Partial<ImageSpec> = {},
  over: Partial<KernelLineFacts> = {},
  nodestatus = true,
) {
  const snapshot = buildSnapshot({
    nodes: [{ ...exampleNode, ...node }],
    images: [{ ...exampleImage, ...image }],
    nodestatus,
  })
  const [only] = [...snapshot.images.values()]
  return compileKernelLine(snapshot.node('cn07') as ClusterNode, only as Image, snapshot, { ...facts, ...over })
}
function line(...given: Parameters<typeof compile>): string {
  const compiled = compile(...given)
  return 'findings' in compiled
    ? compiled.findings.map(({ where, message }) => `${where}: ${message}`).join('\n')
    : compiled.commandLine
}

test('POWER: the documented order, BOOTIF from the tables', (t) => {
  t.is(
    line(
      { arch: 'ppc64le', attributes: { 'nodehm.serialport': '0', 'nodehm.serialspeed': '115200' } },
      { osarch: 'ppc64le' },
    ),
    'root=nfs:10.20.0.2:/install/netboot/rhels9.4/ppc64le/hpc9/rootimg:ro,noac STATEMNT=10.20.0.3:/persist ' +
      'liteboot.plan=http://10.20.0.2/node/v1/cn07/plan NODE=cn07 XCATHTTPPORT=80 BOOTIF=0c:42:a1:7e:10:07 ' +
      'console=tty0 console=hvc0,115200 selinux=0 MNTOPTS=soft,timeo=100',
  )
})

test('x86_64: the loader adds BOOTIF; empty STATEMNT and MNTOPTS stay; additions come last, the node before the image', (t) => {
  const attributes = {
    'nodehm.serialport': '1',
    'nodehm.serialspeed': '9600',
    'nodehm.serialflow': 'hard',
    'bootparams.addkcmdline': 'quiet R::rhgb  net.ifnames=0',
  }
  const image = { osvers: 'debian12', attributes: { addkcmdline: 'net.ifnames=1 R::x=y' } }
  t.is(
    line(
      { attributes },
      image,
      { statemnt: '', mntopts: '', root: { ...facts.root, nfsrootopts: '' }, httpPort: 8080 },
      false,
    ),
    'root=nfs:10.20.0.2:/install/netboot/rhels9.4/ppc64le/hpc9/rootimg:ro STATEMNT= ' +
      'liteboot.plan=http://10.20.0.2/node/v1/cn07/plan NODE=cn07 nonodestatus XCATHTTPPORT=8080 ' +
      'console=tty0 console=ttyS1,9600n8r MNTOPTS= quiet net.ifnames=0 net.ifnames=1',
  )
})

test('ARM: the console is a PL011; a 16550 is written into addkcmdline and, coming later, is the one that counts', (t) => {
  const attributes = {
    'nodehm.serialport': '0',
    'nodehm.serialspeed': '115200',
    'bootparams.addkcmdline': 'console=ttyS0,115200',
  }
  t.true(
    line({ arch: 'aarch64', attributes }).endsWith(
      'console=tty0 console=ttyAMA0,115200 selinux=0 MNTOPTS=soft,timeo=100 console=ttyS0,115200',
    ),
  )
  t.notRegex(line({ arch: 'aarch64' }), /console=/)
})

const nics: [string, Record<string, string>, string | undefined, boolean][] = [
  ['installnic is a name', { 'noderes.installnic': 'eth1' }, 'netdev=eth1', false],
  ['installnic is an address', { 'noderes.installnic': '0C-42-A1-7E-10-08' }, 'BOOTIF=0c:42:a1:7e:10:08', true],
  ['installnic is the word mac', { 'noderes.installnic': 'mac' }, undefined, false],
  ['primarynic when installnic is unset', { 'noderes.primarynic': 'enP1p3s0f0' }, 'netdev=enP1p3s0f0', false],
  [
    'installnic before primarynic',
    { 'noderes.installnic': 'eth1', 'noderes.primarynic': 'eth2' },
    'netdev=eth1',
    false,
  ],
]
for (const [title, attributes, argument, hasBootif] of nics) {
  test(`boot interface: ${title}`, (t) => {
    const compiled = compile({ attributes })
    if ('findings' in compiled) return t.fail()
    const found = compiled.commandLine.split(' ').filter((word) => /^(netdev|BOOTIF)=/.test(word))
    t.deepEqual(found, argument === undefined ? [] : [argument])
    t.is(compiled.hasBootif, hasBootif)
  })
}

test('boot interface: the image comes last, and a name is checked', (t) => {
  t.true(line({}, { attributes: { nodebootif: 'eth3' } }).includes(' netdev=eth3 '))
  t.true(line({ attributes: { 'noderes.installnic': 'eth0 init=/bin/sh' } }).includes('neither an interface name'))
  t.true(
    line({ attributes: { 'noderes.installnic': 'a-name-too-long-for-linux' } }).includes('neither an interface name'),
  )
})

test('boot interface: an InfiniBand address is no BOOTIF', (t) => {
  const mac = '80:00:02:08:fe:80:00:00:00:00:00:00:0c:42:a1:03:00:7e:10:09'
  t.false(line({ arch: 'ppc64le', mac }).includes('BOOTIF'))
})

test('a serial port needs its speed', (t) => {
  t.is(
    line({ attributes: { 'nodehm.serialport': '0' } }),
    'cn07: nodehm row: serialport defined, but no serialspeed for cn07 in nodehm table',
  )
  t.true(line({ attributes: { 'nodehm.serialport': 'ttyS0', 'nodehm.serialspeed': '9600' } }).includes('not a number'))
  t.true(line({ attributes: { 'nodehm.serialport': '0', 'nodehm.serialspeed': 'fast' } }).includes('not a number'))
})

test('SELinux is off for the RHEL family 7 to 10 and no one else', (t) => {
  for (const osvers of ['rhels7.9', 'rhels10.1', 'ol8', 'alma9.4', 'rocky8.6', 'centos7', 'centos-stream9']) {
    t.true(line({}, { osvers }).includes(' selinux=0 '), osvers)
  }
  for (const osvers of ['rhels6.9', 'rhels70', 'sles15.4', 'ubuntu22.04', 'debian12', 'fedora40']) {
    t.false(line({}, { osvers }).includes('selinux'), osvers)
  }
})

test('xCAT BUG-43: R:: items of node and image never reach a network boot, whatever the loader', (t) => {
  t.false(
    line({ attributes: { 'bootparams.addkcmdline': 'R::a R::b=c' } }, { attributes: { addkcmdline: 'R::d' } }).includes(
      'R::',
    ),
  )
})

for (const argument of [
  'root=/dev/sda',
  'imgurl=http://x/',
  'STATEMNT=x:/y',
  'NODE=cn08',
  'liteboot.plan=http://x/',
  'MNTOPTS=soft',
  'XCATHTTPPORT=1',
]) {
  test(`addkcmdline may not say ${argument}`, (t) => {
    const text = line({ attributes: { 'bootparams.addkcmdline': `quiet ${argument}` } })
    t.true(text.startsWith('cn07: bootparams row: ') && text.includes('the server writes'), text)
    t.true(line({}, { attributes: { addkcmdline: argument } }).startsWith('linuximage row imagename=hpc9-lite: '))
  })
}

test('addkcmdline may say what only looks alike', (t) => {
  t.true(
    line({ attributes: { 'bootparams.addkcmdline': 'rootdelay=3 node=x rw memmap=64G$4G' } }).endsWith(
      'rootdelay=3 node=x rw memmap=64G$4G',
    ),
  )
})

for (const bad of ['a\nb', 'a\tb', 'x="y z"', "x='y'", 'x=`id`', 'a\\b', 'x=${y}', 'x=\u00e9', 'a\u0000b']) {
  test(`addkcmdline ${JSON.stringify(bad)} is refused`, (t) => {
    t.true('findings' in compile({ attributes: { 'bootparams.addkcmdline': bad } }))
  })
}

test('references to attributes are replaced for every loader', (t) => {
  const attributes = {
    'bootparams.addkcmdline': 'a=#NODEATTRIB:nodetype:profile# b=x#TABLE:noderes:$NODE:nfsdir#y',
    'nodetype.profile': 'compute',
    'noderes.nfsdir': '/z',
  }
  t.true(line({ attributes }).endsWith('a=compute b=x/zy'))
  t.true(line({ attributes: { ...attributes, 'nodetype.profile': '" init=/bin/sh' } }).includes('the character "'))
  const { 'noderes.nfsdir': _unset, ...rest } = attributes
  t.true(line({ attributes: rest }).includes('noderes.nfsdir is not set for cn07'))
})

test('a line longer than the kernel takes is refused, with its size', (t) => {
  t.true(line({ attributes: { 'bootparams.addkcmdline': 'x'.repeat(1900) } }).includes('the kernel takes'))
})

test('all findings are given at once', (t) => {
  const compiled = compile(
    { attributes: { 'nodehm.serialport': '0', 'bootparams.addkcmdline': 'root=x' } },
    { attributes: { addkcmdline: '"' } },
  )
  t.is('findings' in compiled ? compiled.findings.length : 0, 3)
})
