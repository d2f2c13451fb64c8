/** Packed roots beside the programs that unpack them: what comes out is the tree, less what the exlist leaves out. */
import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import { ImageError } from '../../../src/image/image-error.ts'
import { COMPRESSORS, isInstalled } from '../../../src/image/pack/compressors.ts'
import { bytesOfName, shownName, textOfName } from '../../../src/image/pack/file-name.ts'
import { newcPieces } from '../../../src/image/pack/newc.ts'
import { type PackRequest, packTree } from '../../../src/image/pack/pack.ts'
import { pageBytesOf } from '../../../src/image/pack/page-size.ts'
import { openPackRecords } from '../../../src/image/pack/record.ts'
import { type SelectionRequest, selectTree } from '../../../src/image/pack/selection.ts'

function workDirectory(t: ExecutionContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'pack-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** Twenty objects of every kind that needs no root, with odd names and times. */
function makeTree(work: string): string {
  const root = join(work, 'rootimg')
  for (const name of [
    'etc',
    'usr/share/doc/a',
    'usr/share/docbook',
    'usr/share/locale/de',
    'usr/share/locale/en_US',
    'tmp',
  ])
    mkdirSync(join(root, name), { recursive: true })
  const file = (name: string, content: string | Buffer, mode = 0o644) => {
    writeFileSync(join(root, name), content)
    chmodSync(join(root, name), mode)
  }
  file('etc/hosts', '127.0.0.1 localhost\n', 0o640)
  file('etc/empty', '')
  file('etc/name with blanks', 'x'.repeat(5))
  file('etc/umläut', 'ü')
  file('usr/share/doc/a/README', 'read me')
  file('usr/share/docbook/book', 'book')
  file('usr/share/locale/de/x', 'de')
  file('usr/share/locale/en_US/x', 'en')
  file('usr/big', Buffer.alloc(3 * 1024 * 1024 + 17, 'liteboot'))
  writeFileSync(Buffer.concat([Buffer.from(`${root}/etc/latin-`), Buffer.from([0xe4, 0xff])]), 'bytes')
  linkSync(join(root, 'etc/hosts'), join(root, 'usr/hosts'))
  linkSync(join(root, 'etc/hosts'), join(root, 'etc/another'))
  linkSync(join(root, 'etc/empty'), join(root, 'usr/empty'))
  symlinkSync('../../outside', join(root, 'etc/link'))
  symlinkSync('/absolute/target', join(root, 'usr/link'))
  execFileSync('mkfifo', [join(root, 'tmp/pipe')])
  chmodSync(join(root, 'tmp'), 0o1777)
  chmodSync(join(root, 'usr'), 0o2755)
  utimesSync(join(root, 'etc/empty'), 1_000_000_000, 1_000_000_000)
  return root
}

const noLists = { read: () => undefined, variables: {} }

function selectionOf(root: string, more: Partial<SelectionRequest> = {}): SelectionRequest {
  return { root, exlist: [], lists: noLists, ...more }
}

function request(work: string, root: string, more: Partial<PackRequest> = {}): PackRequest {
  return {
    tree: selectionOf(root),
    directory: work,
    purpose: 'statelite',
    method: 'cpio',
    compressor: 'gzip',
    ...more,
  }
}

/** Everything that must survive, by name; hard links by the name that comes first. */
function describeTree(root: string): Record<string, string> {
  const found: Record<string, string> = {}
  const inodes = new Map<number, string>()
  const visit = (at: Buffer, name: string) => {
    const stat = lstatSync(at)
    const kind = (stat.mode >> 12).toString(8)
    let what = `${kind} ${(stat.mode & 0o7777).toString(8)} ${stat.uid}:${stat.gid}`
    if (stat.isSymbolicLink()) what += ` -> ${readlinkSync(at)}`
    if (stat.isFile()) {
      const first = inodes.get(stat.ino)
      if (stat.nlink > 1) inodes.set(stat.ino, first ?? name)
      what += ` ${Math.floor(stat.mtimeMs / 1000)} ${first ?? readFileSync(at).toString('latin1').length}`
    }
    found[name] = what
    if (!stat.isDirectory()) return
    const names = readdirSync(at, { encoding: 'buffer' }).sort(Buffer.compare)
    for (const below of names)
      visit(Buffer.concat([at, Buffer.from('/'), below]), `${name}/${below.toString('latin1')}`)
  }
  visit(Buffer.from(root), '.')
  return found
}

const BUSYBOX = ['/bin/busybox', '/usr/bin/busybox'].find((path) => existsSync(path))

const UNPACKERS: Readonly<Record<string, (archive: string, to: string) => readonly [string, ...string[]]>> = {
  'GNU cpio': (archive) => ['sh', '-c', `cpio -idmu --quiet <'${archive}'`],
  ...(BUSYBOX === undefined
    ? {}
    : {
        busybox: (archive: string) => ['sh', '-c', `exec ${BUSYBOX} cpio -idmu -H newc --quiet <'${archive}'`] as const,
      }),
}

for (const [name, wordsOf] of Object.entries(UNPACKERS)) {
  test(`a cpio archive unpacked by ${name} is the tree`, (t) => {
    const work = workDirectory(t)
    const root = makeTree(work)
    const archive = join(work, 'archive')
    writeFileSync(archive, Buffer.concat([...newcPieces(root, selectTree(selectionOf(root)).paths)]))
    const to = join(work, 'unpacked')
    mkdirSync(to)
    const [program, ...args] = wordsOf(archive, to)
    const result = spawnSync(program, args, { cwd: to, encoding: 'utf8' })
    t.is(result.stderr, '')
    t.is(result.status, 0)
    t.deepEqual(describeTree(to), describeTree(root))
  })
}

test('the bytes of an archive depend on the tree only', (t) => {
  const work = workDirectory(t)
  const root = makeTree(work)
  const archive = () => Buffer.concat([...newcPieces(root, selectTree(selectionOf(root)).paths)])
  const before = archive()
  t.true(before.equals(archive()))
  t.is(before.length % 512, 0)
  // The tree copied elsewhere, in another order of making, with other inode numbers.
  const copy = join(work, 'copy')
  execFileSync('sh', [
    '-c',
    `mkdir '${copy}' && cd '${root}' && find . -print0 | sort -rz | cpio -0pdm --quiet '${copy}'`,
  ])
  execFileSync('cp', ['-a', '--remove-destination', `${root}/.`, copy])
  const again = Buffer.concat([...newcPieces(copy, selectTree(selectionOf(copy)).paths)])
  t.true(before.equals(again))
})

test('exlist: patterns that match nothing are named, many of them in one line', (t) => {
  const root = makeTree(workDirectory(t))
  const idle = (lines: readonly string[]) => {
    const lists = { ...noLists, read: () => lines.join('\n') }
    return selectTree(selectionOf(root, { exlist: ['/exlist'], lists })).idlePatterns
  }
  t.deepEqual(idle(['./usr/*', './a', '+./b']), [
    '/exlist line 2: ./a matches nothing in the image',
    '/exlist line 3: +./b matches nothing in the image',
  ])
  t.deepEqual(idle(['./a', './usr/*', './b', '+./c', './d']), [
    '/exlist: 4 patterns match nothing in the image: lines 1, 3, 4, 5',
  ])
})

test('exlist: what is left out, put back, and kept whatever the list says', (t) => {
  const work = workDirectory(t)
  const root = makeTree(work)
  const list = [
    './usr/share/doc*',
    './usr/share/locale/*',
    '+./usr/share/locale/en_US*',
    './tmp*',
    './usr',
    './no/such*',
  ]
  const lists = { read: (path: string) => (path === '/x' ? list.join('\n') : undefined), variables: {} }
  const found = selectTree(selectionOf(root, { exlist: ['/x'], lists, keep: ['./tmp', './nowhere'] }))
  const below = found.paths.filter((path) => path.startsWith('./usr') || path.startsWith('./tmp'))
  t.deepEqual(below, [
    './tmp',
    './usr',
    './usr/big',
    './usr/empty',
    './usr/hosts',
    './usr/link',
    './usr/share',
    './usr/share/locale',
    './usr/share/locale/en_US',
    './usr/share/locale/en_US/x',
  ])
  t.deepEqual(found.left, ['./tmp/pipe', './usr/share/doc', './usr/share/docbook', './usr/share/locale/de'])
  t.deepEqual(found.idlePatterns, ['/x line 6: ./no/such* matches nothing in the image'])
  t.throws(() => selectTree(selectionOf(root, { exlist: ['/missing'], lists })), {
    instanceOf: ImageError,
    message: 'the list /missing cannot be read',
  })
})

test('hard links: only names in the archive count', (t) => {
  const work = workDirectory(t)
  const root = makeTree(work)
  const lists = { read: () => './usr*\n./etc/another', variables: {} }
  const { paths } = selectTree(selectionOf(root, { exlist: ['/x'], lists }))
  const archive = join(work, 'archive')
  writeFileSync(archive, Buffer.concat([...newcPieces(root, paths)]))
  const to = join(work, 'unpacked')
  mkdirSync(to)
  execFileSync('sh', ['-c', `cpio -idmu --quiet <'${archive}'`], { cwd: to })
  t.is(readFileSync(join(to, 'etc/hosts'), 'utf8'), '127.0.0.1 localhost\n')
  t.is(lstatSync(join(to, 'etc/hosts')).nlink, 1)
})

test('memory is counted in whole pages of the nodes, hard links once', (t) => {
  const work = workDirectory(t)
  const root = makeTree(work)
  const { paths, tmpfsBytes: small } = selectTree(selectionOf(root))
  const { tmpfsBytes: large, pageBytes } = selectTree(selectionOf(root, { pageBytes: 65536 }))
  const inodes = 1024 * paths.length
  // Nine files with content: eight take one page, usr/big is 3 MiB and 17 bytes; two names of etc/hosts are links.
  const onePage = ['hosts', 'name with blanks', 'umläut', 'README', 'book', 'de/x', 'en_US/x', 'latin-'].length
  t.is(small - inodes, onePage * 4096 + 3 * 1024 * 1024 + 4096)
  t.is(large - inodes, onePage * 65536 + 3 * 1024 * 1024 + 65536)
  t.is(pageBytes, 65536)
})

for (const [what, arch, files, kibibytes] of [
  ['no configuration, x86_64', 'x86_64', {}, 4],
  ['no configuration, ppc64le', 'ppc64le', {}, 64],
  ['no configuration, aarch64', 'aarch64', {}, 4],
  [
    'Debian on POWER',
    'ppc64le',
    { 'boot/config-6.1': '# CONFIG_PPC_4K_PAGES is not set\nCONFIG_PPC_64K_PAGES=y\n' },
    64,
  ],
  ['POWER with small pages', 'ppc64le', { 'boot/config-6.1': 'CONFIG_PPC_4K_PAGES=y\nCONFIG_X=y\n' }, 4],
  ['EL on arm64', 'aarch64', { 'lib/modules/6.1/config': 'CONFIG_A=y\nCONFIG_ARM64_64K_PAGES=y\n' }, 64],
  ['Linux 6.9', 'aarch64', { 'boot/config-6.1': 'CONFIG_HAVE_PAGE_SIZE_4KB=y\nCONFIG_PAGE_SIZE_16KB=y\n' }, 16],
  ['another kernel', 'aarch64', { 'boot/config-5.9': 'CONFIG_ARM64_64K_PAGES=y\n' }, 4],
] as const)
  test(`page size: ${what}`, async (t) => {
    const root = workDirectory(t)
    for (const [path, content] of Object.entries({ 'boot/vmlinuz-6.1': 'kernel', ...files })) {
      mkdirSync(join(root, path, '..'), { recursive: true })
      writeFileSync(join(root, path), content)
    }
    t.is(await pageBytesOf(root, arch), kibibytes * 1024)
    t.is(await pageBytesOf(root, arch, '6.1'), kibibytes * 1024)
  })

test('a file of 4 GiB is refused by name, before anything is read', (t) => {
  const work = workDirectory(t)
  const root = makeTree(work)
  closeSync(openSync(join(root, 'etc/huge'), 'w'))
  truncateSync(join(root, 'etc/huge'), 2 ** 32)
  const { paths } = selectTree(selectionOf(root))
  const error = t.throws(() => [...newcPieces(root, paths)], { instanceOf: ImageError })
  t.regex(error?.message ?? '', /^\/etc\/huge has 4294967296 bytes.*squashfs/)
})

test('a file that shrinks while it is read ends the packing, and no packed root is left', async (t) => {
  const work = workDirectory(t)
  const root = makeTree(work)
  writeFileSync(join(work, 'rootimg-statelite.gz'), 'the old one')
  const pieces = newcPieces(root, selectTree(selectionOf(root)).paths)
  t.throws(
    () => {
      for (const piece of pieces) if (piece.length > 0) truncateSync(join(root, 'usr/big'), 10)
    },
    { instanceOf: ImageError, message: /\/usr\/big became shorter while it was read/ },
  )
  t.is(readFileSync(join(work, 'rootimg-statelite.gz'), 'utf8'), 'the old one')
})

const DECOMPRESS = { gz: ['gzip', '-dc'], xz: ['xz', '-dc'], zst: ['zstd', '-dc'] } as const

for (const compressor of COMPRESSORS) {
  const run = isInstalled(compressor) ? test : test.skip
  run(`${compressor}: name, record, digest, and the archive comes back`, async (t) => {
    const work = workDirectory(t)
    const root = makeTree(work)
    writeFileSync(join(work, 'rootimg-statelite.sfs'), 'of an earlier packing')
    const { path, record } = await packTree(request(work, root, { compressor, revision: 'rev1' }))
    const compression = { gzip: 'gz', pigz: 'gz', xz: 'xz', zstd: 'zst' }[compressor] as keyof typeof DECOMPRESS
    t.is(path, join(work, `rootimg-statelite.${compression}`))
    t.is(record.format, `cpio.${compression}`)
    t.is(lstatSync(path).mode & 0o777, 0o644)
    t.is(record.sha256, execFileSync('sha256sum', [path], { encoding: 'utf8' }).slice(0, 64))
    t.is(record.sizeBytes, lstatSync(path).size)
    const [program, ...args] = DECOMPRESS[compression]
    const plain = execFileSync(program, [...args, path], { maxBuffer: 1 << 28 })
    t.true(plain.equals(Buffer.concat([...newcPieces(root, selectTree(selectionOf(root)).paths)])))
    t.deepEqual(
      readdirSync(work).sort(),
      ['rootimg', `rootimg-statelite.${compression}`, 'rootimg-statelite.json'].sort(),
    )
    // Same tree, same bytes.
    t.is((await packTree(request(work, root, { compressor, revision: 'rev1' }))).record.sha256, record.sha256)
  })
}

const hasSquashfs = spawnSync('mksquashfs', ['-version']).error === undefined

;(hasSquashfs ? test : test.skip)(
  'squashfs: the exlist applies, names with blanks too, and the bytes repeat',
  async (t) => {
    const work = workDirectory(t)
    const root = makeTree(work)
    for (const name of ['#hash', ' blank', '!bang', 'end ', 'line\nbreak', '\\back', '...']) {
      writeFileSync(join(root, name), name)
      writeFileSync(join(root, 'usr', name), name)
    }
    for (const name of ['a#b', 'back\\slash', 'tab\there', ' leading', 'star*', '...'])
      writeFileSync(join(root, 'etc', name), name)
    const out = [
      './etc/name with blanks',
      './etc/back\\\\slash',
      './etc/tab\there',
      './etc/ leading',
      './usr/share/doc*',
      './etc/...',
      './[! e.tu]*',
      './ blank',
      './end*',
      './...',
      './usr/end*',
    ]
    const lists = { read: () => out.join('\n'), variables: {} }
    const tree = selectionOf(root, { exlist: ['/x'], lists })
    const { path, record } = await packTree(request(work, root, { tree, method: 'squashfs', compressor: 'zstd' }))
    t.is(path, join(work, 'rootimg-statelite.sfs'))
    t.is(record.format, 'squashfs')
    const to = join(work, 'unpacked')
    execFileSync('unsquashfs', ['-q', '-n', '-d', to, path], { stdio: 'ignore' })
    const expected = describeTree(root)
    const { paths } = selectTree(tree)
    const kept = new Set(paths.map((name) => bytesOfName(name).toString('latin1')))
    t.false(kept.has('./etc/name with blanks'))
    t.true(kept.has('./etc/a#b'))
    t.deepEqual(
      Object.keys(describeTree(to)).sort(),
      Object.keys(expected)
        .filter((name) => kept.has(name))
        .sort(),
    )
    t.is(
      (await packTree(request(work, root, { tree, method: 'squashfs', compressor: 'zstd' }))).record.sha256,
      record.sha256,
    )
  },
)

test('tar, for stateless nodes', async (t) => {
  const work = workDirectory(t)
  const root = makeTree(work)
  const { path, record } = await packTree(request(work, root, { purpose: 'netboot', method: 'tar' }))
  t.is(path, join(work, 'rootimg.tar.gz'))
  t.is(record.format, 'tar.gz')
  const to = join(work, 'unpacked')
  mkdirSync(to)
  execFileSync('tar', ['-xpzf', path, '-C', to])
  t.deepEqual(describeTree(to), describeTree(root))
})

test('a compressor that fails leaves the old packed root as it was', async (t) => {
  const work = workDirectory(t)
  const root = makeTree(work)
  const before = await packTree(request(work, root))
  rmSync(join(root, 'usr/share/docbook/book'))
  const tree = selectionOf(root, { exlist: ['/missing'] })
  await t.throwsAsync(packTree(request(work, root, { tree })), { instanceOf: ImageError })
  t.like(openPackRecords()(join(work, 'rootimg-statelite.json')), { record: { sha256: before.record.sha256 } })
})

test('a record counts only for the very file it was written for', async (t) => {
  const work = workDirectory(t)
  const root = makeTree(work)
  const { path } = await packTree(request(work, root))
  const read = openPackRecords()
  const recordPath = join(work, 'rootimg-statelite.json')
  t.like(read(recordPath), { path })
  utimesSync(path, 1, 1)
  t.deepEqual(read(recordPath), { fault: `${path} is not the file that was packed` })
  rmSync(path)
  t.deepEqual(read(recordPath), { fault: `the packed root ${path} does not exist` })
  writeFileSync(recordPath, '{"file":"../../etc/shadow","sha256":"x"}')
  t.deepEqual(read(recordPath), { fault: `${recordPath} is not a record of a packed root` })
})

test('names that are no text come back byte for byte', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (bytes) => {
      const name = Buffer.from(bytes.map((byte) => (byte === 0 || byte === 47 ? 65 : byte)))
      t.true(bytesOfName(textOfName(name)).equals(name))
      t.true(bytesOfName(`./dir/${textOfName(name)}`).equals(Buffer.concat([Buffer.from('./dir/'), name])))
    }),
  )
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1 }), (name) => {
      const bytes = Buffer.from(name)
      t.true(bytesOfName(textOfName(bytes)).equals(bytes))
    }),
  )
  t.is(shownName(textOfName(Buffer.from([0x61, 0xe4]))), 'a\\xe4')
})
