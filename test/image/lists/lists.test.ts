/** List files: includes, batches, faults with their place; exlist patterns beside find(1). */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import test from 'ava'
import fc from 'fast-check'
import { compileGlob, readExlist } from '../../../src/image/lists/exlist.ts'
import { type ReadList, readListFiles, renderListFault } from '../../../src/image/lists/list-file.ts'
import { readPackageLists } from '../../../src/image/lists/package-lists.ts'

function files(texts: Readonly<Record<string, string>>): { read: ReadList; variables: Record<string, string> } {
  return { read: (path) => texts[path], variables: { OSV: 'el9' } }
}

const names = (list: readonly { name: string; directory: string }[]) =>
  list.map(({ name, directory }) => (directory === '' ? name : `${directory}/${name}`))

test('pkglist: batches, environment, includes, comments, several on a line', (t) => {
  const options = files({
    '/c/base.list':
      'bash\n#INCLUDE:net.list#\n  \n#NEW_INSTALL_LIST#\n#ENV:ACCEPT=yes A=b=c#\n#NEW_INSTALL_LIST#\n#ENV:ACCEPT=yes A=b=c#\nlicensed-tool, glibc.i686\n',
    '/c/net.list': `iproute\r\n# a remark\n@Minimal Install\n#INCLUDE:$${'{OSV}'}/more.list#`,
    '/c/el9/more.list': '-firewalld\n--locale-tool',
  })
  const { batches, faults } = readPackageLists(['/c/base.list'], 'pkglist', options)
  t.deepEqual(faults, [])
  t.deepEqual(
    batches.map(({ install, removeBefore, removeAfter, environment }) => [
      names(install),
      names(removeBefore),
      names(removeAfter),
      environment,
    ]),
    [
      [['bash', 'iproute', '@Minimal Install'], ['firewalld'], ['locale-tool'], {}],
      [['licensed-tool', 'glibc.i686'], [], [], { ACCEPT: 'yes', A: 'b=c' }],
    ],
  )
  t.deepEqual(batches[0]?.install[1], { name: 'iproute', directory: '', file: '/c/net.list', line: 1 })
})

test('an included file is looked for beside the list that the table names', (t) => {
  const options = files({ '/a/x': '#INCLUDE:sub/y#', '/a/sub/y': '#INCLUDE:z#', '/a/z': 'found', '/a/sub/z': 'wrong' })
  t.deepEqual(
    readListFiles(['/a/x'], options).entries.map(({ text }) => text),
    ['found'],
  )
})

test('otherpkgs: a directory before the package', (t) => {
  const options = files({ '/o': 'tools/mpi/runtime\nplain\n-tools/old\n@group/x' })
  const { batches } = readPackageLists(['/o'], 'otherpkgs', options)
  t.deepEqual(names(batches[0]?.install ?? []), ['tools/mpi/runtime', 'plain', '@group/x'])
  t.deepEqual(names(batches[0]?.removeBefore ?? []), ['tools/old'])
})

test('what is wrong is named with file and line', (t) => {
  const options = files({
    '/l': 'bash\n#INCLUDE:m#\n#INCLUDE:gone#\n#INCLUDE:$NOWHERE/x#\n---x\nopen ssh\n#ENV:broken#',
    '/m': '\n#INCLUDE:l#',
    '/o': '../../etc/x',
  })
  t.deepEqual(readPackageLists(['/l', '/not-there'], 'pkglist', options).faults.map(renderListFault), [
    '/m line 2: a file includes itself: /l -> /m -> /l',
    '/l line 3: the list /gone cannot be read',
    "/l line 4: $NOWHERE in #INCLUDE:$NOWHERE/x# is not set: put it into the image's environvar",
    'the list /not-there cannot be read',
    "/l line 5: '---x' begins with too many dashes",
    "/l line 6: 'open ssh' has a blank in it: write one package on a line",
    "/l line 7: 'broken' is no NAME=value",
  ])
  t.deepEqual(readPackageLists(['/o'], 'otherpkgs', options).faults.map(renderListFault), [
    "/o line 1: '../../etc/x' leaves otherpkgdir",
  ])
})

const TREE = ['.', './etc', './etc/hosts', './usr', './usr/share', './usr/share/doc', './usr/share/doc/a']
const LOCALES = ['./usr/share/locale', './usr/share/locale/de', './usr/share/locale/de/x', './usr/share/locale/en_US']

test('exlist: the worked example; what is put back brings its directories along', (t) => {
  const list = './usr/share/doc*  # no room\n./usr/share/locale/*\n+./usr/share/locale/en_US*\n./opt/never*\n'
  const all = [...TREE, ...LOCALES, './usr/share/locale/en_US/x']
  const exlist = readExlist(['/x'], files({ '/x': list }))
  t.deepEqual(
    [...exlist.select(all)],
    [
      ...['.', './etc', './etc/hosts', './usr', './usr/share', './usr/share/locale'],
      ...['./usr/share/locale/en_US', './usr/share/locale/en_US/x'],
    ],
  )
  t.deepEqual(
    exlist.unmatched().map(({ text, line }) => [text, line]),
    [['./opt/never*', 4]],
  )
  const deep = readExlist(['/x'], files({ '/x': './usr*\n+./usr/share/locale/en_US/x' }))
  t.deepEqual(
    [...deep.select(all)],
    [
      ...['.', './etc', './etc/hosts', './usr', './usr/share', './usr/share/locale', './usr/share/locale/en_US'],
      './usr/share/locale/en_US/x',
    ],
  )
})

test('exlist: patterns that can never match are said', (t) => {
  const { faults } = readExlist(['/x'], files({ '/x': 'usr/share/doc*\n./boot/\n#INCLUDE:gone#' }))
  t.deepEqual(
    faults.map(renderListFault),
    [
      'the list /gone cannot be read',
      "/x line 1: 'usr/share/doc*' matches nothing: patterns begin with ./",
      "/x line 2: './boot/' matches nothing: a pattern does not end in /",
    ].map((text) => text.replace(/^the list/, '/x line 3: the list')),
  )
})

test('patterns match what find -path matches', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'liteboot-exlist-'))
  t.teardown(() => rmSync(root, { recursive: true, force: true }))
  for (const path of ['a/b/c', 'a/bc', 'ab/c]d', 'a-b/[x]', 'ü/é', 'a b/c', 'x^y/z', 'n/a.b']) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), '')
  }
  const find = (...more: string[]) =>
    spawnSync('find', ['.', ...more], { cwd: root, encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8' } })
      .stdout.split('\n')
      .filter(Boolean)
  const paths = find()
  t.true(paths.length > 12)
  const piece = fc.constantFrom(
    'a',
    'b',
    'c',
    '/',
    '*',
    '?',
    '[a-c]',
    '[!a]',
    '[]c]',
    '[',
    ']',
    '.',
    'x',
    '^',
    'ü',
    ' ',
    '\\*',
    '-',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
      const glob = `./${pieces.join('')}`
      const matches = compileGlob(glob)
      t.deepEqual(paths.filter(matches), find('-path', glob), glob)
    }),
    { numRuns: 150 },
  )
})
