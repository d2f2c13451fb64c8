import test from 'ava'
import fc from 'fast-check'
import { expandNodeRange, renderUnknownNodes } from '../../src/tables/noderange.ts'
import { createResolver } from '../../src/tables/resolve.ts'
import type { TablesView } from '../../src/tables/row.ts'
import { cpuMs } from '../cpu-clock.ts'
import { type ShortRows, viewOf } from './view.ts'

function numbered(prefix: string, from: number, to: number, groups: (number: number) => string, width = 0) {
  return Array.from({ length: to - from + 1 }, (_, at) => ({
    node: prefix + String(from + at).padStart(width, '0'),
    groups: groups(from + at),
  }))
}

const NODELIST = [
  ...numbered('n', 1, 12, (number) => `compute,${number <= 6 ? 'rackA' : 'rackB'},all`),
  ...numbered('node', 1, 5, () => 'nodes,all'),
  ...numbered('cn', 8, 12, () => 'all', 3),
  ...[1, 2].flatMap((rack) => numbered(`r${rack}b`, 1, 3, () => 'blades,all')),
  { node: 'n1-ib', groups: 'all' },
  { node: 'a-b-c', groups: 'all' },
]
const TABLES: ShortRows = {
  nodelist: NODELIST,
  nodehm: [
    { node: 'compute', mgt: 'ipmi' },
    { node: 'n3', mgt: 'kvm' },
  ],
  nodegroup: [
    { groupname: 'bare', grouptype: 'static', members: 'static' },
    { groupname: 'kvms', grouptype: 'dynamic', members: 'dynamic', wherevals: 'mgt==kvm' },
  ],
}
const FILES: Readonly<Record<string, string>> = { '/f': '# n1\nn2: and more\nn4 n5\n-n7\n^/f\n' }

function expand(text: string, options: { verify?: boolean; site?: ShortRows['site'] } = {}, tables = TABLES) {
  const view: TablesView = viewOf(options.site ? { ...tables, site: options.site } : tables)
  const context = { view, resolver: createResolver(view), readFile: (path: string) => FILES[path] }
  const { nodes, unknown, faults } = expandNodeRange(text, context, { verify: options.verify ?? true })
  return { nodes: nodes.join(','), unknown: unknown.join(','), faults }
}

const n = (...numbers: number[]) =>
  numbers
    .map((number) => `n${number}`)
    .sort()
    .join(',')
const COMPUTE = n(...Array.from({ length: 12 }, (_, at) => at + 1))

/** Observed on the reference implementation, where not marked otherwise. */
const WORKED: readonly (readonly [text: string, nodes: string, unknown?: string])[] = [
  ['n1-n4', n(1, 2, 3, 4)],
  ['n1:n4', n(1, 2, 3, 4)],
  ['n[1-4]', n(1, 2, 3, 4)],
  ['n[1:4]', n(1, 2, 3, 4)],
  ['n1+3', n(1, 2, 3, 4)],
  ['n[1,3,5-7]', n(1, 3, 5, 6, 7)],
  ['cn008-cn011', 'cn008,cn009,cn010,cn011'],
  ['cn[008-011]', 'cn008,cn009,cn010,cn011'],
  ['cn008+3', 'cn008,cn009,cn010,cn011'],
  ['cn[8-9]', '', 'cn8,cn9'],
  ['r[1-2]b[1,3]', 'r1b1,r1b3,r2b1,r2b3'],
  ['r1b1-r1b3', 'r1b1,r1b2,r1b3'],
  ['r1b1-r2b3', '', 'r1b1-r2b3'],
  ['compute,-rackA', n(7, 8, 9, 10, 11, 12)],
  ['-rackA,compute', n(7, 8, 9, 10, 11, 12)],
  ['compute,-n1-n10,n4', n(11, 12)],
  ['n1-n5,-n3,n3', n(1, 2, 4, 5)],
  ['compute@rackA@n1-n3', n(1, 2, 3)],
  ['compute,nodes@rackA', COMPUTE],
  ['(compute,nodes)@rackA', n(1, 2, 3, 4, 5, 6)],
  ['compute@-rackA', n(1, 2, 3, 4, 5, 6)],
  ['compute,@rackA', n(1, 2, 3, 4, 5, 6)],
  ['compute,-(rackA,n7)', n(8, 9, 10, 11, 12)],
  ['1-3', 'node1,node2,node3'],
  ['1+2', 'node1,node2,node3'],
  ['2', 'node2'],
  ['/n[12]', n(1, 2)],
  ['/n1.*', 'n1,n1-ib,n10,n11,n12'],
  ['mgt==kvm', 'n3'],
  ['mgt=kvm', 'n3'],
  ['rackA@nodehm.mgt==ipmi', n(1, 2, 4, 5, 6)],
  ['compute,-mgt=~^k', n(1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12)],
  ['nodes@nodehm.mgt!=ipmi', 'node1,node2,node3,node4,node5'],
  ['a-b-c', 'a-b-c'],
  ['n1-ib', 'n1-ib'],
  ['n10+5', n(10, 11, 12), 'n13,n14,n15'],
  ['n1,nosuch', 'n1', 'nosuch'],
  ['n*', '', 'n*'],
  ['/zzz', ''],
  ['/NONE/', ''],
  ['all,-all', ''],
  ['N1', '', 'N1'],
  ['n01', '', 'n01'],
  ['n[1-2]-ib', 'n1-ib', 'n2-ib'],
  ['kvms', 'n3'],
  ['bare', ''],
  ['"n1",\'n2\'', n(1, 2)],
  ['', ''],
  ['/n\\d{1,1}', n(1, 2, 3, 4, 5, 6, 7, 8, 9)],
  ['/n\\d{2,},n1', n(1, 10, 11, 12)],
  [`n${'[1]'.repeat(1000)}`, '', `n${'[1]'.repeat(1000)}`],
  // Better than the reference: blanks trimmed, a closing slash accepted, bad ranges reported, -^file excludes.
  ['n1, n2', n(1, 2)],
  ['/n[12]/', n(1, 2)],
  ['n5-n3', '', 'n5-n3'],
  ['cn010-cn11', '', 'cn010-cn11'],
  ['^/f', n(2, 4)],
  ['compute@rackA,-^/f', n(1, 3, 5, 6)],
]
for (const [text, nodes, unknown = ''] of WORKED) {
  test(`noderange ${text.slice(0, 40)}`, (t) => t.deepEqual(expand(text), { nodes, unknown, faults: [] }))
}

const FAULTY: readonly (readonly [string, RegExp])[] = [
  ['(n1', /^Unbalanced parentheses in noderange$/],
  ['n1)', /^Unbalanced parentheses in noderange$/],
  ['nodehm.bogus==x', /nodehm\.bogus not a valid table\.column description/],
  ['site.key==x', /site\.key not a valid table\.column description/],
  ['~n1', /a regular expression is written \/n1/],
  ['/n[', /regular expression/],
  ['^/nosuch', /cannot be read/],
  ['n[1-99999999]', /more than 1000000 names/],
  ['n[1-2000]x[1-2000]', /more than 1000000 names/],
  ['n[1-600000],m[1-600000]', /m\[1-600000\]: more than 1000000 names/],
  [`${'('.repeat(50)}n1${')'.repeat(50)}`, /nested too deeply/],
]
for (const [text, fault] of FAULTY) {
  test(`noderange ${text.slice(0, 20)} is reported`, (t) => {
    const { faults } = expand(text)
    t.is(faults.length, 1)
    t.regex(faults[0] ?? '', fault)
  })
}

test('site.excludenodes is taken from every result and hides no unknown name', (t) => {
  const site = [{ key: 'excludenodes', value: 'n1-n10' }]
  t.deepEqual(expand('compute,nosuch', { site }), { nodes: n(11, 12), unknown: 'nosuch', faults: [] })
})

test('site.excludenodes is a noderange like any other; what is wrong with it is told', (t) => {
  const excluded = (value: string) => expand('compute', { site: [{ key: 'excludenodes', value }] })
  t.is(excluded('nodehm.mgt==ipmi,nosuch').nodes, 'n3')
  t.is(excluded('compute,-rackB').nodes, n(7, 8, 9, 10, 11, 12))
  t.deepEqual(excluded('(n1').faults, ['site row key=excludenodes: Unbalanced parentheses in noderange'])
  const view = viewOf({ ...TABLES, site: [{ key: 'excludenodes', value: 'n2' }] })
  const context = { view, resolver: createResolver(view) }
  t.deepEqual(expandNodeRange('n1-n3', context, { verify: true, applyExcludenodes: false }).nodes, ['n1', 'n2', 'n3'])
})

test('many unknown names are told as ranges', (t) => {
  t.is(renderUnknownNodes(['n1', 'n2']), 'Invalid nodes and/or groups in noderange: n1,n2')
  const many = Array.from({ length: 500 }, (_, at) => `x${at}`)
  t.is(renderUnknownNodes([...many, 'n*']), 'Invalid nodes and/or groups in noderange: n*,x[0-499]')
})

test('without verification unknown names are kept, groups and ranges expand', (t) => {
  const names = (text: string) => expand(text, { verify: false }).nodes
  t.is(names('x1-x3'), 'x1,x2,x3')
  t.is(names('foo-bar'), 'foo-bar')
  t.is(names('x[01-02],nosuch'), 'nosuch,x01,x02')
  t.is(names('nodes,7'), 'node1,node2,node3,node4,node5,node7')
})

test('ten thousand nodes expand in milliseconds', (t) => {
  const tables = { nodelist: numbered('n', 1, 10_000, () => 'all') }
  const view = viewOf(tables)
  const context = { view, resolver: createResolver(view) }
  expandNodeRange('n1', context, { verify: true })
  const start = cpuMs()
  t.is(expandNodeRange('n[1-10000],-n5', context, { verify: true }).nodes.length, 9_999)
  // Some 10 ms on a slow machine; the bound only tells linear from quadratic.
  t.true(cpuMs() - start < 1_000)
})

test('an attribute selection over ten thousand nodes takes tens of milliseconds', (t) => {
  const view = viewOf({
    nodelist: numbered('n', 1, 10_000, (number) => `rack${number % 100},compute,all`),
    nodehm: [{ node: 'compute', mgt: 'ipmi' }],
    hosts: [{ node: 'all', ip: String.raw`|\D+(\d+)|10.0.($1/250).($1%250+1)|` }],
    nodegroup: [{ groupname: 'dyn', grouptype: 'dynamic', members: 'dynamic', wherevals: 'mgt==ipmi::ip=~\\.7$' }],
  })
  const start = cpuMs()
  const context = { view, resolver: createResolver(view) }
  t.is(expandNodeRange('mgt==ipmi,-hosts.ip!~\\.7$', context, { verify: true }).nodes.length, 40)
  t.is(expandNodeRange('dyn@rack6', context, { verify: true }).nodes.length, 20)
  // Some 50 ms; the bound only tells linear from quadratic.
  t.true(cpuMs() - start < 2_000)
})

test('brackets, dash, colon and plus agree', (t) => {
  const range = fc.tuple(
    fc.stringMatching(/^[a-z]{1,6}$/),
    fc.nat(500),
    fc.nat(60),
    fc.nat(3),
    fc.constantFrom('', 'x', '-ib'),
  )
  fc.assert(
    fc.property(range, ([prefix, first, count, zeros, suffix]) => {
      const width = zeros === 0 ? 0 : String(first + count).length + zeros
      const name = (number: number) => prefix + String(number).padStart(width, '0')
      const expected = Array.from({ length: count + 1 }, (_, at) => name(first + at) + suffix)
        .sort()
        .join(',')
      const numbers = `${name(first).slice(prefix.length)}-${name(first + count).slice(prefix.length)}`
      t.is(expand(`${prefix}[${numbers}]${suffix}`, { verify: false }).nodes, expected)
      if (suffix === '-ib')
        t.is(expand(`${name(first)}-ib:${name(first + count)}-ib`, { verify: false }).nodes, expected)
      if (suffix !== '') return
      t.is(expand(`${name(first)}-${name(first + count)}`, { verify: false }).nodes, expected)
      t.is(expand(`${name(first)}+${count}`, { verify: false }).nodes, expected)
    }),
  )
})

test('any text is expanded or reported, never thrown at', (t) => {
  const piece = fc.constantFrom(
    'n',
    '1',
    '12',
    '[',
    ']',
    '(',
    ')',
    ',',
    '-',
    '@',
    '+',
    ':',
    '/',
    '^',
    '~',
    '=',
    '=~',
    'mgt',
    'all',
    ' ',
    "'",
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 14 }), fc.boolean(), (pieces, verify) => {
      const { nodes } = expand(pieces.join(''), { verify })
      t.is(nodes, [...new Set(nodes.split(','))].sort().join(','))
    }),
  )
})
