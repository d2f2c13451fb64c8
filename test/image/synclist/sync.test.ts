import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import fc from 'fast-check'
import { TreeEdit } from '../../../src/image/liteimg/tree-edit.ts'
import { mergeByFirstField, pieceFor, withoutPieces } from '../../../src/image/synclist/amend.ts'
import { readSynclists } from '../../../src/image/synclist/parse.ts'
import { globExpression } from '../../../src/image/synclist/sources.ts'
import { type SyncRequest, syncIntoTree } from '../../../src/image/synclist/sync.ts'
import { file, type Item, makeWorkplace } from '../image-tree.ts'

const read = (path: string) => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function parse(text: string, variables: Record<string, string> = {}) {
  const texts: Record<string, string> = { '/l/list': text, '/l/more': '/m -> /etc/m\n', '/l/self': '#INCLUDE:self#\n' }
  return readSynclists(['/l/list'], { read: (path) => texts[path], variables })
}

test('every kind of line', (t) => {
  const list = parse(
    `# a comment
/a/hosts -> /etc/hosts
/a/b   /a/c -> /etc/conf.d
/a/d -> /opt/
/a/*.conf -> /etc/
$BASE/f -> /x/\${NAME}.f
/a/e -> (cn[1-9]) /etc/e
#INCLUDE:more#
EXECUTE:
/a/hosts.post
EXECUTEALWAYS:
/a/always
APPEND:
/a/tail -> /etc/services
MERGE:
/a/users -> /etc/passwd
`,
    { BASE: '/base', NAME: 'n' },
  )
  t.deepEqual(list.faults, [])
  t.deepEqual(
    list.copies.map(({ sources, destination, isDirectory, line, file: at }) => [
      sources.join(' '),
      destination,
      isDirectory,
      `${at}:${line}`,
    ]),
    [
      ['/a/hosts', 'etc/hosts', false, '/l/list:2'],
      ['/a/b /a/c', 'etc/conf.d', true, '/l/list:3'],
      ['/a/d', 'opt', true, '/l/list:4'],
      ['/a/*.conf', 'etc', true, '/l/list:5'],
      ['/base/f', 'x/n.f', false, '/l/list:6'],
      ['/m', 'etc/m', false, '/l/more:1'],
    ],
  )
  t.deepEqual(
    list.skipped.map(({ reason }) => reason),
    [
      'only for the nodes cn[1-9]',
      'EXECUTE runs on nodes, not in an image',
      'EXECUTEALWAYS runs on nodes, not in an image',
    ],
  )
  t.deepEqual(
    [...list.appends, ...list.merges].map(({ source, destination }) => `${source} ${destination}`),
    ['/a/tail etc/services', '/a/users etc/passwd'],
  )
})

test('faults name file and line, all of them', (t) => {
  const list = parse(`relative -> /etc/a
/a -> etc/a
/a -> /etc/../../b
/a -> /proc/x
nothing
$UNSET/a -> /b
#INCLUDE:self#
#INCLUDE:gone#
APEND:
APPEND:
/t -> /etc/one
MERGE:
/t -> /etc/services
`)
  t.deepEqual(
    list.faults.map(({ place, message }) => `${place?.file}:${place?.line} ${message}`),
    [
      '/l/list:1 the source relative is not an absolute path',
      '/l/list:2 the destination etc/a is not an absolute path',
      '/l/list:3 the destination /etc/../../b has ".." in it',
      "/l/list:4 the destination /proc/x lies below /proc, which is not the image's to keep",
      "/l/list:5 'nothing' is not SOURCE -> DESTINATION",
      "/l/list:6 $UNSET is not set: put it into the image's environvar",
      '/l/self:1 a file includes itself: /l/list -> /l/self -> /l/self',
      '/l/list:8 the synclist /l/gone cannot be read',
      "/l/list:9 'APEND:' is no clause: EXECUTE:, EXECUTEALWAYS:, APPEND: or MERGE:",
      '/l/list:13 MERGE is for /etc/passwd, /etc/shadow, /etc/group, /etc/gshadow, not /etc/services',
    ],
  )
})

test('a file cannot be copied and appended to', (t) => {
  const [fault] = parse('/a -> /etc/x\nAPPEND:\n/b -> /etc/x\n').faults
  t.is(fault?.message, '/etc/x is also copied (/l/list line 1): drop one')
})

test('patterns are those of a shell', (t) => {
  const matches = (glob: string, name: string) => globExpression(glob).test(name)
  t.true(matches('*.conf', 'a.conf'))
  t.false(matches('*.conf', 'aXconf'))
  t.true(matches('a?[0-9][!x]', 'ab3y'))
  t.false(matches('a?[0-9][!x]', 'ab3x'))
  t.true(matches('[', '['))
  t.false(matches('[z-a]', 'b'))
  t.notThrows(() => fc.assert(fc.property(fc.string(), (text) => typeof globExpression(text).test(text) === 'boolean')))
})

interface Place {
  readonly place: string
  readonly root: string
  sync(list: string, more?: Partial<SyncRequest>): ReturnType<typeof syncIntoTree>
  readonly in: (rel: string) => string
}

function workplace(items: readonly Item[], sources: Readonly<Record<string, string>>): Place {
  const place = makeWorkplace(items)
  const root = join(place, 'rootimg')
  mkdirSync(join(place, 'src'))
  for (const [name, content] of Object.entries(sources)) {
    mkdirSync(join(place, 'src', name, '..'), { recursive: true })
    writeFileSync(join(place, 'src', name), content)
  }
  return {
    place,
    root,
    in: (rel) => readFileSync(join(root, rel), 'utf8'),
    sync: (list, more) => {
      writeFileSync(join(place, 'list'), list.replaceAll('@', join(place, 'src')))
      const edit = new TreeEdit(root, () => undefined, undefined)
      return syncIntoTree(edit, { lists: [join(place, 'list')], variables: {}, read, ...more })
    },
  }
}

test('lines are carried out in the image, and again without any change', async (t) => {
  const at = workplace(
    [
      file('/etc/hosts', 'old\n'),
      file('/etc/conf.d/x', ''),
      { kind: 'symlink', path: '/etc/init.d', target: '/etc/rc.d' },
      { kind: 'dir', path: '/etc/rc.d' },
    ],
    {
      hosts: 'new\n',
      'one.conf': '1',
      'two.conf': '2',
      '.hidden.conf': 'h',
      script: '#!/bin/sh\n',
      'dir/deep/file': 'deep',
    },
  )
  chmodSync(join(at.place, 'src/script'), 0o750)
  utimesSync(join(at.place, 'src/script'), 1e9, 1e9)
  symlinkSync('hosts', join(at.place, 'src/link'))
  const list = `@/hosts -> /etc/hosts
@/*.conf -> /etc/
@/script -> /etc/init.d/script
@/link -> /etc/conf.d
@/dir -> /opt/dir
`
  t.deepEqual((await at.sync(list, { dryRun: true })).changed.length, 8)
  t.is(at.in('etc/hosts'), 'old\n')
  t.deepEqual((await at.sync(list)).changed, [
    'etc/hosts',
    'etc/one.conf',
    'etc/two.conf',
    'etc/init.d/script',
    'etc/conf.d/link',
    'opt/dir',
    'opt/dir/deep',
    'opt/dir/deep/file',
  ])
  t.is(at.in('etc/hosts'), 'new\n')
  t.is(at.in('etc/conf.d/link'), 'new\n')
  t.is(at.in('opt/dir/deep/file'), 'deep')
  const script = statSync(join(at.root, 'etc/rc.d/script'))
  t.is(script.mode & 0o7777, 0o750)
  t.is(script.mtimeMs, 1e12)
  t.deepEqual((await at.sync(list)).changed, [])
  const { warnings } = await at.sync('@/hosts -> /etc/hosts\n')
  t.true(warnings.includes('/etc/one.conf is in no synclist any more; it stays in the image as it is'))
})

test('no link of the image leads out of it', async (t) => {
  const at = workplace(
    [
      { kind: 'symlink', path: '/etc', target: '/../../outside' },
      { kind: 'symlink', path: '/target', target: '../outside/canary' },
      { kind: 'symlink', path: '/var', target: '/run' },
      { kind: 'dir', path: '/run' },
    ],
    { a: 'A', dir: '' },
  )
  await at.sync('@/a -> /etc/canary\n@/a -> /target\n')
  t.is(at.in('outside/canary'), 'A')
  t.is(at.in('target'), 'A')
  t.is(readFileSync(join(at.place, 'outside/canary'), 'utf8'), 'untouched\n')
  await t.throwsAsync(at.sync('@/a -> /var/x\n'), { message: /only there on a running node/ })
})

test('a path that liteimg made a link gets its content where liteimg keeps it', async (t) => {
  const at = workplace(
    [
      file('/.default/etc/motd', 'old'),
      { kind: 'symlink', path: '/.statelite/tmpfs/etc/motd', target: '../../../.default/etc/motd' },
      { kind: 'symlink', path: '/etc/motd', target: '../.statelite/tmpfs/etc/motd' },
    ],
    { motd: 'new' },
  )
  await at.sync('@/motd -> /etc/motd\n')
  t.is(at.in('.default/etc/motd'), 'new')
  t.true(statSync(join(at.root, 'etc/motd')).isFile())
})

test('what is missing is named with its line, and nothing is changed', async (t) => {
  const at = workplace([file('/etc/hosts', 'old')], { hosts: 'new' })
  const error = await t.throwsAsync(at.sync('@/hosts -> /etc/hosts\n@/gone -> /etc/gone\n@/g* -> /etc/\n'))
  t.is(
    error?.message.replaceAll(at.place, ''),
    '/list line 2: there is no /src/gone\n/list line 3: no file is called /src/g*',
  )
  t.is(at.in('etc/hosts'), 'old')
})

test('APPEND: once however often, follows its source, keeps what others wrote, is taken back', async (t) => {
  const at = workplace([file('/etc/services', 'own 1\nlast without newline', 0o640)], { a: 'A\n', b: 'B\n' })
  const list = 'APPEND:\n@/a -> /etc/services\n@/b -> /etc/services\n'
  await at.sync(list)
  const once = 'own 1\nlast without newline\nA\nB\n'
  t.is(at.in('etc/services'), once)
  t.is(statSync(join(at.root, 'etc/services')).mode & 0o777, 0o640)
  t.is(statSync(join(at.root, '.statelite/sync.json')).mode & 0o777, 0o600)
  t.deepEqual((await at.sync(list)).changed, [])
  writeFileSync(join(at.place, 'src/a'), 'A2\n')
  await at.sync(list)
  t.is(at.in('etc/services'), once.replace('A\n', 'A2\n'))
  writeFileSync(join(at.root, 'etc/services'), `${at.in('etc/services')}by hand\n`)
  await at.sync('APPEND:\n@/a -> /etc/services\n')
  t.is(at.in('etc/services'), 'own 1\nlast without newlineby hand\nA2\n')
  await at.sync('# none\n')
  t.is(at.in('etc/services'), 'own 1\nlast without newlineby hand\n')
  const { warnings } = await at.sync('APPEND:\n@/a -> /etc/missing\n')
  t.deepEqual(warnings, ['/etc/missing is not a file of the image: nothing is appended to it'])
})

test('MERGE: by first field; a second run changes nothing', async (t) => {
  const at = workplace([file('/etc/passwd', 'root:..\nann:old\n')], { users: 'ann:new\nbob:x\n' })
  const list = 'MERGE:\n@/users -> /etc/passwd\n'
  t.deepEqual((await at.sync(list)).changed, ['etc/passwd'])
  t.is(at.in('etc/passwd'), 'root:..\nann:new\nbob:x\n')
  t.deepEqual((await at.sync(list)).changed, [])
})

test('appended pieces come off again, whatever they are', (t) => {
  const bytes = fc.uint8Array({ maxLength: 30 }).map((array) => Buffer.from(array))
  t.notThrows(() =>
    fc.assert(
      fc.property(bytes, fc.array(bytes, { maxLength: 3 }), (own, sources) => {
        const piece = pieceFor(own, sources)
        return withoutPieces(Buffer.concat([own, piece]), [piece]).equals(own)
      }),
    ),
  )
})

test('merging twice is merging once', (t) => {
  const lines = fc
    .array(fc.tuple(fc.constantFrom('a', 'b', '+', '+@nis', '-x', 'ü'), fc.constantFrom('1', '2')), { maxLength: 8 })
    .map((pairs) => Buffer.from(pairs.map(([name, value]) => `${name}:${value}\n`).join('')))
  t.notThrows(() =>
    fc.assert(
      fc.property(lines, lines, (content, source) => {
        const once = mergeByFirstField(content, source)
        return mergeByFirstField(once, source).equals(once)
      }),
    ),
  )
})
