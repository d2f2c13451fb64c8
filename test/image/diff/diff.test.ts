import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { diffPackages, parseDpkgStatus, parseRpmQuery, readPackages } from '../../../src/image/diff/packages.ts'
import { diffTrees } from '../../../src/image/diff/tree-diff.ts'
import { file, type Item, makeWorkplace } from '../image-tree.ts'

const ITEMS: readonly Item[] = [
  file('/etc/hosts', 'hosts\n'),
  file('/etc/same', 'same\n'),
  file('/usr/share/doc/a', 'a'),
  file('/usr/share/doc/b/c', 'c'),
  { kind: 'symlink', path: '/lib', target: 'usr/lib' },
]

const rootOf = (items: readonly Item[]) => join(makeWorkplace(items), 'rootimg')

test('added, removed, changed: whole directories in one line; times alone are no difference', async (t) => {
  const a = rootOf(ITEMS)
  const b = rootOf(ITEMS)
  t.deepEqual(await diffTrees(a, b), { changes: [], added: 0, removed: 0, changed: 0 })
  utimesSync(join(b, 'etc/same'), 1, 1)
  writeFileSync(join(b, 'etc/hosts'), 'Hosts\n')
  utimesSync(join(b, 'etc/hosts'), 1, 1)
  chmodSync(join(b, 'etc'), 0o700)
  rmSync(join(b, 'usr/share/doc'), { recursive: true })
  rmSync(join(b, 'lib'))
  mkdirSync(join(b, 'lib'))
  writeFileSync(join(b, 'new'), '')
  t.deepEqual(await diffTrees(a, b), {
    changes: [
      { path: 'etc', change: 'changed', what: ['mode'] },
      { path: 'etc/hosts', change: 'changed', what: ['content'] },
      { path: 'lib', change: 'changed', what: ['kind'] },
      { path: 'new', change: 'added', what: [] },
      { path: 'usr/share/doc/', change: 'removed', what: [], below: 3 },
    ],
    added: 1,
    removed: 4,
    changed: 3,
  })
  t.is((await diffTrees(a, b, 2)).changes.length, 2)
})

test('a tree that liteimg prepared is seen as nodes see it', async (t) => {
  const a = rootOf([file('/etc/motd', 'm'), file('/var/log/x', 'x')])
  const b = rootOf([
    file('/.default/etc/motd', 'm'),
    file('/.default/var/log/x', 'changed'),
    file('/.statelite/revision', 'r'),
    { kind: 'symlink', path: '/etc/motd', target: '../.statelite/tmpfs/etc/motd' },
    { kind: 'symlink', path: '/var/log', target: '../.statelite/tmpfs/var/log' },
  ])
  t.deepEqual((await diffTrees(a, b)).changes, [{ path: 'var/log/x', change: 'changed', what: ['content'] }])
})

test('packages of dpkg, and of rpm with several versions of one', (t) => {
  const status = `Package: bash
Status: install ok installed
Version: 5.2

Package: gone
Status: deinstall ok config-files
Version: 1
`
  t.deepEqual([...parseDpkgStatus(status)], [['bash', ['5.2']]])
  const query = 'kernel.x86_64\t0:5-2\nkernel.x86_64\t0:5-1\ngpg-pubkey.(none)\t0:1-1\ntool.noarch\t2:1-1\n'
  const packages = parseRpmQuery(query)
  t.deepEqual(
    [...packages],
    [
      ['kernel.x86_64', ['5-1', '5-2']],
      ['tool.noarch', ['2:1-1']],
    ],
  )
  t.deepEqual(
    diffPackages(
      packages,
      new Map([
        ['kernel.x86_64', ['5-2']],
        ['new', ['1']],
      ]),
    ),
    [
      { name: 'kernel.x86_64', before: '5-1, 5-2', after: '5-2' },
      { name: 'new', before: undefined, after: '1' },
      { name: 'tool.noarch', before: '2:1-1', after: undefined },
    ],
  )
})

test('an rpm database is read without being touched', async (t) => {
  const root = rootOf([{ kind: 'dir', path: '/var/lib/rpm' }])
  execFileSync('rpm', ['--dbpath', join(root, 'var/lib/rpm'), '--initdb'])
  cpSync(root, `${root}.before`, { recursive: true, preserveTimestamps: true })
  t.deepEqual(await readPackages(root), { packages: new Map() })
  t.deepEqual((await diffTrees(`${root}.before`, root)).changes, [])
  const broken = rootOf([file('/var/lib/rpm/rpmdb.sqlite', 'no database')])
  t.regex((await readPackages(broken)).fault ?? '', /rpm database cannot be read/)
})
