import { join, relative } from 'node:path'
import test from 'ava'
import fc from 'fast-check'
import { parseTarget } from '../../src/http/target.ts'

const pathOf = (target: string): string => {
  const parsed = parseTarget(target)
  return 'path' in parsed ? parsed.path : `fault ${parsed.fault}`
}

const CASES: readonly (readonly [string, string, string])[] = [
  ['/boot/ipxe/cn01', '/boot/ipxe/cn01', 'plain'],
  ['/', '/', 'the root'],
  ['//boot///ipxe//cn01', '/boot/ipxe/cn01', 'shim and GRUB join names with double slashes'],
  ['/a/./b/../c', '/a/c', 'RFC 3986 §5.2.4'],
  ['/../../etc/shadow', '/etc/shadow', 'never above the root'],
  ['/a/%2e%2e/%2e%2e/etc', '/etc', 'escaped dots are dots (RFC 3986 §2.3)'],
  ['/a/..%2f..%2fetc', '/etc', 'an escaped slash divides like a slash'],
  ['/a/b/', '/a/b/', 'the trailing slash is kept'],
  ['/a/b/..', '/a/', 'two dots at the end name a directory'],
  ['/a/b/.', '/a/b/', 'one dot too'],
  ['/lib%2bstd%20c++.rpm', '/lib+std c++.rpm', 'plus is plus in a path'],
  ['/%C3%BC', '/ü', 'UTF-8'],
  ['/ünescaped', 'fault encoding', 'bytes that are not UTF-8'],
  [Buffer.from('/ü').toString('latin1'), '/ü', 'unescaped UTF-8 as Node hands it over'],
  ['/a#part', '/a', 'a fragment is no part of the path'],
  ['/a%23b', '/a#b', 'an escaped one is'],
  ['http://10.77.0.1:80/boot/x', '/boot/x', 'RFC 9112 §3.2.2 absolute-form'],
  ['HTTP://server', '/', 'absolute-form without a path'],
  ['http://server?x=1', '/', 'absolute-form with only a query'],
  ['/a\\..\\b', '/a\\..\\b', 'a backslash is a letter on Linux'],
  ['/%00', 'fault nul', 'NUL'],
  ['/a%0', 'fault escape', 'cut escape'],
  ['/a%zz', 'fault escape', 'no hex'],
  ['/%ff', 'fault encoding', 'not UTF-8'],
  ['*', 'fault form', 'asterisk-form'],
  ['', 'fault form', 'nothing'],
  ['boot/x', 'fault form', 'no slash'],
  [`/${'x'.repeat(4096)}`, 'fault length', 'longer than PATH_MAX'],
]

for (const [target, expected, why] of CASES) {
  test(`${why}: ${target.slice(0, 40)}`, (t) => t.is(pathOf(target), expected))
}

test('the query is split off and decoded', (t) => {
  const parsed = parseTarget('/boot/x?mac=52%3A54&y=a+b?c')
  t.true('query' in parsed)
  if ('query' in parsed)
    t.deepEqual(
      [...parsed.query],
      [
        ['mac', '52:54'],
        ['y', 'a b?c'],
      ],
    )
})

const piece = fc.constantFrom(
  '..',
  '.',
  '',
  'a',
  '%2e',
  '%2E%2e',
  '%2f',
  '%5c',
  '\\',
  '%25',
  '%252e',
  '\u00e9',
  '#',
  '?',
  '...',
)

test('property: no target leads out of the root it is joined to', (t) => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(piece).map((pieces) => `/${pieces.join('/')}`),
        fc.string(),
      ),
      (target) => {
        const parsed = parseTarget(target)
        if (!('path' in parsed)) return
        t.true(parsed.path.startsWith('/'))
        t.false(parsed.path.includes('//'))
        t.false(parsed.path.includes('\0'))
        t.false(parsed.path.split('/').includes('..'))
        t.false(`${relative('/srv/root', join('/srv/root', parsed.path))}/`.startsWith('../'))
      },
    ),
    { numRuns: 2000 },
  )
})

test('property: a path that was escaped comes back', (t) => {
  const name = fc
    .string({ unit: 'grapheme', minLength: 1 })
    .filter((text) => !['.', '..'].includes(text) && !/[/\0]/.test(text))
  fc.assert(
    fc.property(fc.array(name, { minLength: 1, maxLength: 5 }), (names) => {
      t.is(pathOf(`/${names.map(encodeURIComponent).join('/')}`), `/${names.join('/')}`)
    }),
  )
})
