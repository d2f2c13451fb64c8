import test from 'ava'
import type { ClusterNode, LitetreeRow } from '../../src/cluster/model.ts'
import type { StateliteContext } from '../../src/statelite/context.ts'
import { compileTrees } from '../../src/statelite/litetree.ts'
import { mergeMountOptions, parseMountOptions, readOnlyOptions } from '../../src/statelite/mount-options.ts'
import { compilePersistent } from '../../src/statelite/persistent.ts'
import { parseServerPath, resolveServer } from '../../src/statelite/servers.ts'
import { buildSnapshot, exampleImage, exampleNode, imageSpec, testContext } from './snapshot.ts'

const list = (cell: string) => {
  const parsed = parseMountOptions(cell)
  return 'fault' in parsed ? [`fault ${parsed.fault}`] : parsed.options
}

test('options of the administrator replace defaults that answer the same question', (t) => {
  const defaults = ['rw', 'hard', 'nolock', 'vers=3', 'proto=tcp']
  t.is(mergeMountOptions(defaults, []), 'rw,hard,nolock,vers=3,proto=tcp')
  t.is(mergeMountOptions(defaults, list('soft,timeo=30')), 'rw,nolock,vers=3,proto=tcp,soft,timeo=30')
  t.is(mergeMountOptions(defaults, list('nfsvers=4.2,lock')), 'rw,hard,proto=tcp,nfsvers=4.2,lock')
  t.is(mergeMountOptions(defaults, list('udp')), 'rw,hard,nolock,vers=3,udp')
  t.is(mergeMountOptions(['ro', 'actimeo=1'], list('noac')), 'ro,noac')
  t.is(mergeMountOptions(['ro', 'actimeo=1'], list('acregmin=3')), 'ro,acregmin=3')
  t.is(mergeMountOptions([], list('timeo=5,timeo=5')), 'timeo=5')
})

for (const cell of [
  'a b',
  'a,,b',
  ',a',
  'x="y"',
  "x='y'",
  'a\nb',
  'x=$y',
  '=3',
  'addr=1.2.3.4',
  'mountaddr=1.2.3.4',
  `x=${'y'.repeat(2000)}`,
]) {
  test(`mount options ${JSON.stringify(cell.slice(0, 20))} are refused`, (t) => {
    t.true('fault' in parseMountOptions(cell))
  })
}

test('a read-only mount stays read-only', (t) => {
  t.deepEqual(readOnlyOptions(['nolock'], ['RO', 'soft']), { options: 'ro,nolock,soft' })
  for (const bad of ['rw', 'RW', 'defaults', 'Defaults']) t.true('fault' in readOnlyOptions([], [bad]))
})

test('server:/path in its spellings', (t) => {
  t.deepEqual(parseServerPath('10.20.0.3:/lite/common'), { server: '10.20.0.3', path: '/lite/common' })
  t.deepEqual(parseServerPath('nas://xm/inst/cn2/'), { server: 'nas', path: '/xm/inst/cn2' })
  t.deepEqual(parseServerPath('/opt/lite'), { server: undefined, path: '/opt/lite' })
  t.deepEqual(parseServerPath('[2001:db8::1]:/lite'), { server: '2001:db8::1', path: '/lite' })
  for (const bad of [
    '',
    'lite',
    'nas:lite',
    ':/x',
    '[nas]:/x',
    '2001:db8::1:/x',
    'nas:/a/../b',
    'nas:/a b',
    '/a/./b',
    'nas:',
  ]) {
    t.true('fault' in parseServerPath(bad), bad)
  }
})

test('servers become address literals', (t) => {
  const snapshot = buildSnapshot({ nodes: [{ name: 'nas', ip: '10.20.0.3' }], site: { domain: 'example' } })
  const own = (name: string) => (name === 'mn' ? '10.20.0.2' : undefined)
  t.is(resolveServer('10.1.2.3', snapshot), '10.1.2.3')
  t.is(resolveServer('nas', snapshot), '10.20.0.3')
  t.is(resolveServer('nas.example', snapshot), '10.20.0.3')
  t.is(resolveServer('mn', snapshot, own), '10.20.0.2')
  t.is(resolveServer('[2001:DB8::1]', snapshot), '2001:db8::1')
  for (const bad of ['unknown', '010.1.2.3', '10.1', '167772161', '']) t.is(resolveServer(bad, snapshot), undefined)
})

function trees(
  rows: Partial<LitetreeRow>[],
  context: StateliteContext = testContext(),
  attributes: Record<string, string> = {},
) {
  const snapshot = buildSnapshot({
    nodes: [
      { ...exampleNode, attributes },
      { name: 'nas', ip: '10.20.0.3' },
    ],
    litetree: rows,
  })
  return compileTrees(snapshot.node('cn07') as ClusterNode, imageSpec(exampleImage), snapshot, context)
}

test('trees: rows of the image, its groups, ALL and blank, by rising number', (t) => {
  const { trees: found } = trees([
    { priority: 10, image: '', directory: 'nas:/ten' },
    { priority: 9, image: 'ALL', directory: 'nas:/nine' },
    { priority: 1.5, image: 'green', directory: 'nas:/onehalf' },
    { priority: 2, image: 'hpc9-lite', directory: 'nas:/two' },
    { priority: 3, image: 'other', directory: 'nas:/three' },
  ])
  t.deepEqual(
    found.map(({ priority, directory }) => [priority, directory]),
    [
      [1.5, '/onehalf'],
      [2, '/two'],
      [9, '/nine'],
      [10, '/ten'],
    ],
  )
})

test('trees: variables are substituted for the node, the server is an address', (t) => {
  const attributes = { 'noderes.nfsserver': 'nas', 'nodetype.profile': 'compute' }
  const found = trees([{ directory: '$noderes.nfsserver:/lt/$nodetype.profile/$node' }], testContext(), attributes)
  t.is(found.trees[0]?.server, '10.20.0.3')
  t.is(found.trees[0]?.directory, '/lt/compute/cn07')
  t.is(found.trees[0]?.shown, 'nas:/lt/compute/cn07')
})

test('xCAT BUG-5: a variable without a value is a fault, not the word UNDEFINED', (t) => {
  const { trees: found, findings } = trees([{ priority: 7, directory: '$noderes.nfsserver:/lt' }])
  t.deepEqual(found, [])
  t.is(findings[0]?.where, 'cn07: litetree row priority=7')
  t.true(findings[0]?.message.includes('noderes.nfsserver'))
})

test('xCAT BUG-3: a directory inside the root with mntopts stays what it is', (t) => {
  const { trees: found, findings } = trees([{ directory: '/opt/lite', mntopts: 'soft,required' }])
  t.is(found[0]?.server, undefined)
  t.is(found[0]?.directory, '/opt/lite')
  t.is(found[0]?.options, '')
  t.true(found[0]?.required)
  t.deepEqual(
    findings.map(({ severity }) => severity),
    ['warning'],
  )
  t.deepEqual(trees([{ directory: '/opt/lite', mntopts: 'required' }]).findings, [])
})

test('xCAT BUG-6: the mount options of a tree reach the node', (t) => {
  const options = (mntopts: string) => trees([{ directory: 'nas:/lt', mntopts }]).trees[0]?.options
  t.is(options(''), 'ro,nolock,vers=3,proto=tcp')
  t.is(options('soft,timeo=50'), 'ro,nolock,vers=3,proto=tcp,soft,timeo=50')
  t.is(options('vers=4.1'), 'ro,nolock,proto=tcp,vers=4.1')
  t.is(options('ro,required'), 'ro,nolock,vers=3,proto=tcp')
})

test('trees: an IPv6 server in brackets', (t) => {
  const { trees: found } = trees([{ directory: '[2001:db8::3]:/lt', mntopts: 'soft' }])
  t.is(found[0]?.server, '2001:db8::3')
  t.is(found[0]?.shown, '[2001:db8::3]:/lt')
})

test('trees: rw, unknown servers and bad directories are faults that name the row', (t) => {
  for (const row of [
    { directory: 'nas:/lt', mntopts: 'rw' },
    { directory: 'stranger:/lt' },
    { directory: 'nas:lt' },
    { directory: '/lt/../x' },
    { directory: 'nas:/lt', mntopts: 'a b' },
  ]) {
    const { trees: found, findings } = trees([row])
    t.deepEqual(found, [])
    t.deepEqual(
      findings.map(({ severity, where }) => [severity, where]),
      [['error', 'cn07: litetree row priority=1']],
    )
  }
})

test('trees on our own server carry our ports, those of others do not', (t) => {
  const context = testContext({ nfs: { port: 2049, mountPort: 20048 }, ownAddresses: ['10.20.0.2', '10.30.0.2'] })
  const options = (directory: string, mntopts = '') => trees([{ directory, mntopts }], context).trees[0]?.options
  t.is(options('10.30.0.2:/lt'), 'ro,nolock,vers=3,proto=tcp,port=2049,mountport=20048,mountproto=tcp')
  t.is(options('nas:/lt'), 'ro,nolock,vers=3,proto=tcp')
  t.is(options('10.20.0.2:/lt', 'port=2050'), 'ro,nolock,vers=3,proto=tcp,mountport=20048,mountproto=tcp,port=2050')
})

function persistent(attributes: Record<string, string>, context = testContext(), name = 'cn07') {
  const snapshot = buildSnapshot({
    nodes: [
      { ...exampleNode, name, attributes },
      { name: 'nas', ip: '10.20.0.3' },
    ],
  })
  return compilePersistent(snapshot.node(name) as ClusterNode, snapshot, context)
}

test('persistent: the node has its own directory below statemnt', (t) => {
  t.deepEqual(persistent({ 'statelite.statemnt': 'nas:/persist/' }), {
    persistent: {
      server: '10.20.0.3',
      directory: '/persist/cn07',
      options: 'rw,hard,nolock,vers=3,proto=tcp',
      statemnt: 'nas:/persist',
      mntopts: '',
    },
    findings: [],
  })
})

test('xCAT BUG-4: a variable in the path leaves a literal server alone', (t) => {
  const found = persistent({
    'statelite.statemnt': '10.20.0.3:/persist/$nodetype.profile',
    'nodetype.profile': 'compute',
  })
  t.is(found.persistent?.server, '10.20.0.3')
  t.is(found.persistent?.directory, '/persist/compute/cn07')
  t.is(found.persistent?.statemnt, '10.20.0.3:/persist/compute')
})

test('persistent: mntopts replace defaults', (t) => {
  const options = (mntopts: string) =>
    persistent({ 'statelite.statemnt': 'nas:/p', 'statelite.mntopts': mntopts }).persistent?.options
  t.is(options('soft,timeo=30'), 'rw,nolock,vers=3,proto=tcp,soft,timeo=30')
  t.is(options('rw,lock'), 'hard,vers=3,proto=tcp,rw,lock')
})

test('persistent: our own ports', (t) => {
  const context = testContext({ nfs: { port: 2049, mountPort: 20048 } })
  t.true(
    persistent({ 'statelite.statemnt': '10.20.0.2:/p' }, context).persistent?.options.endsWith(
      'mountport=20048,mountproto=tcp',
    ),
  )
})

test('persistent: nothing when there is no row, a fault when the row is wrong', (t) => {
  t.deepEqual(persistent({}), { findings: [] })
  const wrong: Record<string, string>[] = [
    { 'statelite.statemnt': '/local' },
    { 'statelite.statemnt': 'nas:/' },
    { 'statelite.statemnt': 'stranger:/p' },
    { 'statelite.statemnt': '$nodetype.profile:/p' },
    { 'statelite.statemnt': 'nas:/p', 'statelite.mntopts': 'ro' },
    { 'statelite.statemnt': 'nas:/p', 'statelite.mntopts': 'rw,ro' },
    { 'statelite.statemnt': 'nas:/p', 'statelite.mntopts': 'so ft' },
  ]
  for (const attributes of wrong) {
    const found = persistent(attributes)
    t.is(found.persistent, undefined)
    t.deepEqual(
      found.findings.map(({ severity, where }) => [severity, where]),
      [['error', 'cn07: statelite row']],
      JSON.stringify(attributes),
    )
  }
  t.is(persistent({ 'statelite.statemnt': 'nas:/p' }, testContext(), '../cn08').findings.length, 1)
})

test('commands in tables are never run', (t) => {
  t.true(trees([{ directory: 'nas:/lt/#CMD=id#' }]).findings[0]?.message.includes('#CMD'))
})

test('the server that the tables name is ours only when it is one of our addresses', (t) => {
  const context = testContext({ nfs: { port: 2049, mountPort: 20048 }, ownAddresses: ['10.20.0.99'] })
  t.false(trees([{ directory: '10.20.0.2:/lt' }], context).trees[0]?.options.includes('mountport'))
})
