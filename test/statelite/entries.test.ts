import test from 'ava'
import fc from 'fast-check'
import type { ImageName } from '../../src/cluster/model.ts'
import { rowStrength, selectEntries } from '../../src/statelite/entries.ts'
import { entriesRevision } from '../../src/statelite/revision.ts'
import { litefileRows } from './snapshot.ts'

const image = { name: 'hpc9-lite' as ImageName, groups: ['blue', 'green'] }
type Rows = [string, string, string][]

function select(rows: Rows, of = image) {
  return selectEntries(of, litefileRows(rows))
}
function optionOf(rows: Rows, path: string): string | undefined {
  return select(rows).entries.find((entry) => entry.path === path)?.option
}

test('precedence: image name, then groups as listed, then ALL, then blank', (t) => {
  const levels: Rows = [
    ['', '/x', 'tmpfs'],
    ['ALL', '/x', 'ro'],
    ['green', '/x', 'con'],
    ['blue', '/x', 'persistent'],
    ['hpc9-lite', '/x', 'link'],
  ]
  const seen: (string | undefined)[] = []
  for (let count = levels.length; count > 0; count--) seen.push(optionOf(levels.slice(0, count), '/x'))
  t.deepEqual(seen, ['link', 'persistent', 'con', 'ro', 'tmpfs'])
})

test('the order of rows in the table does not matter (property)', (t) => {
  const cell = fc.constantFrom('', 'ALL', 'green', 'blue', 'hpc9-lite', 'other')
  const row = fc.tuple(cell, fc.constantFrom('/x', '/x/y', '/z/'), fc.constantFrom('tmpfs', 'ro', 'con'))
  const rows = fc.uniqueArray(row, { selector: ([name, path]) => `${name} ${path}`, maxLength: 12 })
  fc.assert(
    fc.property(rows, fc.infiniteStream(fc.nat()), (list, keys) => {
      const shuffled = list.map((item) => ({ item, key: keys.next().value as number }))
      shuffled.sort((a, b) => a.key - b.key)
      const brief = (of: Rows) => select(of).entries.map(({ path, option, row }) => [path, option, row.image])
      t.deepEqual(brief(shuffled.map(({ item }) => item)), brief(list))
    }),
  )
})

test('xCAT BUG-1: with several image groups each of them matches', (t) => {
  t.is(optionOf([['blue', '/x', 'ro']], '/x'), 'ro')
  t.is(optionOf([['green', '/x', 'ro']], '/x'), 'ro')
  t.is(optionOf([['blue,green', '/x', 'ro']], '/x'), undefined)
})

test('a group row is stronger than ALL; another image and another group say nothing', (t) => {
  t.is(
    optionOf(
      [
        ['blue', '/etc/motd', 'ro'],
        ['ALL', '/etc/motd', 'tmpfs'],
      ],
      '/etc/motd',
    ),
    'ro',
  )
  t.deepEqual(
    select([
      ['other', '/x', 'ro'],
      ['red', '/y', 'ro'],
    ]).entries,
    [],
  )
  t.is(rowStrength('', { name: 'x' as ImageName, groups: [] }), 2)
})

test('the worked example of the statelite documentation', (t) => {
  const rows: Rows = [
    ['blue', '/etc/motd', 'ro'],
    ['ALL', '/etc/motd', 'tmpfs'],
    ['ALL', '/var/', 'tmpfs'],
    ['ALL', '/etc/lvm/', ''],
    ['hpc9-lite', '/var/', 'persistent'],
  ]
  t.deepEqual(
    select(rows).entries.map(({ option, path, shadowed }) => [option, path, shadowed.map((row) => row.image)]),
    [
      ['tmpfs', '/etc/lvm/', []],
      ['ro', '/etc/motd', ['ALL']],
      ['persistent', '/var/', ['ALL']],
    ],
  )
})

test('with and without trailing slash is the same path: twice in one level is an error', (t) => {
  const { entries, findings } = select([
    ['ALL', '/var', 'tmpfs'],
    ['ALL', '/var/', 'tmpfs'],
  ])
  t.deepEqual(entries, [])
  t.is(findings.length, 1)
  t.is(findings[0]?.severity, 'error')
  t.is(findings[0]?.where, 'litefile row image=ALL,file=/var')
  t.true(findings[0]?.message.includes('/var/'))
})

test('a stronger row in the other spelling wins, with a warning', (t) => {
  const { entries, findings } = select([
    ['ALL', '/var', 'tmpfs'],
    ['blue', '/var/', 'persistent'],
  ])
  t.deepEqual(
    entries.map(({ path, option }) => [path, option]),
    [['/var/', 'persistent']],
  )
  t.deepEqual(
    findings.map(({ severity }) => severity),
    ['warning'],
  )
})

test('twice in a level that is shadowed does no harm', (t) => {
  const { entries, findings } = select([
    ['ALL', '/v', 'ro'],
    ['ALL', '/v', 'con'],
    ['blue', '/v', 'tmpfs'],
  ])
  t.deepEqual(
    entries.map(({ option }) => option),
    ['tmpfs'],
  )
  t.deepEqual(findings, [])
})

test('a bad row is named and left out, a bad row that is shadowed is not looked at', (t) => {
  const { entries, findings } = select([
    ['ALL', '/a b', 'tmpfs'],
    ['ALL', '/x', 'nonsense'],
    ['ALL', '/y', 'nonsense'],
    ['blue', '/y', 'ro'],
  ])
  t.deepEqual(
    entries.map(({ path }) => path),
    ['/y'],
  )
  t.deepEqual(
    findings.map(({ where }) => where),
    ['litefile row image=ALL,file=/a b', 'litefile row image=ALL,file=/x'],
  )
})

test('/etc/mtab is not added, and a row for it is ignored with a warning', (t) => {
  t.deepEqual(
    select([['ALL', '/x', 'ro']]).entries.map(({ path }) => path),
    ['/x'],
  )
  const { entries, findings } = select([
    ['ALL', '/etc/mtab', 'ro'],
    ['ALL', '/etc/', 'tmpfs'],
  ])
  t.deepEqual(
    entries.map(({ path }) => path),
    ['/etc/'],
  )
  t.deepEqual(
    findings.map(({ severity }) => severity),
    ['warning'],
  )
})

test('parents stand before children and know them by component', (t) => {
  const { entries } = select([
    ['ALL', '/var/log/app', 'tmpfs'],
    ['ALL', '/var-x', 'tmpfs'],
    ['ALL', '/var/log/', 'tmpfs'],
    ['ALL', '/var/', 'tmpfs'],
    ['ALL', '/opt/x/etc/', 'tmpfs'],
    ['ALL', '/etc/hosts', 'link'],
  ])
  t.deepEqual(
    entries.map(({ path, parent }) => [path, parent]),
    [
      ['/etc/hosts', undefined],
      ['/opt/x/etc/', undefined],
      ['/var-x', undefined],
      ['/var/', undefined],
      ['/var/log/', '/var/'],
      ['/var/log/app', '/var/log/'],
    ],
  )
})

test('the revision depends on options and paths, not on their order or spelling in the table', (t) => {
  const a = entriesRevision([
    { option: 'tmpfs', path: '/a' },
    { option: 'link', path: '/b' },
  ])
  t.is(
    entriesRevision([
      { option: 'link', path: '/b' },
      { option: 'tmpfs', path: '/a' },
    ]),
    a,
  )
  t.regex(a, /^[0-9a-f]{12}$/)
  t.not(
    entriesRevision([
      { option: 'link', path: '/a' },
      { option: 'tmpfs', path: '/b' },
    ]),
    a,
  )
  t.not(entriesRevision([{ option: 'tmpfs', path: '/a' }]), a)
  t.is(entriesRevision(select([['ALL', '/a', 'rw']]).entries), entriesRevision(select([['blue', '/a', '']]).entries))
  // Stored in images on disk: it may never change for the same entries.
  t.is(entriesRevision([{ option: 'tmpfs', path: '/var/' }]), 'b812d1a24db0')
})
