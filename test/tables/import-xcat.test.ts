/** What an import promises, for any dump: nodes see what they saw, the site is sound, every row is accounted for. */
import test from 'ava'
import fc from 'fast-check'
import { EDIT_CHECKERS } from '../../src/api/checkers.ts'
import { compareAnswers } from '../../src/api/methods/migration/compare-answers.ts'
import { renderCsv } from '../../src/tables/csv.ts'
import { nodeNames } from '../../src/tables/groups.ts'
import { createResolver } from '../../src/tables/resolve.ts'
import { cell, isEnabled, type TablesView } from '../../src/tables/row.ts'
import { TABLES } from '../../src/tables/schema.ts'
import { renderImportReport } from '../../src/tables/xcat/import-report.ts'
import { importSite, xcatAnswers } from '../../src/tables/xcat/import-site.ts'
import type { ImportedTables, ImportMode } from '../../src/tables/xcat/imported-tables.ts'
import { type Dump, readDump } from '../../src/tables/xcat/read-dump.ts'
import { isXcatEnabled, LEGACY_PROVMETHODS } from '../../src/tables/xcat/xcat-rules.ts'
import { type ShortRows, viewOf } from './view.ts'

const EMPTY = viewOf({})
const check = (view: TablesView) => EDIT_CHECKERS.flatMap((look) => look(view))

function dumpOf(tables: ShortRows): Dump {
  const files = Object.entries(tables).map(([table, rows]) => {
    const schema = TABLES.get(table)
    if (!schema) throw new Error(`no table ${table}`)
    return { table, source: `${table}.csv`, text: renderCsv(schema, rows) }
  })
  return readDump(files)
}

function imported(tables: ShortRows, base: TablesView = EMPTY, mode: ImportMode = 'replace'): ImportedTables {
  return importSite(dumpOf(tables), base, mode, check(base), check)
}

const said = ({ entries }: ImportedTables, kind: string) =>
  entries.filter((entry) => entry.kind === kind).map(({ table, row, what }) => `${table} ${row}: ${what}`)

test('every word of disable means what it meant to xCAT', (t) => {
  const words = ['', '0', 'no', 'NO', 'No', 'nO', 'n', 'false', '1', 'yes', 'true', 'off', '2', 'retired', ' no']
  const rows = words.map((disable, at) => ({ node: `n${at}`, groups: 'all', disable }))
  const view = imported({ nodelist: rows })
  for (const [at, row] of view.read('nodelist').entries())
    t.is(isEnabled(row), isXcatEnabled({ disable: words[at] ?? '' }), JSON.stringify(words[at]))
  t.deepEqual(check(view), [])
})

const images = fc
  .array(fc.record({ groups: fc.constantFrom('', 'a', 'b', 'a,b', 'b,a', 'a, b') }), { minLength: 1, maxLength: 3 })
  .map((rows) => rows.map((row, at) => ({ ...row, imagename: `img${at}`, provmethod: 'statelite', rootfstype: 'nfs' })))
const litefile = fc.uniqueArray(
  fc.record({
    image: fc.constantFrom('', 'ALL', 'a', 'b', 'a,b', 'b,a', 'a-b', 'img0', 'img1', 'other'),
    file: fc.constantFrom('/etc/x', '/etc/y', '/opt/z/'),
    options: fc.constantFrom('', 'tmpfs', 'rw', 'tmpfs,rw', 'link', 'persistent', 'ro', 'link,ro', 'link, ro', 'bind'),
    disable: fc.constantFrom('', '', '', 'no', '1', 'n', 'off'),
  }),
  { selector: ({ image, file }) => `${image} ${file}`, maxLength: 12 },
)

test('nodes of every image see the litefile entries that xCAT gave them', (t) => {
  fc.assert(
    fc.property(images, litefile, (osimage, rows) => {
      const tables = { osimage, litefile: rows }
      const view = imported(tables)
      // Such a row hid weaker ones from xCAT's nodes; that cannot be written here, and is said.
      const ignored: string[] = rows
        .filter(({ options }) => options === 'bind' || options === 'link, ro')
        .map(({ file }) => file)
      const different = compareAnswers(view, xcatAnswers(dumpOf(tables)))
      t.deepEqual(
        different.filter(({ path }) => !ignored.includes(path)),
        [],
      )
    }),
    { numRuns: 500 },
  )
})

test('the image of a node is the one that xCAT had in mind, where there is such an image', (t) => {
  const word = fc.constantFrom('', 'statelite', 'img', 'os1-x86_64-statelite-p')
  const nodes = fc.array(
    fc.record({
      groups: fc.constantFrom('', 'g', 'h', 'g,h', 'h,g'),
      own: word,
      os: fc.constantFrom('', 'os1', 'os2'),
    }),
    { minLength: 1, maxLength: 5 },
  )
  fc.assert(
    fc.property(nodes, fc.tuple(word, word), fc.constantFrom('', 'os1', 'os2'), (list, [g, h], os) => {
      const nodelist = list.map(({ groups }, at) => ({ node: `n${at}`, groups }))
      const common = { arch: 'x86_64', profile: 'p' }
      const nodetype = [
        ...list.map((row, at) => ({ node: `n${at}`, provmethod: row.own, os: row.os, ...common })),
        { node: 'g', provmethod: g, os },
        { node: 'h', provmethod: h },
      ]
      const osimage = ['img', 'os1-x86_64-statelite-p'].map((imagename) => ({ imagename, provmethod: 'statelite' }))
      const before = createResolver(viewOf({ nodelist, nodetype }))
      const view = imported({ nodelist, nodetype, osimage })
      const after = createResolver(view)
      for (const node of nodeNames(view)) {
        const written = before.value(node, 'nodetype', 'provmethod') ?? ''
        const composed = `${before.value(node, 'nodetype', 'os')}-x86_64-statelite-p`
        const isLegacy = written === '' || LEGACY_PROVMETHODS.has(written)
        const meant = isLegacy && composed.startsWith('os1') ? composed : written
        t.is(after.value(node, 'nodetype', 'provmethod') ?? '', meant, node)
      }
    }),
    { numRuns: 300 },
  )
})

/** Rows as bad as they come, with a grain of truth in them. */
const anyText = fc.oneof(
  fc.constantFrom(
    '',
    '',
    'n1',
    'n2',
    'g1',
    'all',
    'ALL',
    'img',
    '1',
    '10.0.0.1',
    '10.0.0.0',
    '255.255.255.0',
    '/var/',
    '/var/x',
  ),
  fc.constantFrom(
    '|10.0.0.($1)|',
    '|(|',
    '/a/b/',
    '|^.*$||',
    '02:00:00:00:00:01',
    'tmpfs',
    'link',
    '#CMD=x#',
    'srv:/x',
    '$node-b',
  ),
  fc.string({ maxLength: 6, unit: 'grapheme' }),
  fc.constantFrom('\u0000', 'a\nb', '..', 'a b', '-1', 'g1,all', 'static', 'dynamic', 'x=~('),
)
const anySite = fc.record(
  Object.fromEntries(
    [...TABLES.values()]
      .filter(({ name }) => !/log$/.test(name))
      .map((schema) => [
        schema.name,
        fc.array(fc.record(Object.fromEntries(schema.columns.map(({ name }) => [name, anyText]))), { maxLength: 3 }),
      ]),
  ),
)

for (const mode of ['replace', 'merge'] as const) {
  test(`any dump comes to a site without faults, and every row is accounted for: ${mode}`, (t) => {
    const base = viewOf({
      nodelist: [{ node: 'n1', groups: 'g1,all' }],
      hosts: [{ node: 'all', ip: '|10.0.0.($1)|' }],
      mac: [{ node: 'n1', mac: '02:00:00:00:00:01' }],
      litefile: [{ image: 'ALL', file: '/var/x', options: 'link' }],
      networks: [{ netname: 'net', net: '10.0.0.0', mask: '255.255.255.0' }],
    })
    fc.assert(
      fc.property(anySite, (site) => {
        const tables = imported(site, mode === 'merge' ? base : EMPTY, mode)
        t.deepEqual(
          check(tables).filter(({ severity }) => severity === 'error'),
          [],
        )
        const report = tables.report()
        for (const count of report.tables) {
          t.is(count.kept + count.translated + count.inPart + count.notKept, count.read, count.table)
          const lost = report.entries.filter(({ kind, table }) => kind === 'lost' && table === count.table)
          t.true(lost.length >= count.inPart + count.notKept, count.table)
        }
      }),
      { numRuns: 150 },
    )
  })
}

test('of two nodes with one address, the first keeps it, also when a group gives it to thousands', (t) => {
  const nodelist = Array.from({ length: 3000 }, (_, at) => ({ node: `n${at}`, groups: 'all' }))
  const view = imported({ nodelist, hosts: [{ node: 'all', ip: '|10.0.0.($1/2)|' }] })
  const resolver = createResolver(view)
  t.is(resolver.value('n0', 'hosts', 'ip'), '10.0.0.0')
  t.is(resolver.value('n1', 'hosts', 'ip'), undefined)
  t.is(resolver.value('n2', 'hosts', 'ip'), '10.0.0.1')
  // Above 511 the pattern gives no addresses at all: nothing to share.
  const lost = said(view, 'lost')
  t.is(lost.length, 256)
  t.is(lost[0], 'hosts node=n1: ip of its groups → "|^.*$||"')
  const shown = renderImportReport(view.report(), { folded: true })
  t.true(shown.length < 70)
  t.is(shown.at(-1), '  … and 196 more lines: --report keeps them all')
  t.is(
    renderImportReport(view.report(), { folded: false }).filter((line) => line.includes('of its groups')).length,
    256,
  )
})

test('a merge never turns off a row that is here', (t) => {
  const base = viewOf({ statelite: [{ node: 'lite', statemnt: '10.0.0.1:/persist' }] })
  const view = imported({ statelite: [{ node: 'lite', statemnt: '#CMD=hostname#' }] }, base, 'merge')
  t.deepEqual(
    view.read('statelite').map((row) => [cell(row, 'statemnt'), cell(row, 'disable')]),
    [['10.0.0.1:/persist', '']],
  )
  t.deepEqual(said(view, 'lost'), ['statelite node=lite: left out'])
})

test('a value of a group that takes the place of a lost one is said', (t) => {
  const view = imported({
    nodelist: [{ node: 'n1', groups: 'lite' }],
    statelite: [
      { node: 'lite', statemnt: '10.0.0.1:/persist' },
      { node: 'n1', statemnt: '/local' },
    ],
  })
  t.deepEqual(said(view, 'note'), ['statelite node=n1: statemnt is "10.0.0.1:/persist" now'])
})

test('expressions without a value for some nodes are named with the first of them', (t) => {
  const view = imported({
    nodelist: ['n1', 'n2', 'n3'].map((node) => ({ node, groups: 'all' })),
    noderes: [{ node: 'all', tftpserver: '|10.0.0.(10/($1-1))|' }],
  })
  t.deepEqual(said(view, 'note'), ['noderes node=all: tftpserver |10.0.0.(10/($1-1))| has no value for n1'])
})

test('policy rules keep their order and none is lost: the one that forbids may be among them', (t) => {
  const view = imported({
    policy: [
      { priority: '1', name: 'root', rule: 'allow' },
      { priority: 'first', name: 'eve', rule: 'deny' },
      { priority: '-1', name: 'mallory', rule: 'deny' },
      { priority: '1a', name: 'bob', rule: 'allow' },
      { priority: '1.2', name: 'mn', rule: 'trusted' },
    ],
  })
  const order = [...view.read('policy')].sort((a, b) => Number(cell(a, 'priority')) - Number(cell(b, 'priority')))
  t.deepEqual(
    order.map((row) => cell(row, 'name')),
    ['eve', 'mallory', 'root', 'bob', 'mn'],
  )
  t.deepEqual(said(view, 'lost'), [])
})

test('serial speeds with more than a number', (t) => {
  const speeds = ['115200', '115200n8', '57600n8r', 'fast', '|(115200)|']
  const view = imported({ nodehm: speeds.map((serialspeed, at) => ({ node: `n${at}`, serialport: '0', serialspeed })) })
  t.deepEqual(
    view.read('nodehm').map((row) => ['serialport', 'serialspeed', 'serialflow'].map((column) => cell(row, column))),
    [
      ['0', '115200', ''],
      ['0', '115200', ''],
      ['0', '57600', 'hard'],
      ['', '', ''],
      ['0', '|(115200)|', ''],
    ],
  )
})

test('tables that the old server wrote for itself are not called a loss', (t) => {
  const { entries } = readDump([
    { table: 'token', source: 'token.csv', text: '#tokenid,username\n"1","root"\n' },
    { table: 'prodkey', source: 'prodkey.csv', text: '#product,key\n"p","k"\n' },
    { table: 'winimage', source: 'winimage.csv', text: '#imagename\n' },
  ])
  t.deepEqual(
    entries.map(({ kind, table, what }) => `${kind} ${table}: ${what}`),
    ['lost prodkey: 1 row stays in prodkey.csv', 'note token: 1 row stays in token.csv'],
  )
})

test('a disabled row of a node gives way where a group would double an address', (t) => {
  const view = imported({
    nodelist: ['n1', 'n2'].map((node) => ({ node, groups: 'all' })),
    hosts: [
      { node: 'all', ip: '|10.0.0.($1/4)|' },
      { node: 'n2', ip: '10.0.0.9', disable: '1' },
    ],
    nodetype: [{ node: 'n3', os: 'x', disable: '1' }],
  })
  t.deepEqual(
    check(view).filter(({ severity }) => severity === 'error'),
    [],
  )
  const resolver = createResolver(view)
  t.deepEqual(
    ['n1', 'n2'].map((node) => resolver.value(node, 'hosts', 'ip')),
    ['10.0.0.0', undefined],
  )
})

test('an import takes no address from a node that has it, whatever comes first', (t) => {
  const base = viewOf({
    nodelist: ['n1', 'n2', 'n3', 'n4'].map((node) => ({ node, groups: 'all' })),
    hosts: [
      { node: 'n2', ip: '10.0.0.2' },
      { node: 'n3', ip: '10.0.0.3' },
      { node: 'n4', ip: '10.0.0.3' },
    ],
  })
  const view = imported({ hosts: [{ node: 'n1', ip: '10.0.0.2' }] }, base, 'merge')
  const resolver = createResolver(view)
  t.deepEqual(
    ['n1', 'n2', 'n3', 'n4'].map((node) => resolver.value(node, 'hosts', 'ip')),
    [undefined, '10.0.0.2', '10.0.0.3', '10.0.0.3'],
  )
})

test('no part of a password is in the report', (t) => {
  const password = '|hunter(|'
  const view = imported({
    ipmi: [{ node: 'n1', bmc: '10.0.0.1', password }],
    passwd: [{ key: 'system', username: 'root', password: 'hunter\u0001' }],
  })
  t.true(view.entries.length > 0)
  t.false(JSON.stringify(view.entries).includes('hunter'))
})
