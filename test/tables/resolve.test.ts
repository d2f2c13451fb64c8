import test from 'ava'
import fc from 'fast-check'
import { createResolver } from '../../src/tables/resolve.ts'
import { viewOf } from './view.ts'

const NODES = [
  { node: 'n1', groups: 'gA,gB,all' },
  { node: 'n2', groups: 'gA,gB,all' },
]
const NODERES = [
  { node: 'gA', netboot: 'xnba' },
  { node: 'gB', netboot: 'grub2', tftpserver: '10.1.0.9' },
  { node: 'all', xcatmaster: '10.1.0.1' },
]

test('own row, then groups in order, each column for itself', (t) => {
  const resolver = createResolver(viewOf({ nodelist: NODES, noderes: [...NODERES, { node: 'n2', netboot: 'pxe' }] }))
  const three = (node: string) =>
    ['netboot', 'tftpserver', 'xcatmaster'].map((column) => resolver.value(node, 'noderes', column))
  t.deepEqual(three('n1'), ['xnba', '10.1.0.9', '10.1.0.1'])
  t.deepEqual(three('n2'), ['pxe', '10.1.0.9', '10.1.0.1'])
  t.deepEqual(three('unknown'), [undefined, undefined, undefined])
})

test('disabled rows are not there; an empty disable is not a disable', (t) => {
  const netboot = (disable: string | null) => {
    const rows = NODERES.map((row) => (row.node === 'gA' ? { ...row, disable } : row))
    return createResolver(viewOf({ nodelist: NODES, noderes: rows })).value('n1', 'noderes', 'netboot')
  }
  t.deepEqual(['1', 'yes', 'YES', 'true', 'off'].map(netboot), ['grub2', 'grub2', 'grub2', 'grub2', 'grub2'])
  t.deepEqual([null, '', '0', 'n', 'no', 'nO', 'false'].map(netboot), Array(7).fill('xnba'))
})

test('a pattern that comes to nothing stops the groups', (t) => {
  const view = viewOf({ nodelist: NODES, noderes: [...NODERES, { node: 'n1', netboot: '|^.*$||' }] })
  t.is(createResolver(view).value('n1', 'noderes', 'netboot'), undefined)
})

test('group patterns are worked out with the name of the node', (t) => {
  const view = viewOf({ nodelist: NODES, hosts: [{ node: 'gB', ip: '|10.4.0.($1)|' }] })
  t.is(createResolver(view).value('n2', 'hosts', 'ip'), '10.4.0.2')
})

test('nodelist does not inherit from groups', (t) => {
  const view = viewOf({ nodelist: [...NODES, { node: 'gA', status: 'booted' }] })
  t.is(createResolver(view).value('n1', 'nodelist', 'status'), undefined)
})

const MARKER: readonly (readonly [cells: readonly string[], value: string])[] = [
  [['p1,+=NEXTRECORD', 'p2,+=NEXTRECORD', 'p3', 'p4'], 'p1,p2,p3'],
  [['p1,+=NEXTRECORD', 'p2', 'p3', 'p4'], 'p1,p2'],
  [['p1,+=NEXTRECORD', '', '', ''], 'p1,'],
  [['p1 +=NEXTRECORD x', 'p2', '', ''], 'p1 +=NEXTRECORD x'],
]
for (const [cells, value] of MARKER) {
  test(`accumulation marker: ${cells.join(' | ')}`, (t) => {
    const rows = ['n1', 'gA', 'gB', 'all'].map((node, at) => ({ node, postscripts: cells[at] ?? '' }))
    t.is(
      createResolver(viewOf({ nodelist: NODES, postscripts: rows })).value('n1', 'postscripts', 'postscripts'),
      value,
    )
  })
}

test('site.hierarchicalattrs joins all values, first of the same kept', (t) => {
  const postscripts = [
    { node: 'n1', postscripts: 'p1' },
    { node: 'gA', postscripts: 'p2' },
    { node: 'gB', postscripts: 'p3,p2' },
    { node: 'all', postscripts: 'p4' },
  ]
  const value = (setting: string) =>
    createResolver(
      viewOf({ site: [{ key: 'hierarchicalattrs', value: setting }], nodelist: NODES, postscripts }),
    ).value('n1', 'postscripts', 'postscripts')
  t.is(value('postscripts'), 'p1,p2,p3,p4')
  t.is(value('other,postscripts:;'), 'p1;p2;p3,p2;p4')
  t.is(value('other'), 'p1')
})

test('explain: where the value came from, and what it shadowed', (t) => {
  const view = viewOf({
    nodelist: NODES,
    hosts: [
      { node: 'gA', ip: '|10.4.0.($1)|' },
      { node: 'all', ip: '10.9.9.9' },
    ],
  })
  t.deepEqual(createResolver(view).explain('n2', 'hosts', 'ip'), {
    value: '10.4.0.2',
    origins: [{ table: 'hosts', key: 'gA', from: 'group', column: 'ip', cell: '|10.4.0.($1)|' }],
    shadowed: [{ table: 'hosts', key: 'all', from: 'group', column: 'ip', cell: '10.9.9.9' }],
  })
})

test('a broken pattern is a fault that names table, row and column', (t) => {
  const view = viewOf({ nodelist: NODES, hosts: [{ node: 'gA', ip: '|n(|x|' }] })
  const { value, fault } = createResolver(view).resolve('n1', 'hosts', 'ip')
  t.is(value, undefined)
  t.regex(fault ?? '', /^hosts row node=gA, column ip: regular expression n\(/)
})

test('values that add up: each cell is worked out by itself; a pattern that comes to nothing ends the list', (t) => {
  const value = (own: string, setting?: string) =>
    createResolver(
      viewOf({
        ...(setting === undefined ? {} : { site: [{ key: 'hierarchicalattrs', value: setting }] }),
        nodelist: NODES,
        postscripts: [
          { node: 'n1', postscripts: own },
          { node: 'gA', postscripts: '|p($1)|' },
        ],
      }),
    ).value('n1', 'postscripts', 'postscripts')
  t.is(value('a,+=NEXTRECORD'), 'a,p1')
  t.is(value('a', 'postscripts'), 'a,p1')
  t.is(value('|^.*$||', 'postscripts'), undefined)
})

test('a node and a group give the same text for the same cell', (t) => {
  const cells = fc.oneof(
    fc.string({ minLength: 1, maxLength: 20 }),
    fc.constantFrom('|10.0.0.($1)|', '/n/bmc/', '|n(\\d+)|x($1+1)y|', 'a,+=NEXTRECORD', '||', '/a/b/'),
  )
  fc.assert(
    fc.property(cells, fc.stringMatching(/^n\d{1,4}$/), (text, node) => {
      const value = (key: string) =>
        createResolver(
          viewOf({ nodelist: [{ node, groups: 'g,all' }], hosts: [{ node: key, hostnames: text }] }),
        ).resolve(node, 'hosts', 'hostnames').value
      t.is(value(node), value('g'))
      t.is(value(node), value('all'))
    }),
  )
})

test('of several rows of a node in one table the first counts, as a whole', (t) => {
  const view = viewOf({
    nodelist: NODES,
    switch: [
      { node: 'n1', switch: 's1', port: '1' },
      { node: 'n1', switch: 's2', port: '2', vlan: '6' },
      { node: 'gA', switch: 's9', port: '9', vlan: '9' },
    ],
  })
  const resolver = createResolver(view)
  t.deepEqual(
    ['switch', 'port', 'vlan'].map((column) => resolver.value('n1', 'switch', column)),
    ['s1', '1', '9'],
  )
})
