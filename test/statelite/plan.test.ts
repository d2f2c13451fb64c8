import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import test from 'ava'
import fc from 'fast-check'
import type { ClusterNode, Snapshot } from '../../src/cluster/model.ts'
import { compileStatelite } from '../../src/statelite/compile.ts'
import { renderFinding } from '../../src/statelite/finding.ts'
import { kernelFactsOf } from '../../src/statelite/kernel-facts.ts'
import { ENTRY_OPTIONS } from '../../src/statelite/options.ts'
import { ownDirectoriesOf, planDirectoriesOf } from '../../src/statelite/own-directories.ts'
import { PACKED_FORMATS } from '../../src/statelite/packed-root.ts'
import { type CompiledPlan, compilePlan, machineIdOf, type Plan } from '../../src/statelite/plan.ts'
import { parsePlan, renderPlan } from '../../src/statelite/plan-text.ts'
import { buildSnapshot, exampleImage, exampleNode, type SnapshotSpec, testContext } from './snapshot.ts'

const spec: SnapshotSpec = {
  nodes: [
    {
      ...exampleNode,
      attributes: { 'statelite.statemnt': '10.20.0.3:/persist/$nodetype.profile', 'nodetype.profile': 'compute' },
    },
  ],
  images: [exampleImage],
  litefile: [
    ['ALL', '/var/', 'tmpfs'],
    ['ALL', '/etc/motd', 'ro'],
    ['hpc9-lite', '/var/lib/app/', 'persistent'],
    ['', '/etc/chrony.conf', 'tmpfs,rw'],
  ],
  litetree: [
    { priority: 10, image: 'ALL', directory: '10.20.0.3:/lite/common', mntopts: 'soft,timeo=50,required' },
    { priority: 1.5, image: 'hpc9-lite', directory: '/opt/lite', mntopts: '' },
  ],
  networks: [{ mtu: 9000 }],
  site: { domain: 'cluster.example', nameservers: '10.20.0.2' },
}

function compile(over: Partial<SnapshotSpec> = {}, context = testContext()): CompiledPlan {
  const snapshot: Snapshot = buildSnapshot({ ...spec, ...over })
  return compilePlan(snapshot.node('cn07') as ClusterNode, snapshot, context)
}

const golden = `liteboot-plan	1	cn07
server	10.20.0.2	80
report	http://10.20.0.2/node/v1/cn07/report
image	hpc9-lite	REVISION
root	nfs	10.20.0.2	/install/netboot/hpc9/rootimg	ro,nolock,vers=3,proto=tcp,actimeo=1
statelite	755
persistent	10.20.0.3	/persist/compute/cn07	rw,hard,nolock,vers=3,proto=tcp
tree	1.5	-	/opt/lite	-	optional
tree	10	10.20.0.3	/lite/common	ro,nolock,vers=3,proto=tcp,soft,timeo=50	required
entry	link	/etc/chrony.conf	-
entry	ro	/etc/motd	-
entry	tmpfs	/var/	-
entry	persistent	/var/lib/app/	/var/
hostname	cn07	cluster.example
machine-id	MACHINE
interface	0c:42:a1:7e:10:07	10.20.0.107/24	10.20.0.1	9000
nameserver	10.20.0.2
end	17
`

test('the plan of a node, as docs/reference/plan.md lays it out', (t) => {
  const compiled = compile()
  if (compiled.plan === undefined) return t.fail(compiled.findings.map(renderFinding).join('\n'))
  const text = renderPlan(compiled.plan)
  t.is(
    text,
    golden
      .replace('REVISION', compiled.plan.image.revision)
      .replace('MACHINE', machineIdOf('cn07', buildSnapshot(spec).site)),
  )
  t.deepEqual(parsePlan(text), { plan: compiled.plan })
})

function findingsOf(over: Partial<SnapshotSpec>, context = testContext()): string {
  const compiled = compile(over, context)
  return compiled.plan === undefined ? compiled.findings.map(renderFinding).join('\n') : 'a plan'
}
const node = (over: object, attributes: Record<string, string> = {}) => ({
  nodes: [{ ...exampleNode, attributes: { 'statelite.statemnt': '10.20.0.3:/persist', ...attributes }, ...over }],
})

test('xCAT BUG-22: persistent entries without a statelite row are refused', (t) => {
  t.is(
    findingsOf(node({ attributes: {} })),
    'cn07: statelite: no statelite row for cn07: it has persistent entries (litefile row image=hpc9-lite,file=/var/lib/app/): ' +
      'add one with chtab node=cn07 statelite.statemnt=<server>:<directory>',
  )
  t.is(findingsOf({ ...node({ attributes: {} }), litefile: [['ALL', '/x', 'link,persistent']] }).split('\n').length, 1)
  t.is(findingsOf({ ...node({ attributes: {} }), litefile: [['ALL', '/x', 'tmpfs']] }), 'a plan')
})

test('a wrong statelite row is reported once, as itself', (t) => {
  const text = findingsOf(node({}, { 'statelite.statemnt': '/local' }))
  t.true(text.includes('names no server'))
  t.is(text.split('\n').length, 1)
})

test('every fault is reported, not only the first', (t) => {
  const text = findingsOf({
    ...node({ mac: undefined }, { 'noderes.nfsserver': 'stranger' }),
    litefile: [
      ['ALL', '/etc/', 'tmpfs'],
      ['ALL', '/etc/x', 'link'],
      ['ALL', '/y', 'localdisk'],
    ],
    litetree: [{ priority: 1, directory: 'nowhere' }],
  })
  for (const word of ['/etc/x', 'localdisk', 'stranger', 'nowhere', 'no hardware address'])
    t.true(text.includes(word), word)
})

test('warnings do not stop a plan', (t) => {
  const compiled = compile({ litefile: [['ALL', '/etc/mtab', 'link']] })
  t.truthy(compiled.plan)
  t.is('warnings' in compiled ? compiled.warnings.length : 0, 1)
})

const incomplete: [string, Partial<SnapshotSpec>, string][] = [
  ['no image', node({ image: undefined }), 'nodeset cn07 osimage=<image>'],
  ['an image that is not defined', node({ image: 'nosuch' }), 'nosuch, which is not defined'],
  ['a legacy provmethod', node({ image: 'statelite' }), 'not an image name'],
  ['an image for something else', { images: [{ ...exampleImage, provmethod: 'install' }] }, 'is for install'],
  ['a RAM root', { images: [{ ...exampleImage, rootfstype: 'ramdisk' }] }, 'the image has no packed root'],
  ['no hardware address', node({ mac: undefined }), 'chdef cn07 mac='],
  ['no address', node({ ip: undefined }), 'chdef cn07 ip='],
  ['no network', node({ ip: '192.168.1.1' }), 'no network contains 192.168.1.1'],
  ['a mode that is none', { images: [{ ...exampleImage, attributes: { permission: '0x1' } }] }, 'not an octal mode'],
  [
    'nfsrootopts with rw',
    { images: [{ ...exampleImage, attributes: { nfsrootopts: 'soft,rw' } }] },
    'always read-only',
  ],
  [
    'nfsrootopts with defaults',
    { images: [{ ...exampleImage, attributes: { nfsrootopts: 'Defaults' } }] },
    'always read-only',
  ],
  [
    'nfsrootopts with a blank',
    { images: [{ ...exampleImage, attributes: { nfsrootopts: 'soft, bg' } }] },
    'nfsrootopts',
  ],
  [
    'nfsrootopts with an empty item',
    { images: [{ ...exampleImage, attributes: { nfsrootopts: 'soft,,bg' } }] },
    'empty item',
  ],
]
for (const [title, over, words] of incomplete) {
  test(`no plan with ${title}`, (t) => {
    const text = findingsOf(over)
    t.true(text.includes(words), text)
  })
}

const rootOf = (over: Partial<SnapshotSpec>, context = testContext()) => {
  const root = compile(over, context).plan?.root
  return root?.type === 'nfs' ? root : undefined
}

test('the root server: nfsserver, else tftpserver, else xcatmaster, else us; <xcatmaster> is unset', (t) => {
  const server = (attributes: Record<string, string>) => rootOf(node({}, attributes))?.server
  const all = { 'noderes.nfsserver': '10.1.0.1', 'noderes.tftpserver': '10.1.0.2', 'noderes.xcatmaster': '10.1.0.3' }
  t.is(server(all), '10.1.0.1')
  t.is(server({ ...all, 'noderes.nfsserver': '<xcatmaster>' }), '10.1.0.2')
  t.is(server({ ...all, 'noderes.nfsserver': '', 'noderes.tftpserver': '<xcatmaster>' }), '10.1.0.3')
  t.is(server({ 'noderes.xcatmaster': '<xcatmaster>' }), '10.20.0.2')
  t.is(server({}), '10.20.0.2')
})

test('the root directory: rootimgdir, or nfsdir with one slash or two', (t) => {
  const directory = (nfsdir: string) => rootOf(node({}, { 'noderes.nfsdir': nfsdir }))?.directory
  t.is(directory(''), '/install/netboot/hpc9/rootimg')
  t.is(directory('/x'), '/x/netboot/rhels9.4/x86_64/compute/rootimg')
  t.is(directory('//x'), '/x/rootimg')
  t.is(directory('//x/y/'), '/x/y/rootimg')
  t.is(directory('/x/../y'), undefined)
  t.is(directory('x'), undefined)
})

test('nfsrootopts replace defaults but never ro', (t) => {
  const options = (nfsrootopts: string) =>
    rootOf({ images: [{ ...exampleImage, attributes: { nfsrootopts } }] })?.options
  t.is(options('RO,noac'), 'ro,nolock,vers=3,proto=tcp,noac')
  t.is(options('vers=4.2,actimeo=60'), 'ro,nolock,proto=tcp,vers=4.2,actimeo=60')
})

test('a packed root: its URL, form, size and digest; none is an error', (t) => {
  const packed = { format: 'cpio.xz', sizeBytes: 7, sha256: '12'.repeat(32), unpackedBytes: 9 } as const
  const over = { images: [{ ...exampleImage, rootfstype: 'ramdisk' as const }] }
  const { plan } = compile(over, testContext({ httpPort: 8080, packedRoot: () => packed }))
  const url = `http://10.20.0.2:8080/image/${exampleImage.name}/1212121212121212/rootimg`
  t.deepEqual(plan?.root, { type: 'ramdisk', url, ...packed })
  t.true(plan && renderPlan(plan).includes(`\nroot\tramdisk\tcpio.xz\t${url}\t7\t${'12'.repeat(32)}\t9\n`))
  const none = compile(over, testContext({ packedRoot: () => ({ fault: 'there is none' }) }))
  t.true(
    none.plan === undefined && none.findings.some(({ message }) => message.endsWith('no packed root: there is none')),
  )
})

test('the node asks no portmapper of ours', (t) => {
  const context = testContext({ nfs: { port: 2049, mountPort: 20048 } })
  t.is(rootOf({}, context)?.options, 'ro,nolock,vers=3,proto=tcp,actimeo=1,port=2049,mountport=20048,mountproto=tcp')
  t.is(rootOf(node({}, { 'noderes.nfsserver': '10.1.0.1' }), context)?.options, 'ro,nolock,vers=3,proto=tcp,actimeo=1')
})

test('the machine-id is a random UUID by its bits, the same at every boot, different for every node and cluster', (t) => {
  const site = buildSnapshot({ site: { domain: 'a' } }).site
  const id = machineIdOf('cn07', site)
  t.regex(id, /^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$/)
  t.is(machineIdOf('cn07', site), id)
  t.not(machineIdOf('cn08', site), id)
  t.not(machineIdOf('cn07', buildSnapshot({ site: { domain: 'b' } }).site), id)
  // clusterid keeps it when the domain changes.
  const keep = (domain: string) => machineIdOf('cn07', buildSnapshot({ site: { domain, clusterid: 'c1' } }).site)
  t.is(keep('a'), keep('b'))
})

test('nameservers: the node, else the network, else the site; <xcatmaster> is the server', (t) => {
  const servers = (over: Partial<SnapshotSpec>) => compile(over).plan?.nameservers
  t.deepEqual(servers({}), ['10.20.0.2'])
  t.deepEqual(servers({ networks: [{ nameservers: ['10.9.0.1' as never] }] }), ['10.9.0.1'])
  t.deepEqual(servers(node({}, { 'noderes.nameservers': '<xcatmaster>,10.9.0.2,10.9.0.2,stranger' })), [
    '10.20.0.2',
    '10.9.0.2',
  ])
})

test('reports are off when site.nodestatus is', (t) => {
  const compiled = compile({ nodestatus: false })
  t.is(compiled.plan?.report, undefined)
  t.true(compiled.plan !== undefined && renderPlan(compiled.plan).includes('\nreport\t-\n'))
})

test('the port of the plan and report URLs is left out only when it is 80', (t) => {
  t.is(compile({}, testContext({ httpPort: 8080 })).plan?.report, 'http://10.20.0.2:8080/node/v1/cn07/report')
})

test('a plan is the same for the same snapshot', (t) => {
  t.deepEqual(compile(), compile())
})

const name = fc.stringMatching(/^[a-z][a-z0-9._-]{0,12}$/)
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => `/${parts.join('/')}`)
const address = fc.oneof(fc.ipV4(), fc.constant('2001:db8::1'))
const mount = fc.record({ server: address, directory: path, options: fc.constantFrom('ro', 'rw,hard', 'ro,vers=4.2') })
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined })
const anyPlan: fc.Arbitrary<Plan> = fc.record({
  node: name,
  server: fc.record({ address: fc.ipV4(), httpPort: fc.integer({ min: 1, max: 65535 }) }),
  report: maybe(fc.constant('http://10.0.0.1/x')),
  image: fc.record({ name, revision: fc.constant('0123456789ab') }),
  root: fc.oneof(
    mount.map((value) => ({ type: 'nfs' as const, ...value })),
    fc.record({
      type: fc.constant('ramdisk' as const),
      format: fc.constantFrom(...PACKED_FORMATS),
      url: fc.constant('http://10.0.0.1/image/x/0123456789abcdef/rootimg'),
      sizeBytes: fc.nat(),
      sha256: fc.constant('0a'.repeat(32)),
      unpackedBytes: fc.nat(),
    }),
  ),
  stateliteMode: fc.constantFrom('755', '1777'),
  learn: maybe(fc.record({ url: fc.constant('http://10.0.0.1/l'), size: fc.constantFrom('50%', '2g') })),
  persistent: maybe(mount),
  localDisk: maybe(
    fc.record({
      label: fc.constant('SLLOCAL-x'),
      reformat: maybe(fc.constant('a1b2c3')),
      disks: fc.array(
        fc.record({
          device: fc.constantFrom('/dev/sda', 'serial:X1'),
          clear: fc.boolean(),
          parts: fc.array(
            fc.record({
              name: fc.constant('SLLOCAL-x-1'),
              size: fc.oneof(
                fc.record({ kind: fc.constant('percent' as const), percent: fc.integer({ min: 1, max: 100 }) }),
                fc.record({ kind: fc.constant('range' as const), startMiB: fc.nat(), endMiB: fc.nat() }),
                fc.record({ kind: fc.constant('rest' as const) }),
              ),
              format: fc.constantFrom('ext4' as const, 'xfs' as const, 'swap' as const),
            }),
            { minLength: 1, maxLength: 3 },
          ),
        }),
        { maxLength: 2 },
      ),
      localspace: maybe(
        fc.record({ device: fc.constant('/dev/sda1'), fstype: fc.constantFrom('ext4' as const, 'auto' as const) }),
      ),
      swaps: fc.array(fc.constant('/dev/sda2'), { maxLength: 2 }),
      script: maybe(fc.record({ url: fc.constant('http://10.0.0.1/s'), sha256: fc.constant('ab'.repeat(32)) })),
    }),
  ),
  trees: fc.array(
    fc.record({
      priority: fc.oneof(fc.nat(), fc.constant(1.5), fc.constant(-2)),
      server: maybe(address),
      directory: path,
      options: fc.constantFrom('', 'ro,soft'),
      required: fc.boolean(),
    }),
  ),
  entries: fc.array(fc.record({ option: fc.constantFrom(...ENTRY_OPTIONS), path, parent: maybe(path) })),
  hostname: fc.record({ name, domain: maybe(name) }),
  machineId: fc.constant('0123456789abcdef0123456789abcdef'),
  interface: fc.record({
    mac: fc.constant('0c:42:a1:7e:10:07'),
    address: fc.ipV4(),
    prefixLength: fc.nat(32),
    gateway: maybe(fc.ipV4()),
    mtu: maybe(fc.integer({ min: 576, max: 9000 })),
  }),
  nameservers: fc.array(fc.ipV4(), { maxLength: 3 }),
})

test('parsePlan(renderPlan(plan)) is the plan (property)', (t) => {
  fc.assert(
    fc.property(anyPlan, (plan) => {
      t.deepEqual(parsePlan(renderPlan(plan)), { plan })
    }),
  )
})

test('a plan that is cut anywhere, or has lost a line, is not a plan', (t) => {
  const compiled = compile()
  if (compiled.plan === undefined) return t.fail()
  const text = renderPlan(compiled.plan)
  for (let length = 0; length < text.length; length++)
    t.true('fault' in parsePlan(text.slice(0, length)), String(length))
  const lines = text.split('\n')
  for (let at = 0; at < lines.length - 1; at++)
    t.true('fault' in parsePlan(lines.toSpliced(at, 1).join('\n')), String(at))
  for (let at = 0; at < lines.length - 2; at++) {
    const swapped = lines.toSpliced(at, 2, lines[at + 1] ?? '', lines[at] ?? '')
    const kind = (line: string | undefined) => line?.split('\t')[0]
    if (kind(lines[at]) !== kind(lines[at + 1])) t.true('fault' in parsePlan(swapped.join('\n')), `swap ${at}`)
  }
})

test('random text is never a plan and never throws (property)', (t) => {
  fc.assert(fc.property(fc.string(), (text) => 'fault' in parsePlan(text)))
  t.pass()
})

test('a field with white space never reaches a node', (t) => {
  const compiled = compile()
  if (compiled.plan === undefined) return t.fail()
  const bad = { ...compiled.plan, hostname: { name: 'a\tb', domain: undefined } }
  t.throws(() => renderPlan(bad))
})

test('which directories of ours a node mounts', (t) => {
  const snapshot = buildSnapshot({
    ...spec,
    ...node({}, { 'statelite.statemnt': '10.20.0.2:/persist' }),
    litetree: [
      { priority: 1, directory: '10.20.0.2:/lite' },
      { priority: 2, directory: '10.20.0.3:/lite' },
      { priority: 3, directory: '/opt/lite' },
    ],
  })
  t.deepEqual(ownDirectoriesOf(snapshot.node('cn07') as ClusterNode, snapshot, testContext()), [
    { path: '/lite', access: 'ro' },
    { path: '/install/netboot/hpc9/rootimg', access: 'ro' },
    { path: '/persist/cn07', access: 'rw' },
  ])
  t.deepEqual(
    planDirectoriesOf(snapshot.node('cn07') as ClusterNode, snapshot, testContext()).map(
      ({ server, path }) => `${server}:${path}`,
    ),
    ['10.20.0.2:/lite', '10.20.0.3:/lite', '10.20.0.2:/install/netboot/hpc9/rootimg', '10.20.0.2:/persist/cn07'],
  )
})

test('what the kernel command line is told', (t) => {
  const snapshot = buildSnapshot({
    ...spec,
    nodes: [
      ...(node({}, { 'statelite.statemnt': 'nas:/persist', 'statelite.mntopts': 'soft' }).nodes ?? []),
      { name: 'nas', ip: '10.20.0.3' },
    ],
    images: [{ ...exampleImage, attributes: { nfsrootopts: 'ro,noac' } }],
  })
  const compiled = compileStatelite(snapshot.node('cn07') as ClusterNode, snapshot, testContext())
  if (compiled.image === undefined) return t.fail()
  t.deepEqual(kernelFactsOf(compiled, testContext()), {
    root: { server: '10.20.0.2', directory: '/install/netboot/hpc9/rootimg', nfsrootopts: 'noac' },
    statemnt: '10.20.0.3:/persist',
    mntopts: 'soft',
    planUrl: 'http://10.20.0.2/node/v1/cn07/plan',
    httpPort: 80,
  })
})

test('the node accepts what the server renders', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'plan-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  const steps = join(import.meta.dirname, '../../initrd-scripts/steps/plan.sh')
  const check = (text: string) => {
    writeFileSync(join(directory, 'plan'), text)
    const script = '. "$1" && check_plan "$RUN_DIR/plan"'
    const run = spawnSync('sh', ['-c', script, 'sh', steps], {
      env: { ...process.env, RUN_DIR: directory },
      encoding: 'utf8',
    })
    return `${run.status} ${run.stdout}${run.stderr}`.trim()
  }
  const v6 = { litetree: [{ priority: 0.5, directory: '[2001:db8::3]:/lite', mntopts: 'soft' }] }
  const bare = { litefile: [], litetree: [], nodestatus: false, site: {}, networks: [{ gateway: undefined }] }
  for (const over of [{}, v6, bare]) {
    const compiled = compile(over)
    if (compiled.plan === undefined) return t.fail(compiled.findings.map(renderFinding).join('\n'))
    const text = renderPlan(compiled.plan)
    t.is(check(text), '0')
    t.not(check(text.replace(/^root.*\n/m, '')), '0')
  }
})
