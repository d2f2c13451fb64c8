import test from 'ava'
import type { ImageName } from '../../src/cluster/model.ts'
import { selectEntries } from '../../src/statelite/entries.ts'
import type { Finding } from '../../src/statelite/finding.ts'
import { CHILD_OPTIONS, checkEntries, checkLitefile } from '../../src/statelite/matrix.ts'
import { ENTRY_OPTIONS } from '../../src/statelite/options.ts'
import { imageSpec, litefileRows } from './snapshot.ts'

const image = { name: 'img' as ImageName, groups: [] }
function check(rows: [string, string][]): Finding[] {
  const { entries } = selectEntries(image, litefileRows(rows.map(([path, options]) => ['ALL', path, options])))
  return checkEntries(entries)
}

// The table as documented: rows are parents, columns children; y allowed, n denied. con is no directory at all.
const columns = ['tmpfs', 'rw', 'ro', 'con', 'persistent', 'link', 'tmpfs,rw', 'link,ro', 'link,con', 'link,persistent']
const table: Record<string, string> = {
  tmpfs: 'yyyyynnnnn',
  rw: 'yyyyynnnnn',
  persistent: 'nnnnynnnnn',
  link: 'nnnnnyynyy',
  'tmpfs,rw': 'nnnnnyynyy',
  'link,persistent': 'nnnnnnnnny',
  ro: 'nnnnnnnnnn',
  con: 'nnnnnnnnnn',
  'link,ro': 'nnnnnnnnnn',
  'link,con': 'nnnnnnnnnn',
}
for (const [parent, cells] of Object.entries(table)) {
  for (const [index, child] of columns.entries()) {
    const allowed = cells[index] === 'y'
    test(`${child} below ${parent}: ${allowed ? 'allowed' : 'denied'}`, (t) => {
      const onChild = check([
        ['/opt/app/', parent],
        ['/opt/app/deep/file', child],
      ]).filter(({ where }) => where === 'litefile row image=ALL,file=/opt/app/deep/file')
      t.is(onChild.length, allowed ? 0 : 1)
      if (!allowed) {
        t.is(onChild[0]?.severity, 'error')
        t.true(onChild[0]?.message.includes('/opt/app/'))
      }
    })
  }
}

test('the data has a row for every option and only known children', (t) => {
  t.deepEqual(Object.keys(CHILD_OPTIONS).sort(), [...ENTRY_OPTIONS].sort())
  for (const children of Object.values(CHILD_OPTIONS)) t.true(children.every((child) => ENTRY_OPTIONS.includes(child)))
})

test('xCAT BUG-10: a link below a directory that is no link is denied', (t) => {
  t.is(
    check([
      ['/etc/', 'tmpfs'],
      ['/etc/hosts', 'link'],
    ]).length,
    1,
  )
})

test('xCAT BUG-9: look-alike paths are not related', (t) => {
  t.deepEqual(
    check([
      ['/opt/x/etc/', 'link'],
      ['/etc/hosts', 'tmpfs'],
    ]),
    [],
  )
  t.deepEqual(
    check([
      ['/etc/', 'ro'],
      ['/etcetera', 'link'],
    ]),
    [],
  )
})

test('con joins files: not on a directory', (t) => {
  for (const option of ['con', 'link,con']) {
    t.is(check([['/etc/x', option]]).length, 0)
    t.is(check([['/etc/x/', option]]).length, 1)
  }
})

test('a path listed as a file can have nothing below it', (t) => {
  const findings = check([
    ['/var', 'tmpfs'],
    ['/var/log/', 'tmpfs'],
    ['/var/log/a', 'tmpfs'],
  ])
  t.deepEqual(
    findings.map(({ where }) => where),
    ['litefile row image=ALL,file=/var/log/', 'litefile row image=ALL,file=/var/log/a'],
  )
  t.true(findings[0]?.advice.includes('/var/'))
})

test('three levels only when all are tmpfs', (t) => {
  t.deepEqual(
    check([
      ['/a/', 'tmpfs'],
      ['/a/b/', 'rw'],
      ['/a/b/c/', ''],
      ['/a/b/c/d', 'tmpfs'],
    ]),
    [],
  )
  const cases: [string, string, string][] = [
    ['tmpfs', 'tmpfs', 'persistent'],
    ['tmpfs', 'persistent', 'persistent'],
    ['persistent', 'persistent', 'persistent'],
    ['link', 'link', 'link'],
    ['tmpfs', 'tmpfs', 'ro'],
  ]
  for (const [a, b, c] of cases) {
    const findings = check([
      ['/a/', a],
      ['/a/b/', b],
      ['/a/b/c', c],
    ])
    t.deepEqual(
      findings.map(({ where }) => where),
      ['litefile row image=ALL,file=/a/b/c'],
      `${a} ${b} ${c}`,
    )
    t.true(findings[0]?.message.includes('/a/ /a/b/ /a/b/c'))
  }
})

test('the parent that counts is the nearest one', (t) => {
  // persistent below tmpfs is allowed, tmpfs below persistent is not, whatever is further up.
  const findings = check([
    ['/a/', 'tmpfs'],
    ['/a/b/', 'persistent'],
    ['/a/b/c', 'tmpfs'],
  ])
  t.true(findings.some(({ message }) => message.includes('/a/b/, which is persistent')))
})

test('checkLitefile looks at every image and says the same thing once', (t) => {
  const rows = litefileRows([
    ['ALL', '/etc/', 'tmpfs'],
    ['ALL', '/etc/hosts', 'link'],
    ['a', '/etc/', 'link'],
    ['nobody', '/x', 'ro'],
    ['install-only', '/var/', 'link'],
    ['install-only', '/var/x', 'tmpfs'],
  ])
  const images = [
    imageSpec({ name: 'a' }),
    imageSpec({ name: 'b' }),
    imageSpec({ name: 'c' }),
    imageSpec({ name: 'install-only', provmethod: 'install' }),
  ]
  const findings = checkLitefile(rows, images)
  t.deepEqual(
    findings.map(({ severity, where }) => [severity, where]),
    [
      ['warning', 'litefile row image=nobody,file=/x'],
      ['error', 'litefile row image=ALL,file=/etc/hosts'],
    ],
  )
})

test('checkLitefile finds bad rows even when no image uses them, and bad pairs before an image exists', (t) => {
  const rows = litefileRows([
    ['nobody', '/x y', 'ro'],
    ['ALL', '/etc/', 'tmpfs'],
    ['', '/etc/hosts', 'link'],
    ['ALL', '/etc/hosts', 'ro'],
    ['ALL', '/etc/passwd', 'link'],
  ])
  const errors = checkLitefile(rows, []).filter(({ severity }) => severity === 'error')
  t.deepEqual(
    errors.map(({ where }) => where),
    ['litefile row image=nobody,file=/x y', 'litefile row image=ALL,file=/etc/passwd'],
  )
})
