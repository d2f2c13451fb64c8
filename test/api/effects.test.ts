/** --dry-run: rows that would change, and what nodes would be answered, with a server and without; nothing is kept. */
import test, { type ExecutionContext } from 'ava'
import { openDirectApi } from '../../src/api/direct.ts'
import type { Api } from '../../src/api/protocol.ts'
import { foldNodeNames } from '../../src/tables/noderange-fold.ts'
import { newPlaces, openApiRig } from './rig.ts'

interface Data {
  readonly rows: readonly { table: string; row: string; kind: string; columns: readonly object[] }[]
  readonly nodes: readonly { kind: string; nodes: readonly string[]; changes: readonly Record<string, unknown>[] }[]
}

async function fill(api: Api): Promise<void> {
  const chtab = (...words: string[]) => api.call('tables.change', { words })
  const image = (name: string) => ({
    type: 'osimage',
    operands: [name],
    assignments: ['provmethod=statelite', 'osarch=x86_64', 'osvers=rhels9.2', 'profile=c', `rootimgdir=/i/${name}`],
  })
  await api.call('objects.make', image('el8'))
  await api.call('objects.make', image('el9'))
  await chtab('key=master', 'site.value=10.4.0.1')
  await chtab('netname=lab,net=10.4.0.0,mask=255.255.0.0', 'networks.gateway=10.4.0.1')
  await chtab('node=cn', 'noderes.netboot=xnba', 'hosts.ip=|10.4.1.($1)|', 'nodetype.provmethod=el8')
  await chtab('image=ALL,file=/etc/motd', 'litefile.options=link')
  await api.call('objects.make', { operands: ['cn[1-3]'], assignments: ['groups=cn,all', 'arch=x86_64'] })
  for (const at of [1, 2, 3]) await chtab(`node=cn${at}`, `mac.mac=02:00:00:00:00:0${at}`)
}

async function everything(api: Api): Promise<string> {
  const tables = [
    'site',
    'nodelist',
    'nodetype',
    'hosts',
    'mac',
    'noderes',
    'osimage',
    'litefile',
    'networks',
    'passwd',
  ]
  const dumps = await Promise.all(tables.map((table) => api.call('tables.dump', { table })))
  return JSON.stringify(dumps.map(({ output }) => output))
}

async function dryRun(t: ExecutionContext, api: Api, ...words: string[]): Promise<{ text: string[]; data: Data }> {
  const before = await everything(api)
  const { output, data, exitStatus } = await api.call('tables.change', { words, dryRun: true })
  t.is(output[0], 'Dry run: nothing was changed.')
  t.is(exitStatus, 0)
  t.is(await everything(api), before)
  return { text: [...output.slice(1)], data: data as Data }
}

test('another image for a group: one block for all its nodes, with the words of the command line', async (t) => {
  const { client } = await openApiRig(t)
  await fill(client)
  const { text, data } = await dryRun(t, client, 'node=cn', 'nodetype.provmethod=el9')
  t.deepEqual(text, [
    'Rows that would change:',
    '  nodetype node=cn: provmethod: el8 -> el9',
    'Boot answers that would change:',
    `  ${foldNodeNames(['cn1', 'cn2', 'cn3'])} (3 nodes, values of cn1):`,
    '    state      next boot: image el8 -> image el9',
    '    boot file  kernel: /i/el8/kernel -> /i/el9/kernel',
    '    boot file  initrd: /i/el8/initrd-statelite.gz -> /i/el9/initrd-statelite.gz',
    '    boot file  command line: -root=nfs:10.4.0.1:/i/el8/rootimg:ro +root=nfs:10.4.0.1:/i/el9/rootimg:ro',
    '    plan       image: el8 -> el9',
    '    plan       root: 10.4.0.1:/i/el8/rootimg -> 10.4.0.1:/i/el9/rootimg',
  ])
  t.deepEqual(data.nodes[0]?.nodes, ['cn1', 'cn2', 'cn3'])
  t.like(
    data.nodes[0]?.changes.find(({ what }) => what === 'command line'),
    {
      removed: ['root=nfs:10.4.0.1:/i/el8/rootimg:ro'],
      added: ['root=nfs:10.4.0.1:/i/el9/rootimg:ro'],
    },
  )
  t.like(data.rows[0], { table: 'nodetype', row: 'node=cn', kind: 'changed' })
})

/** Lines without what the test is not about: `what: before -> after`. */
function answers(text: readonly string[]): string[] {
  return text.filter((line) => /^ {4}(state|dhcp|boot file|plan) /.test(line)).map((line) => line.trim())
}

const EDITS: readonly (readonly [what: string, words: readonly string[], expected: readonly (string | RegExp)[]])[] = [
  [
    'an address: the DHCP answer and the plan of that node',
    ['node=cn2', 'hosts.ip=10.4.9.9'],
    [
      'dhcp       address for 02:00:00:00:00:02: 10.4.1.2 -> 10.4.9.9',
      'plan       interface: 02:00:00:00:00:02 10.4.1.2/16 -> 02:00:00:00:00:02 10.4.9.9/16',
    ],
  ],
  [
    'an address outside every network: no answer, and no boot file any more',
    ['node=cn2', 'hosts.ip=10.99.9.9'],
    [
      /^dhcp +address for 02:00:00:00:00:02: 10\.4\.1\.2 -> none \(no network contains 10\.99\.9\.9\)$/,
      /^dhcp +network: 10\.4\.0\.0\/16 \(gone\)$/,
      /^dhcp +router: /,
      /^dhcp +lease seconds: /,
      'dhcp       lease of the running system: for ever (gone)',
      /^dhcp +loader for BIOS: /,
      /^dhcp +loader for UEFI: /,
      /^dhcp +loader for UEFI HTTP: /,
      /^dhcp +loader for iPXE: /,
      'plan       none any more',
      /^boot file +refused: .*no network contains 10\.99\.9\.9/,
    ],
  ],
  [
    'a loader',
    ['node=cn2', 'noderes.netboot=pxe'],
    [
      'dhcp       loader for BIOS: undionly.kpxe from 10.4.0.1 -> pxelinux.0 from 10.4.0.1',
      'dhcp       configuration for BIOS: pxelinux.cfg/cn2 (new)',
      'dhcp       loader for iPXE: http://10.4.0.1/boot/ipxe/cn2 -> pxelinux.0 from 10.4.0.1',
      'dhcp       configuration for iPXE: pxelinux.cfg/cn2 (new)',
    ],
  ],
  [
    'a kernel argument: only the words',
    ['node=cn2', 'bootparams.addkcmdline=quiet debug'],
    ['boot file  command line: +quiet +debug'],
  ],
  [
    'an entry more',
    ['image=el8,file=/etc/hosts', 'litefile.options=link'],
    [/^plan +revision of the entries: /, 'plan       entry /etc/hosts: link (new)'],
  ],
  [
    'another option',
    ['image=ALL,file=/etc/motd', 'litefile.options=tmpfs'],
    [/^plan +revision of the entries: /, 'plan       entry /etc/motd: link -> tmpfs'],
  ],
  [
    'an entry less',
    ['image=ALL,file=/etc/motd', 'litefile.disable=yes'],
    [/^plan +revision of the entries: /, 'plan       entry /etc/motd: link (gone)'],
  ],
  [
    'a persistent entry without a place for it: the boot is refused',
    ['image=ALL,file=/var/x/', 'litefile.options=persistent'],
    [/^boot file +refused: .*no statelite row for cn1/, 'plan       none any more'],
  ],
  [
    'a persistent directory',
    ['node=cn', 'statelite.statemnt=10.4.0.1:/state'],
    [
      'boot file  command line: -STATEMNT= +STATEMNT=10.4.0.1:/state',
      'plan       persistent directory: 10.4.0.1:/state/cn1 (new)',
      /^plan +options of persistent directory: rw,.* \(new\)$/,
    ],
  ],
  [
    'a tree',
    ['priority=2', 'litetree.directory=10.4.0.1:/tree/$node', 'litetree.mntopts=required'],
    [
      'plan       tree 2: 10.4.0.1:/tree/cn1 (new)',
      /^plan +options of tree 2: /,
      'plan       tree 2 is required: yes (new)',
    ],
  ],
  [
    'a network option, through the networks table',
    ['netname=lab', 'networks.mtu=9000'],
    ['dhcp       MTU: 9000 (new)', 'plan       MTU: 9000 (new)'],
  ],
  [
    'another DHCP server on the network',
    ['key=proxydhcp', 'site.value=lab'],
    [/^dhcp +address for \S+: 10\.4\.\S+ -> of another DHCP server, as site\.proxydhcp says$/],
  ],
  [
    'leases of nodes whose root is on NFS',
    ['key=nfsrootlease', 'site.value=86400'],
    ['dhcp       lease of the running system: for ever -> 86400'],
  ],
  [
    'a setting',
    ['key=nodestatus', 'site.value=n'],
    ['boot file  command line: +nonodestatus', 'plan       reports: on -> off'],
  ],
  [
    'a state',
    ['node=cn', 'chain.currstate=boot'],
    ['state      next boot: image el8 -> next device', 'boot file  none any more', 'plan       none any more'],
  ],
]
for (const [what, words, expected] of EDITS)
  test(`what it would do: ${what}`, async (t) => {
    const { client } = await openApiRig(t)
    await fill(client)
    const { text } = await dryRun(t, client, ...words)
    const lines = answers(text)
    for (const line of expected)
      t.true(
        lines.some((found) => (typeof line === 'string' ? found === line : line.test(found))),
        `${line}\n${text.join('\n')}`,
      )
    // Nothing else.
    t.is(lines.length, expected.length, text.join('\n'))
  })

test('what bears on no boot is said to bear on none; secrets are not shown', async (t) => {
  const { client } = await openApiRig(t)
  await fill(client)
  const { text } = await dryRun(t, client, 'key=system,username=root', 'passwd.password=cluster')
  t.deepEqual(text, [
    'Rows that would change:',
    '  passwd key=system,username=root: new (password=********)',
    'No node would boot differently.',
  ])
  const same = await dryRun(t, client, 'node=cn', 'nodetype.provmethod=el8')
  t.deepEqual(same.text, ['No row would change.'])
})

test('a server that others name by its node name: they are told the new address', async (t) => {
  const { client } = await openApiRig(t)
  await fill(client)
  await client.call('tables.change', { words: ['node=cn', 'noderes.nfsserver=store'] })
  await client.call('objects.make', { operands: ['store'], assignments: ['groups=all', 'ip=10.4.0.5'] })
  const { data } = await dryRun(t, client, 'node=store', 'hosts.ip=10.4.0.6')
  const roots = data.nodes.filter(({ changes }) => changes.some(({ what }) => what === 'root'))
  t.deepEqual(roots[0]?.nodes, ['cn1', 'cn2', 'cn3'])
})

test('nodes that appear and vanish', async (t) => {
  const { client } = await openApiRig(t)
  await fill(client)
  const made = await client.call('objects.make', {
    operands: ['cn[4-5]'],
    assignments: ['groups=cn', 'arch=x86_64'],
    dryRun: true,
  })
  t.true(
    made.output.includes(`  ${foldNodeNames(['cn4', 'cn5'])} (new, 2 nodes, values of cn4):`),
    made.output.join('\n'),
  )
  t.deepEqual(made.output.slice(-2), [
    'The command itself would say:',
    '  2 object definitions have been created or modified.',
  ])
  const removed = await client.call('objects.remove', { names: 'cn1,cn2', dryRun: true })
  t.true(
    removed.output.includes(`  ${foldNodeNames(['cn1', 'cn2'])}: gone, not answered any more`),
    removed.output.join('\n'),
  )
  t.is((await client.call('objects.show', { names: 'cn1', short: true })).exitStatus, 0)
})

test('a table put back as it was changes nothing; with a row less, that row', async (t) => {
  const { client } = await openApiRig(t)
  await fill(client)
  const csv = (await client.call('tables.dump', { table: 'mac' })).output
  const restore = (lines: readonly string[]) =>
    client.call('tables.restore', { table: 'mac', csv: `${lines.join('\n')}\n`, dryRun: true })
  t.deepEqual((await restore(csv)).output, ['Dry run: nothing was changed.', 'No row would change.'])
  const less = await restore(csv.slice(0, -1))
  t.is(less.output[2], '  mac node=cn3: removed (mac=02:00:00:00:00:03)')
  t.deepEqual(less.output.slice(4), [
    '  cn3:',
    '    boot file  refused: cn3: mac row: no hardware address: chdef cn3 mac=<address> (new)',
    '    dhcp       none any more',
    '    plan       none any more',
  ])
  const [change] = (less.data as Data).nodes
  t.true(change?.changes.some(({ what }) => what === 'address for 02:00:00:00:00:03'))
})

test('an edit that would be refused is refused', async (t) => {
  const { client } = await openApiRig(t)
  await fill(client)
  const words = ['node=cn2', 'mac.mac=02:00:00:00:00:01']
  await t.throwsAsync(client.call('tables.change', { words, dryRun: true }), { code: 'LB_BAD_EDIT' })
})

test('without a server the answers are those that one on this machine would give', async (t) => {
  const api = openDirectApi(newPlaces(t))
  t.teardown(() => api.close())
  await fill(api)
  const { text } = await dryRun(t, api, 'node=cn', 'bootparams.addkcmdline=quiet')
  t.deepEqual(answers(text), ['boot file  command line: +quiet'])
})

test('output is bounded, --json is not', async (t) => {
  const { client } = await openApiRig(t)
  await fill(client)
  const nodes = Array.from({ length: 60 }, (_, at) => `x${at + 10}`)
  await client.call('objects.make', { operands: [nodes.join(',')], assignments: ['groups=cn', 'arch=x86_64'] })
  const rows = nodes.map((node, at) => `"${node}","eth0","02:00:00:00:01:${at.toString(16).padStart(2, '0')}",,`)
  const csv = ['#node,interface,mac,comments,disable', ...rows].join('\n')
  const { output, data } = await client.call('tables.restore', { table: 'mac', csv: `${csv}\n`, dryRun: true })
  t.true(output.length < 200, `${output.length} lines`)
  t.true(output.some((line) => /… and \d+ more changes of rows/.test(line)))
  t.is((data as Data).rows.length, 63)
})
