import { randomBytes } from 'node:crypto'
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { CHUNK_BYTES, HOT_FILE_MAX_BYTES } from '../../src/tftp/limits.ts'
import { diskRoute } from '../../src/tftp/routes.ts'
import { FileShelf } from '../../src/tftp/shelf.ts'
import { FileSource, NetasciiSource, NOT_LOADED } from '../../src/tftp/sources.ts'

const client = { ip: '10.77.0.50', port: 3000 }
const top = mkdtempSync(join(tmpdir(), 'tftp-disk-'))
const root = join(top, 'root')
mkdirSync(join(root, 'boot'), { recursive: true })
mkdirSync(join(top, 'root-other'))
writeFileSync(join(top, 'secret'), 'secret')
writeFileSync(join(top, 'root-other', 'secret'), 'secret')
writeFileSync(join(root, 'boot', 'loader'), 'loader')
test.after.always(() => rmSync(top, { recursive: true }))

test('files below the root are found, missing ones are left to the next route', async (t) => {
  t.like(await diskRoute(root)('boot/loader', client), { kind: 'file' })
  t.is(await diskRoute(root)('boot/none', client), undefined)
  t.is(await diskRoute(root)('boot/loader/x', client), undefined)
  t.is(await diskRoute(join(top, 'no-root'))('boot/loader', client), undefined)
})

test('symlinks inside the root are followed, those that lead out are refused', async (t) => {
  symlinkSync('boot/loader', join(root, 'inside'))
  symlinkSync('../secret', join(root, 'outside'))
  symlinkSync('/', join(root, 'slash'))
  // A sibling whose name begins like the root's.
  symlinkSync('../root-other', join(root, 'other'))
  t.like(await diskRoute(root)('inside', client), { kind: 'file', path: join(root, 'boot/loader') })
  t.like(await diskRoute(root)('outside', client), { kind: 'refused', code: 2 })
  t.like(await diskRoute(root)('slash/etc/passwd', client), { kind: 'refused', code: 2 })
  t.like(await diskRoute(root)('other/secret', client), { kind: 'refused', code: 2 })
  t.like(await diskRoute(root)('../secret', client), { kind: 'refused', code: 2 })
})

test('the root may itself be a link, switched over while the server runs', async (t) => {
  mkdirSync(join(top, 'v1'))
  mkdirSync(join(top, 'v2'))
  writeFileSync(join(top, 'v1', 'f'), '1')
  writeFileSync(join(top, 'v2', 'f'), '2')
  symlinkSync('v1', join(top, 'current'))
  const route = diskRoute(join(top, 'current'))
  t.like(await route('f', client), { path: join(top, 'v1/f') })
  symlinkSync('v2', join(top, 'next'))
  renameSync(join(top, 'next'), join(top, 'current'))
  t.like(await route('f', client), { path: join(top, 'v2/f') })
})

test('a hot file is read once, and again after any change, also one that keeps size and mtime', async (t) => {
  const shelf = new FileShelf()
  const path = join(top, 'hot')
  writeFileSync(path, 'one')
  utimesSync(path, 1000, 1000)
  const first = await shelf.take(path)
  const second = await shelf.take(path)
  t.is(first, second)
  t.is(first?.data?.toString(), 'one')
  await new Promise((resolve) => setTimeout(resolve, 20))
  writeFileSync(path, 'two')
  utimesSync(path, 1000, 1000)
  const third = await shelf.take(path)
  t.is(third?.data?.toString(), 'two')
  t.is(first?.data?.toString(), 'one')
  await shelf.close()
})

test('at the same time asked for, a file is opened once; directories and missing files are no files', async (t) => {
  const shelf = new FileShelf()
  const path = join(top, 'together')
  writeFileSync(path, randomBytes(100))
  const taken = await Promise.all(Array.from({ length: 20 }, () => shelf.take(path)))
  t.is(new Set(taken).size, 1)
  t.is(taken[0]?.users, 20)
  t.is(await shelf.take(root), undefined)
  t.is(await shelf.take(join(top, 'missing')), undefined)
  await shelf.close()
})

async function readAll(source: FileSource | NetasciiSource, blockSize: number): Promise<Buffer> {
  const parts: Buffer[] = []
  const block = Buffer.alloc(blockSize)
  for (;;) {
    const taken = source.pull(block, 0, blockSize)
    if (taken === NOT_LOADED) {
      await source.load()
      continue
    }
    parts.push(Buffer.from(block.subarray(0, taken)))
    if (taken < blockSize) return Buffer.concat(parts)
  }
}

test('a large file is read in chunks, blocks across a chunk boundary included, in octet and netascii', async (t) => {
  const shelf = new FileShelf()
  const path = join(top, 'large')
  const bytes = randomBytes(HOT_FILE_MAX_BYTES + 2 * CHUNK_BYTES + 77)
  writeFileSync(path, bytes)
  const file = await shelf.take(path)
  if (!file) throw new Error('no file')
  t.is(file.data, undefined)
  t.true((await readAll(new FileSource(file), 1428)).equals(bytes))
  const wire = bytes.toString('latin1').replace(/[\r\n]/g, (end) => (end === '\n' ? '\r\n' : '\r\0'))
  t.true((await readAll(new NetasciiSource(new FileSource(file), undefined), 1428)).equals(Buffer.from(wire, 'latin1')))
  shelf.release(path, file)
  await shelf.close()
})

test('a large file that changes under a transfer ends it, instead of mixing two versions', async (t) => {
  const shelf = new FileShelf()
  const path = join(top, 'changing')
  writeFileSync(path, randomBytes(HOT_FILE_MAX_BYTES + 2 * CHUNK_BYTES))
  const file = await shelf.take(path)
  if (!file) throw new Error('no file')
  await file.load(0)
  appendFileSync(path, 'more')
  await t.throwsAsync(file.load(1), { message: /changed/ })
  await shelf.close()
})
