import test from 'ava'
import { openSqliteStore } from '../../src/store/sqlite.ts'
import type { Store } from '../../src/store/store.ts'
import { renderCsv } from '../../src/tables/csv.ts'
import { applyOperations, type CommandPlan, type Message } from '../../src/tables/messages.ts'
import { type ObjectChangeRequest, planObjectChange } from '../../src/tables/object-change.ts'
import { planObjectRemove, planObjectRename } from '../../src/tables/object-remove.ts'
import type { ObjectsContext } from '../../src/tables/objects.ts'
import { createResolver } from '../../src/tables/resolve.ts'
import { TABLES, type TableSchema } from '../../src/tables/schema.ts'

/** Commands in a row on one store, as an administrator types them. */
function session() {
  const store = openSqliteStore({ path: ':memory:' })
  const context = (): ObjectsContext => ({ view: store, resolver: createResolver(store) })
  const carryOut = (plan: CommandPlan) => {
    store.transact((transaction) => applyOperations(transaction, plan.operations), { author: 'test' })
    return { text: plan.messages.map(renderMessage), exitStatus: plan.exitStatus }
  }
  const change =
    (command: 'mkdef' | 'chdef') =>
    (names: string, attributes = '', more: Partial<ObjectChangeRequest> = {}) =>
      carryOut(
        planObjectChange(context(), {
          command,
          names,
          attributes: attributes
            .split(' ')
            .filter(Boolean)
            .map((item) => [item.slice(0, item.indexOf('=')), item.slice(item.indexOf('=') + 1)] as const),
          ...more,
        }),
      )
  return {
    store,
    mkdef: change('mkdef'),
    chdef: change('chdef'),
    rmdef: (names: string, type = 'node') => carryOut(planObjectRemove(context(), { names, type })),
    rename: (type: string, from: string, to: string) => carryOut(planObjectRename(context(), type, from, to)),
    set: (table: string, keys: Record<string, string>, values: Record<string, string>) =>
      store.transact((transaction) => transaction.setRows(table, keys, values), { author: 'test' }),
    dump: (table: string) => dump(store, table),
  }
}

function dump(store: Store, table: string): string[] {
  return renderCsv(TABLES.get(table) as TableSchema, store.read(table))
    .trimEnd()
    .split('\n')
    .slice(1)
}

function renderMessage({ kind, text }: Message): string {
  return kind === 'error' ? `Error: ${text}` : kind === 'warning' ? `Warning: ${text}` : text
}

const done = (count: number) => ({
  text: [`${count} object definitions have been created or modified.`],
  exitStatus: 0,
})
const FAILED = 'Error: One or more errors occured when attempting to create or modify xCAT object definitions.'

test('mkdef: nodes of a range, each with its rows', (t) => {
  const { mkdef, dump } = session()
  t.deepEqual(mkdef('sl[01-02]', 'groups=lite,all netboot=xnba'), done(2))
  t.deepEqual(dump('nodelist'), ['"sl01","lite,all",,,,,,,,,,,', '"sl02","lite,all",,,,,,,,,,,'])
  t.is(dump('noderes').length, 2)
})

const MKDEF: readonly (readonly [
  title: string,
  names: string,
  attributes: string,
  text: readonly string[],
  more?: Partial<ObjectChangeRequest>,
])[] = [
  [
    'node without groups',
    'cn9',
    'os=x',
    ["Error: Attribute 'groups' is not specified for node 'cn9', skipping to the next node.", FAILED],
  ],
  [
    'unknown attribute',
    'cn9',
    'groups=all foo=x',
    [
      "Error: 'foo' is not a valid attribute name for an object type of 'node'.",
      'Error: Skipping to the next attribute.',
      FAILED,
    ],
  ],
  [
    'dot in a node name',
    'cn.1',
    'groups=all',
    ["Error: The object name 'cn.1' is invalid, Cannot use '.' in node name.", FAILED],
  ],
  [
    'bad character',
    'x!',
    'groups=all',
    [
      `Error: The object name 'x!' is invalid, please refer to "man xcatdb" for the valid "xCAT Object Name Format"`,
      FAILED,
    ],
  ],
  [
    'no attributes',
    'cn9',
    '',
    [
      'Error: No object definitions have been created or modified: no attributes were specified.',
      "Error: The attribute 'groups' is required for a new node.",
    ],
  ],
  ['type without name', '', 'os=x', ['Error: No object names were provided.']],
  ['unknown type', 'x', 'a=b', ["Error: \nType 'bogus' is not a valid xCAT object type."], { type: 'bogus' }],
  [
    'network without mask',
    'n',
    'net=10.1.0.0',
    ["Error: Net or mask value should not be empty for xCAT network object 'n'.", FAILED],
    { type: 'network' },
  ],
  [
    'condition of bmc',
    'cn9',
    'groups=all bmc=b',
    ["Error: Cannot set the attr='bmc' attribute unless mgt value is ipmi or openbmc.", FAILED],
  ],
  [
    'condition of rootimgdir',
    'img',
    'rootimgdir=/x imagetype=windows',
    ["Error: Cannot set the attr='rootimgdir' attribute unless imagetype value is linux.", FAILED],
    { type: 'osimage' },
  ],
  [
    'nfsrootopts rw',
    'img',
    'imagetype=linux nfsrootopts=soft,rw',
    ["Error: nfsrootopts cannot contain 'rw'; statelite NFS roots are always read-only", FAILED],
    { type: 'osimage' },
  ],
  [
    'nfsrootopts list',
    'img',
    'imagetype=linux nfsrootopts=a,,b',
    ['Error: nfsrootopts must be a comma-separated list without whitespace or empty options', FAILED],
    { type: 'osimage' },
  ],
]
for (const [title, names, attributes, text, more] of MKDEF) {
  test(`mkdef refuses: ${title}`, (t) => {
    const { mkdef, store } = session()
    t.deepEqual(mkdef(names, attributes, more), { text: [...text], exitStatus: 1 })
    t.is(store.revision, 0)
  })
}

test('mkdef: what passed is written although another object failed', (t) => {
  const { mkdef, dump } = session()
  const { text, exitStatus } = mkdef('cn1,cn.2', 'groups=all')
  t.is(exitStatus, 1)
  t.deepEqual(text.slice(-2), [FAILED, '1 object definitions have been created or modified.'])
  t.deepEqual(dump('nodelist'), ['"cn1","all",,,,,,,,,,,'])
})

test('mkdef: an existing object is left alone; -f replaces it whole', (t) => {
  const { mkdef, dump } = session()
  mkdef('cn1', 'groups=all os=x')
  const exists =
    "Warning: A definition for 'cn1' already exists. No changes will be made.  Run again with '-f' option to force replace."
  t.deepEqual(mkdef('cn1', 'groups=b'), {
    text: [exists, 'Error: 0 object definitions have been created or modified.'],
    exitStatus: 1,
  })
  t.deepEqual(mkdef('cn1,cn2', 'groups=b').exitStatus, 0)
  t.deepEqual(mkdef('cn1', 'groups=c', { force: true }), done(1))
  t.deepEqual(
    dump('nodelist').filter((line) => line.startsWith('"cn1"')),
    ['"cn1","c",,,,,,,,,,,'],
  )
  t.deepEqual(dump('nodetype'), [])
})

test('mkdef: capital letters are a warning', (t) => {
  const { text, exitStatus } = session().mkdef('CN1', 'groups=all')
  t.deepEqual(text, [
    "Warning: The node name 'CN1' contains capital letters which may not be resolved correctly by the dns server.",
    '1 object definitions have been created or modified.',
  ])
  t.is(exitStatus, 0)
})

test('mkdef: a condition may hold through a group the node is about to have', (t) => {
  const { mkdef, chdef, dump } = session()
  mkdef('cn1', 'groups=lite')
  chdef('lite', 'mgt=ipmi', { type: 'group' })
  t.is(mkdef('cn2', 'groups=lite bmc=b2').exitStatus, 0)
  t.deepEqual(dump('ipmi'), ['"cn2","b2",,,,,,,'])
})

test('mkdef: two networks cannot share net and mask', (t) => {
  const { mkdef, dump } = session()
  t.deepEqual(mkdef('net1', 'net=10.1.0.0 mask=255.255.0.0 gateway=10.1.0.1', { type: 'network' }), done(1))
  t.is(
    mkdef('net2', 'net=10.1.0.0 mask=255.255.0.0', { type: 'network' }).text[0],
    "Error: A network definition called 'net1' already exists that contains the same net and mask values. Cannot create a definition for 'net2'.",
  )
  t.is(dump('networks').length, 1)
})

test('mkdef: an osimage of the first walk-through', (t) => {
  const { mkdef, chdef, store } = session()
  const attributes = 'profile=compute imagetype=linux provmethod=statelite osarch=ppc64le osname=linux osvers=rhels7.3'
  t.deepEqual(mkdef('redhat7img', attributes, { type: 'osimage' }), done(1))
  t.deepEqual(chdef('redhat7img', 'pkglist=/a,/b rootimgdir=/install/x', { type: 'osimage' }), done(1))
  t.like(store.read('osimage')[0], { imagename: 'redhat7img', osvers: 'rhels7.3', provmethod: 'statelite' })
  t.like(store.read('linuximage')[0], { imagename: 'redhat7img', pkglist: '/a,/b', rootimgdir: '/install/x' })
})

test('mkdef -t group: members get the group at the end of their list', (t) => {
  const { mkdef, dump } = session()
  mkdef('n[1-3]', 'groups=all os=x')
  t.deepEqual(mkdef('g', 'members=n1,n3,n9', { type: 'group' }), {
    text: [
      "Error: Could not find a node named 'n9', skipping to the next node.",
      FAILED,
      '1 object definitions have been created or modified.',
    ],
    exitStatus: 1,
  })
  t.deepEqual(
    dump('nodelist').map((line) => line.replace(/,{3,}$/, '')),
    ['"n1","all,g"', '"n2","all"', '"n3","all,g"'],
  )
  t.deepEqual(dump('nodegroup'), ['"g","static","static",,,,'])
  t.regex(mkdef('all', 'os=y', { type: 'group' }).text[0] ?? '', /^Warning: A definition for 'all' already exists/)
})

test('mkdef -t group -w fixes the members now, -d finds them later', (t) => {
  const { mkdef, dump } = session()
  mkdef('n1', 'groups=all os=rhels9')
  mkdef('n2', 'groups=all os=sles15')
  t.is(mkdef('fixed', '', { type: 'group', where: ['os=~rhels'] }).exitStatus, 0)
  t.deepEqual(
    dump('nodelist').map((line) => line.replace(/,{3,}$/, '')),
    ['"n1","all,fixed"', '"n2","all"'],
  )
  t.is(mkdef('later', '', { type: 'group', dynamic: true, where: ['os=~sles', 'groups=~all'] }).exitStatus, 0)
  t.true(dump('nodegroup').includes('"later","dynamic","dynamic",,"os=~sles::groups=~all",,'))
  t.is(
    mkdef('x', 'os=a', { type: 'group', dynamic: true, where: ['os==a'] }).text[0],
    "Error: Can not assign attributes to dynamic node group 'x'.",
  )
  t.is(
    mkdef('x', '', { type: 'group', dynamic: true }).text[0],
    "Error: The 'where' attributes and values were not provided for dynamic group 'x'.",
  )
})

test('mkdef -z: stanzas with defaults', (t) => {
  const { mkdef, dump } = session()
  const stanzas =
    '# comment\ndefault-node:\n    objtype=node\n    groups=all\n\ncn1:\n    objtype=node\n    os = "rhels9"\nimg:\n    objtype=osimage\n    imagetype=linux\n    pkglist=/a\n'
  t.deepEqual(mkdef('', '', { stanzas }), done(2))
  t.deepEqual(dump('nodetype'), ['"cn1","rhels9",,,,,,,'])
  t.is(dump('linuximage').length, 1)
  t.regex(mkdef('', '', { stanzas: 'cn1:\n  os=x\n' }).text[0] ?? '', /'cn1' has no objtype=/)
})

test('chdef: replaces, empties, appends, removes', (t) => {
  const { mkdef, chdef, store } = session()
  mkdef('n1', 'groups=gA,all mac=aa')
  chdef('gA', 'postscripts=p2', { type: 'group' })
  const own = (table: string) => store.read(table).find((row) => row.node === 'n1')
  t.deepEqual(chdef('n1', 'postscripts=x', { mode: 'append' }), done(1))
  t.is(own('postscripts')?.postscripts, 'p2,x')
  chdef('n1', 'mac=eth1', { mode: 'append' })
  t.is(own('mac')?.mac, 'aa,eth1')
  t.deepEqual(chdef('n1', 'groups=gA', { mode: 'append' }), {
    text: ['No object definitions have been created or modified.'],
    exitStatus: 0,
  })
  chdef('n1', 'groups=gA', { mode: 'remove' })
  t.is(own('nodelist')?.groups, 'all')
  t.deepEqual(chdef('n1', 'groups=notthere', { mode: 'remove' }), {
    text: [
      "Error: notthere is not in the attribute of 'groups' for the 'n1' definition.",
      'No object definitions have been created or modified.',
    ],
    exitStatus: 1,
  })
  t.is(
    chdef('n1', 'os=x', { mode: 'remove' }).text[0],
    "Error: No value got for attribute 'os' for the 'n1' definition.",
  )
  chdef('n1', 'mac=')
  t.is(own('mac')?.mac, null)
})

test('chdef: makes what is missing, but a node still needs groups', (t) => {
  const { chdef, store } = session()
  t.deepEqual(chdef('cn9', 'groups=all'), {
    text: ['1 object definitions have been created or modified.', "New object definitions 'cn9' have been created."],
    exitStatus: 0,
  })
  t.is(chdef('cn8', 'os=x').exitStatus, 1)
  t.is(chdef('img', 'pkglist=/a', { type: 'osimage' }).exitStatus, 0)
  t.is(store.read('osimage')[0]?.imagetype, 'linux')
  t.is(chdef('nosuch', 'groups=x', { mode: 'remove' }).exitStatus, 1)
})

test('chdef: one wrong attribute and nothing is written', (t) => {
  const { mkdef, chdef, dump } = session()
  mkdef('cn1', 'groups=all')
  t.is(chdef('cn1', 'os=x bogus=y').exitStatus, 1)
  t.deepEqual(dump('nodetype'), [])
})

test('chdef -t group: attributes go to the group rows, members are replaced, added, removed', (t) => {
  const { mkdef, chdef, store, dump } = session()
  mkdef('n[1-4]', 'groups=g,all')
  t.deepEqual(chdef('g', 'netboot=xnba ip=|10.4.0.($1)|', { type: 'group' }), done(1))
  t.deepEqual(dump('hosts'), ['"g","|10.4.0.($1)|",,,,'])
  t.deepEqual(dump('nodegroup'), [])
  const members = () =>
    store
      .read('nodelist')
      .filter((row) => row.groups?.split(',').includes('g'))
      .map((row) => row.node)
      .join(',')
  chdef('g', 'members=n1-n2', { type: 'group' })
  t.is(members(), 'n1,n2')
  chdef('g', 'members=n4', { type: 'group', mode: 'append' })
  t.is(members(), 'n1,n2,n4')
  chdef('g', 'members=n1', { type: 'group', mode: 'remove' })
  t.is(members(), 'n2,n4')
})

test('chdef: scripts every node runs anyway are dropped', (t) => {
  const { mkdef, chdef, set, store } = session()
  set('postscripts', { node: 'xcatdefaults' }, { postscripts: 'syslog,remoteshell' })
  mkdef('n1', 'groups=all')
  t.deepEqual(chdef('n1', 'postscripts=syslog,mine').text, [
    "Warning: n1: postscripts 'syslog' is already included in the 'xcatdefaults'.",
    '1 object definitions have been created or modified.',
  ])
  t.is(store.read('postscripts').find((row) => row.node === 'n1')?.postscripts, 'mine')
})

test('chdef -t site needs no name; an empty value deletes the row', (t) => {
  const { chdef, dump } = session()
  t.deepEqual(chdef('clustersite', 'domain=cluster.test', { type: 'site' }), done(1))
  t.deepEqual(dump('site'), ['"domain","cluster.test",,'])
  chdef('clustersite', 'domain=', { type: 'site' })
  t.deepEqual(dump('site'), [])
})

test('chdef -n: every row follows, statelite and image names included', (t) => {
  const { mkdef, rename, set, dump } = session()
  mkdef('cn1', 'groups=all os=x provmethod=img')
  mkdef('img', 'imagetype=linux pkglist=/a', { type: 'osimage' })
  set('statelite', { node: 'cn1' }, { statemnt: 's:/p' })
  set('litefile', { image: 'img', file: '/etc/x' }, { options: 'ro' })
  t.deepEqual(rename('node', 'cn1', 'cn1new'), { text: ['Changed the object name from cn1 to cn1new.'], exitStatus: 0 })
  t.deepEqual(dump('statelite'), ['"cn1new",,"s:/p",,,'])
  rename('osimage', 'img', 'img2')
  t.deepEqual(dump('litefile'), ['"img2","/etc/x","ro",,'])
  t.regex(dump('nodetype')[0] ?? '', /"img2"/)
  t.deepEqual(rename('osimage', 's1', 's2').text, ['Error: The s1 is not a valid object.'])
  rename('group', 'all', 'everyone')
  t.regex(dump('nodelist')[0] ?? '', /^"cn1new","everyone"/)
  mkdef('cn2', 'groups=everyone')
  t.deepEqual(rename('node', 'cn2', 'cn1new').text, ['Error: Object cn1new already exists.'])
})

test('rmdef: a node leaves every table; a group name means its members', (t) => {
  const { mkdef, rmdef, set, dump } = session()
  mkdef('cn[1-3]', 'groups=compute,all os=x')
  set('statelite', { node: 'cn1' }, { statemnt: 's:/p' })
  t.deepEqual(rmdef('cn1'), { text: ['1 object definitions have been removed.'], exitStatus: 0 })
  t.deepEqual([dump('statelite'), dump('nodetype').length], [[], 2])
  t.deepEqual(rmdef('x'), {
    text: [
      "Error: Could not find an object named 'x' of type 'node'.",
      'No objects have been removed from the xCAT database.',
    ],
    exitStatus: 1,
  })
  t.deepEqual(rmdef('compute').text, ['2 object definitions have been removed.'])
  t.deepEqual(dump('nodelist'), [])
})

test('rmdef -t group: the nodes stay', (t) => {
  const { mkdef, chdef, rmdef, dump } = session()
  mkdef('cn1', 'groups=compute,all')
  chdef('compute', 'os=x', { type: 'group' })
  t.is(rmdef('compute', 'group').exitStatus, 0)
  t.regex(dump('nodelist')[0] ?? '', /^"cn1","all"/)
  t.deepEqual(dump('nodetype'), [])
  t.is(rmdef('clustersite', 'site').exitStatus, 1)
})

test('chdef: of several switch rows the first is changed; the word NULL unsets', (t) => {
  const { mkdef, chdef, set, dump, store } = session()
  mkdef('n1', 'groups=all os=x')
  set('switch', { node: 'n1', switch: 's1', port: '1' }, { vlan: '5' })
  set('switch', { node: 'n1', switch: 's2', port: '2' }, { vlan: '6' })
  t.deepEqual(chdef('n1', 'switchvlan=7 switchinterface=eth0'), done(1))
  t.deepEqual(dump('switch'), ['"n1","s1","1","7","eth0",,', '"n1","s2","2","6",,,'])
  chdef('n1', 'os=NULL')
  t.is(store.read('nodetype')[0]?.os, null)
})
