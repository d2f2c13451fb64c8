import test from 'ava'
import { type LsdefRequest, planLsdef } from '../../src/tables/lsdef.ts'
import { createResolver } from '../../src/tables/resolve.ts'
import { type ShortRows, viewOf } from './view.ts'

const TABLES: ShortRows = {
  site: [{ key: 'domain', value: 'cluster.test' }],
  nodelist: [
    { node: 'cn1', groups: 'compute,all' },
    { node: 'cn2', groups: 'compute,all' },
    { node: 'hid', groups: 'other', hidden: '1' },
  ],
  nodetype: [
    { node: 'compute', arch: 'x86_64', os: 'rhels9.2', profile: 'compute' },
    { node: 'cn1', provmethod: 'el9-lite' },
  ],
  nodehm: [{ node: 'compute', mgt: 'ipmi' }],
  ipmi: [{ node: 'compute', bmc: '|10.5.0.($1)|' }],
  osimage: [{ imagename: 'el9-lite', imagetype: 'linux', osvers: 'rhels9.2' }],
  linuximage: [{ imagename: 'el9-lite', rootimgdir: '/install/x' }],
}

function lsdef(request: LsdefRequest, tables = TABLES) {
  const view = viewOf(tables)
  const { messages, exitStatus } = planLsdef({ view, resolver: createResolver(view) }, request)
  return { text: messages.map(({ kind, text }) => (kind === 'error' ? `Error: ${text}` : text)).join('\n'), exitStatus }
}
const shown = (...lines: string[]) => ({ text: lines.join('\n'), exitStatus: 0 })
const refused = (...lines: string[]) => ({ text: lines.join('\n'), exitStatus: 1 })

const CN1 = [
  '    arch=x86_64',
  '    bmc=10.5.0.1',
  '    groups=compute,all',
  '    mgt=ipmi',
  '    os=rhels9.2',
  '    profile=compute',
  '    provmethod=el9-lite',
]

const SAMPLES: readonly (readonly [
  title: string,
  request: LsdefRequest,
  expected: { text: string; exitStatus: number },
])[] = [
  ['cn1', { names: 'cn1' }, shown('Object name: cn1', ...CN1)],
  ['(nothing)', {}, shown('cn1  (node)', 'cn2  (node)')],
  ['-S', { hidden: true }, shown('cn1  (node)', 'cn2  (node)', 'hid  (node)')],
  ['-t osimage', { types: 'osimage' }, shown('el9-lite  (osimage)')],
  [
    '-t osimage el9-lite',
    { types: 'osimage', names: 'el9-lite' },
    shown('Object name: el9-lite', '    imagetype=linux', '    osvers=rhels9.2', '    rootimgdir=/install/x'),
  ],
  [
    'cn1,cn2 -i os,groups -c',
    { names: 'cn1,cn2', attributes: ['os', 'groups'], compact: true },
    shown('cn1: groups=compute,all', 'cn1: os=rhels9.2', 'cn2: groups=compute,all', 'cn2: os=rhels9.2'),
  ],
  ['cn1 -i status', { names: 'cn1', attributes: ['status'] }, shown('Object name: cn1', '    status=')],
  ['-t osimage,node', { types: 'osimage,node' }, shown('el9-lite  (osimage)', 'cn1  (node)', 'cn2  (node)')],
  [
    '-t site -i domain -c',
    { types: 'site', attributes: ['domain'], compact: true },
    shown('clustersite: domain=cluster.test'),
  ],
  [
    '-t group compute -i members,bmc',
    { types: 'group', names: 'compute', attributes: ['members', 'bmc'] },
    shown('Object name: compute', '    bmc=|10.5.0.($1)|', '    members=cn1,cn2'),
  ],
  [
    '-a',
    { all: true },
    shown(
      'cn1 (node)',
      'cn2 (node)',
      'el9-lite (osimage)',
      'clustersite (site)',
      'all (group)',
      'compute (group)',
      'other (group)',
    ),
  ],
  [
    'cn1 -z',
    { names: 'cn1', stanza: true },
    shown('# <xCAT data object stanza file>', '', 'cn1:', '    objtype=node', ...CN1),
  ],
  ['-w', { where: ['provmethod==el9-lite', 'os=~^rhels'] }, shown('cn1  (node)')],
  ['-w: unset never matches', { where: ['provmethod!=x'] }, shown('cn1  (node)')],
  [
    '-w: all conditions on one attribute count',
    { where: ['os=~rhels', 'os=~sles'] },
    shown('No object definitions have been found'),
  ],
  [
    'cn2 -i os -V',
    { names: 'cn2', attributes: ['os'], verbose: true },
    shown('Object name: cn2', '    os=rhels9.2\t(Table:nodetype - Key:compute - Column:os)'),
  ],
  [
    'nosuch',
    { names: 'nosuch' },
    refused("Error: Could not find an object named 'nosuch' of type 'node'.", 'No object definitions have been found'),
  ],
  ['-t bogus', { types: 'bogus' }, refused("Error: \nType 'bogus' is not a valid xCAT object type.")],
  [
    'cn1 -i bogus',
    { names: 'cn1', attributes: ['bogus'] },
    refused("Error: 'bogus' is not a valid attribute name for an object type of 'node'.", 'Object name: cn1'),
  ],
  ['-w status==x', { where: ['status==x'] }, shown('No object definitions have been found')],
  ['-t network', { types: 'network' }, shown('Could not find any object definitions to display.')],
  ['/zzz', { names: '/zzz' }, refused("Error: No node in '/zzz', check the noderange syntax.")],
  ['/cn[2-9]', { names: '/cn[2-9]', short: true }, shown('cn2  (node)')],
  ['a b', { names: 'a b' }, refused('Error: noderange can not contain spaces.')],
  ['-w mgt', { where: ['mgt'] }, refused('Error: Incorrect selection string specified with -w flag.')],
]
for (const [title, request, expected] of SAMPLES) test(`lsdef ${title}`, (t) => t.deepEqual(lsdef(request), expected))

test('a found object is printed when another is missing', (t) => {
  const { text, exitStatus } = lsdef({ names: 'cn1,nosuch', attributes: ['os'] })
  t.is(text, "Error: Could not find an object named 'nosuch' of type 'node'.\nObject name: cn1\n    os=rhels9.2")
  t.is(exitStatus, 1)
})

test('scripts of xcatdefaults stand first, but not in a stanza', (t) => {
  const postscripts = [
    { node: 'xcatdefaults', postscripts: 'syslog' },
    { node: 'cn1', postscripts: 'mine' },
  ]
  const value = (request: LsdefRequest) => /postscripts=\S*/.exec(lsdef(request, { ...TABLES, postscripts }).text)?.[0]
  t.is(value({ names: 'cn1' }), 'postscripts=syslog,mine')
  t.is(value({ names: 'cn1', stanza: true }), 'postscripts=mine')
})
