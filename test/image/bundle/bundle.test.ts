import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import { CpioFault, scanCpio } from '../../../src/image/bundle/cpio-scan.ts'
import { type BundleManifest, parseManifest, renderManifest } from '../../../src/image/bundle/manifest.ts'
import { openBundle } from '../../../src/image/bundle/open.ts'
import { occupied, placeFile } from '../../../src/image/bundle/place.ts'
import { packTree, unpackTree } from '../../../src/image/bundle/tree.ts'
import { writeBundle } from '../../../src/image/bundle/write.ts'
import { parseXml } from '../../../src/image/bundle/xml.ts'
import { type CpioEntry, encodeCpio } from '../../../src/image/initrd/cpio.ts'
import { file, makeWorkplace, readTree } from '../image-tree.ts'

const MANIFEST: BundleManifest = {
  osimage: { imagename: 'demo', profile: 'a <b> & "c"' },
  linuximage: { rootimgdir: '/install/x' },
  columns: {},
  files: { kernel: '/install/x/kernel' },
  extra: [{ src: 'tune', dest: '/install/postscripts' }],
  postscripts: 'a,b',
  postbootscripts: undefined,
  needsMedia: false,
  installdir: '/install',
}

function directory(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'liteboot-bundle-'))
  t.teardown(() => rmSync(path, { recursive: true, force: true }))
  return path
}

test('a manifest comes back as it was written', (t) => {
  t.like(parseManifest(renderManifest(MANIFEST)), JSON.parse(JSON.stringify(MANIFEST)))
})

test('manifests of xCAT: empty elements, the old flat form, comments, entities', (t) => {
  const read = parseManifest(`<?xml version="1.0"?><!-- made by hand -->
<xcatimage a="b"><imagename>old</imagename><kernel>/i/kernel</kernel><osvers></osvers><osarch/><profile>a&amp;&#98;&#x63;</profile>
<extra><src>one</src><dest>/x</dest></extra><extra><src>two</src></extra></xcatimage>`)
  t.like(read, { columns: { imagename: 'old', profile: 'a&bc' }, files: { kernel: '/i/kernel' }, needsMedia: false })
  t.deepEqual('extra' in read ? read.extra : [], [
    { src: 'one', dest: '/x' },
    { src: 'two', dest: '' },
  ])
})

test('XML that a manifest does not have is refused', (t) => {
  const bad = [
    '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>',
    '<x>&unknown;</x>',
    '<x><y></x></y>',
    '<x>',
    '</x>',
    '<x></x><y></y>',
    'text',
    '<x>&#0;</x>',
    '<a>'.repeat(50),
  ]
  for (const text of bad) t.true('fault' in parseXml(text), text)
  t.notThrows(() => fc.assert(fc.property(fc.string(), (text) => typeof parseXml(text) === 'object')))
  const made = fc.stringMatching(/^[<>/a&;! -]{0,40}$/)
  t.notThrows(() => fc.assert(fc.property(made, (text) => typeof parseXml(text) === 'object')))
})

test('a bundle comes back: files, modes, extra directories; nothing is left beside it', async (t) => {
  const at = directory(t)
  mkdirSync(join(at, 'dir/sub'), { recursive: true })
  writeFileSync(join(at, 'dir/sub/file'), 'deep')
  writeFileSync(join(at, 'script'), '#!/bin/sh', { mode: 0o755 })
  symlinkSync('../script', join(at, 'dir/link'))
  const output = join(at, 'demo.tgz')
  await writeBundle({
    name: 'demo',
    output,
    manifest: MANIFEST,
    members: [
      { name: 'script', from: join(at, 'script') },
      { name: 'litefile.csv', from: { text: 'x' } },
      { name: 'extra/dir', from: join(at, 'dir') },
    ],
  })
  t.deepEqual(readdirSync(at).sort(), ['demo.tgz', 'dir', 'script'])
  const opened = await openBundle(output, join(at, 'opened'))
  t.deepEqual([...opened.members].sort(), [
    'extra/dir/link',
    'extra/dir/sub/file',
    'litefile.csv',
    'manifest.xml',
    'script',
  ])
  t.is(readFileSync(join(at, 'opened/extra/dir/sub/file'), 'utf8'), 'deep')
  await placeFile(join(at, 'opened/script'), join(at, 'placed/script'), 2)
  t.is(execFileSync('stat', ['-c', '%a', join(at, 'placed/script')], { encoding: 'utf8' }), '755\n')
  t.is(await occupied(join(at, 'placed/script'), join(at, 'script')), 'same')
  t.is(await occupied(join(at, 'placed/script'), join(at, 'opened/litefile.csv')), 'other')
  t.is(await occupied(join(at, 'placed/none'), join(at, 'script')), 'free')
  await t.throwsAsync(placeFile(join(at, 'dir/sub/file'), join(at, 'placed/script'), 2), { message: /just been made/ })
  t.is(readFileSync(join(at, 'placed/script'), 'utf8'), '#!/bin/sh')
})

test('two files of one name are no bundle, and an older bundle stays', async (t) => {
  const at = directory(t)
  writeFileSync(join(at, 'demo.tgz'), 'older')
  const twice = { name: 'list', from: { text: 'x' } }
  await t.throwsAsync(
    writeBundle({ name: 'demo', output: join(at, 'demo.tgz'), manifest: MANIFEST, members: [twice, twice] }),
    { message: /called list/ },
  )
  t.deepEqual(readdirSync(at), ['demo.tgz'])
  t.is(readFileSync(join(at, 'demo.tgz'), 'utf8'), 'older')
})

/** A tar archive of one member with this name and type. */
function tarOf(name: string, type: string, content = 'x', link = ''): Buffer {
  const header = Buffer.alloc(512)
  header.write(name, 0)
  header.write('0000644\0', 100)
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124)
  header.write('        ', 148)
  header.write(type, 156)
  header.write(link, 157)
  header.write('ustar\x0000', 257, 'latin1')
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return Buffer.concat([header, Buffer.alloc(512, content + '\0'.repeat(512 - content.length)), Buffer.alloc(1024)])
}

test('hostile archives: nothing of them lands outside, and links and devices are refused', async (t) => {
  const cases: Record<string, Buffer> = {
    parent: tarOf('demo/../../escaped', '0'),
    absolute: tarOf('/tmp/liteboot-escaped', '0'),
    dots: tarOf('demo/./x', '0'),
    symlink: tarOf('demo/link', '2', '', '/etc'),
    hardlink: tarOf('demo/link', '1', '', '/etc/passwd'),
    device: tarOf('demo/null', '3', ''),
    huge: tarOf('demo/x', '0').fill('7', 124, 135),
    short: tarOf('demo/x', '0').subarray(0, 600),
    random: Buffer.alloc(2048, 'junk'),
    empty: Buffer.alloc(0),
    bare: tarOf('demo/x', '0'),
  }
  for (const [name, bytes] of Object.entries(cases)) {
    const at = directory(t)
    for (const pack of [(plain: Buffer) => plain, gzipSync]) {
      rmSync(join(at, 'opened'), { recursive: true, force: true })
      writeFileSync(join(at, 'bundle'), pack(bytes))
      await t.throwsAsync(openBundle(join(at, 'bundle'), join(at, 'opened')), { name: 'ImageError' }, name)
    }
    t.deepEqual(readdirSync(at).sort(), ['bundle', 'opened'], name)
  }
  t.false(existsSync('/tmp/liteboot-escaped'))
})

test('a tree comes back with owners, modes, times and hard links', async (t) => {
  const place = makeWorkplace([
    file('/etc/shadow', 'secret', 0o600),
    file('/usr/bin/tool', 'x', 0o4755),
    { kind: 'hardlink', path: '/usr/bin/again', to: '/usr/bin/tool' },
    { kind: 'symlink', path: '/bin', target: '/usr/bin' },
    file('/odd name\n', ''),
  ])
  const root = join(place, 'rootimg')
  await packTree(root, join(place, 'tree.gz'))
  mkdirSync(join(place, 'again'))
  const facts = await unpackTree(join(place, 'tree.gz'), join(place, 'again'), undefined)
  t.is(facts.entries, 8)
  const wholeSeconds = (tree: Record<string, string>) =>
    Object.fromEntries(Object.entries(tree).map(([path, line]) => [path, line.replace(/(\d+)\d{9}(?= |$)/, '$1')]))
  t.deepEqual(wholeSeconds(readTree(join(place, 'again'))), wholeSeconds(readTree(root)))
})

async function scan(entries: readonly CpioEntry[] | Buffer): Promise<unknown> {
  const bytes = Buffer.isBuffer(entries) ? entries : encodeCpio(entries)
  async function* pieces(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += 97) yield bytes.subarray(at, at + 97)
  }
  return await scanCpio(pieces())
}

const plain = (name: string): CpioEntry => ({ name, kind: 'file', mode: 0o644, data: Buffer.from('x'.repeat(300)) })
const link = (name: string): CpioEntry => ({ name, kind: 'symlink', mode: 0o777, data: Buffer.from('/etc') })

test('hostile trees are seen before anything is unpacked', async (t) => {
  t.deepEqual(await scan([{ name: '.', kind: 'dir', mode: 0o755 }, plain('./a'), plain('b/c'), link('d')]), {
    entries: 3,
    dataBytes: 604,
    top: { mode: 0o755, uid: 0, gid: 0, mtimeSeconds: 0 },
  })
  const bad: Record<string, readonly CpioEntry[] | Buffer> = {
    'leaves the tree': [plain('../x')],
    'leaves the tree ': [plain('/etc/x')],
    'leaves the tree  ': [plain('a//b')],
    'no directory': [link('a'), plain('a/passwd')],
    'comes twice': [link('a'), plain('a')],
    'a device outside': [{ name: 'a', kind: 'char', mode: 0o666, device: [8, 0] }],
    'cut short': encodeCpio([plain('a')]).subarray(0, 200),
    'no newc': Buffer.alloc(500, 'x'),
  }
  for (const [message, entries] of Object.entries(bad))
    await t.throwsAsync(scan(entries), { instanceOf: CpioFault, message: new RegExp(message.trim()) }, message)
  await t.notThrowsAsync(
    fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
        await scan(Buffer.concat([Buffer.from('070701'), Buffer.from(bytes)])).catch((error: unknown) => {
          if (!(error instanceof CpioFault)) throw error
        })
      }),
    ),
  )
})
