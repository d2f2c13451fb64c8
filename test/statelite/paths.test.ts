import { posix } from 'node:path'
import test from 'ava'
import fc from 'fast-check'
import { ancestorsOf, checkEntryPath, comparePaths, isDirectoryPath, parentOf } from '../../src/statelite/paths.ts'

for (const path of [
  '/etc/hosts',
  '/var/',
  '/root/.ssh/',
  '/opt/a+b(c)/x',
  '/processes/',
  '/devices',
  '/etc/été',
  '/...',
  '/.staging/',
]) {
  test(`${path} may be listed`, (t) => {
    t.is(checkEntryPath(path), undefined)
  })
}

const refused: [string, string][] = [
  ['', 'empty'],
  ['etc/hosts', 'absolute'],
  ['/', 'whole root'],
  ['//', 'empty component'],
  ['/etc//hosts', 'empty component'],
  ['/var//', 'empty component'],
  ['/etc/../hosts', '..'],
  ['/etc/.', '.'],
  ['/..', '..'],
  ['/etc/a b', 'white space'],
  ['/etc/no-break\u00a0space', 'white space'],
  ['/etc/a\tb', 'control character'],
  ['/etc/a\nb', 'control character'],
  ['/etc/a\u0085b', 'control character'],
  ['/etc/a:b', 'colon'],
  ['/etc/a\\b', 'backslash'],
  ['/etc/\ud800', 'Unicode'],
  [`/${'a'.repeat(256)}`, 'component is longer'],
  [`/${'abc/'.repeat(300)}`, 'longer than'],
  ['/proc', '/proc'],
  ['/proc/sys/', '/proc'],
  ['/sys/', '/sys'],
  ['/dev/shm/', '/dev'],
  ['/run/', '/run'],
  ['/.statelite/', '/.statelite'],
  ['/.default/etc/x', '/.default'],
  ['/.sllocal', '/.sllocal'],
]
for (const [path, word] of refused) {
  test(`${JSON.stringify(path.slice(0, 20))} may not be listed: ${word}`, (t) => {
    t.true(checkEntryPath(path)?.includes(word), checkEntryPath(path) ?? 'accepted')
  })
}

test('an accepted path is a plan field and stays inside the root', (t) => {
  const piece = fc.constantFrom('/', '/', '.', '..', 'etc', 'a', ' ', ':', '\t', 'proc', '\\', 'é', '-')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const path = `/${pieces.join('')}`
      if (checkEntryPath(path) !== undefined) return true
      return posix.normalize(path) === path && !/[\s:\\]/.test(path) && !/^\/proc(\/|$)/.test(path)
    }),
  )
  t.pass()
})

test('a trailing slash makes a directory', (t) => {
  t.true(isDirectoryPath('/var/'))
  t.false(isDirectoryPath('/var'))
})

test('ancestors, nearest first', (t) => {
  t.deepEqual(ancestorsOf('/a/b/c/'), ['/a/b/', '/a/'])
  t.deepEqual(ancestorsOf('/a'), [])
})

test('the parent is the nearest listed directory', (t) => {
  const listed = new Set(['/a/', '/a/b/', '/x/'])
  t.is(parentOf('/a/b/c', listed), '/a/b/')
  t.is(parentOf('/a/b/', listed), '/a/')
  t.is(parentOf('/a/', listed), undefined)
  t.is(parentOf('/ab/c', listed), undefined)
})

test('xCAT BUG-9: a path is no parent because another path ends like it', (t) => {
  t.is(parentOf('/etc/hosts', new Set(['/opt/x/etc/'])), undefined)
})

test('the parent is a prefix that ends at a component (property)', (t) => {
  const component = fc.constantFrom('a', 'b', 'ab', 'etc')
  const path = fc.array(component, { minLength: 1, maxLength: 4 }).map((parts) => `/${parts.join('/')}`)
  fc.assert(
    fc.property(path, fc.array(path, { maxLength: 8 }), (child, dirs) => {
      const listed = new Set(dirs.map((dir) => `${dir}/`))
      const above = [...listed].filter((dir) => child.startsWith(dir)).sort((a, b) => b.length - a.length)
      return parentOf(child, listed) === above[0]
    }),
  )
  t.pass()
})

test('order is by byte, and a directory comes before what is below it', (t) => {
  const paths = ['/a/b', '/a/', '/a-b', '/B', '/\u{10000}', '/\uffee', '/a/b/c', '/a/b/']
  t.deepEqual([...paths].sort(comparePaths), ['/B', '/a-b', '/a/', '/a/b', '/a/b/', '/a/b/c', '/\uffee', '/\u{10000}'])
})
