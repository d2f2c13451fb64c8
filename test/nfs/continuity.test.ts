/** What a running node must not notice: restarts, renames, replaced files, directories that change while they are read. */
import { mkdirSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import fc from 'fast-check'
import type { Attributes } from '../../src/nfs/attributes.ts'
import { compileListing, cookieOf, dropFromListing, indexAfter } from '../../src/nfs/listing.ts'
import { openStage } from './stage.ts'

test('handles work on after a restart with an empty index, also when directories were renamed meanwhile', async (t) => {
  const stage = await openStage(t)
  const { state } = stage
  for (let i = 0; i < 50; i++) {
    mkdirSync(join(state, `dir${i}/sub`), { recursive: true })
    writeFileSync(join(state, `dir${i}/sub/f`), `content ${i}`)
  }
  const { handle } = await stage.client.mount('/state')
  const files: Buffer[] = []
  for (let i = 0; i < 50; i++) files.push(await stage.client.walk(handle, `dir${i}/sub/f`))
  const dir = await stage.client.walk(handle, 'dir3')
  renameSync(join(state, 'dir7'), join(state, 'dir9/seven'))
  await stage.restart()
  // All at once: one scan serves them.
  const read = await Promise.all(files.map((file) => stage.client.read(file, 0, 100)))
  t.deepEqual(
    read.map((r) => r.data.toString()),
    files.map((_, i) => `content ${i}`),
  )
  t.is(stage.server.counters.scans, 1)
  t.is((await stage.client.write(files[7]!, 0, Buffer.from('CONTENT'), 2)).status, 0)
  t.is(readFileSync(join(state, 'dir9/seven/sub/f'), 'utf8'), 'CONTENT 7')
  t.is((await stage.client.create(dir, 'new', 'guarded')).status, 0)
  t.deepEqual((await stage.client.mount('/state')).handle, handle, 'the same handle for the same file')
  t.is(stage.server.counters.scans, 1)
})

test('a file that was removed while the server was down is stale, and does not cause scan after scan', async (t) => {
  const stage = await openStage(t)
  writeFileSync(join(stage.state, 'f'), '')
  writeFileSync(join(stage.state, 'g'), '')
  const { handle } = await stage.client.mount('/state')
  const f = await stage.client.walk(handle, 'f')
  rmSync(join(stage.state, 'f'))
  await stage.restart()
  for (let i = 0; i < 20; i++) t.is((await stage.client.getattr(f)).status, 70)
  t.is(stage.server.counters.scans, 1)
})

test('a file whose inode number was used again is another file', async (t) => {
  let offset = 0
  const stage = await openStage(t, { now: () => Date.now() + offset })
  const { handle } = await stage.client.mount('/state')
  const seen = new Map<number, Buffer>()
  for (let i = 0; i < 30; i++) {
    writeFileSync(join(stage.state, 'f'), String(i))
    offset += 1001
    const { handle: file } = await stage.client.lookup(handle, 'f')
    const id = (await stage.client.getattr(file)).attributes!.fileid
    const old = seen.get(id)
    if (old !== undefined) {
      t.notDeepEqual(old, file)
      t.is((await stage.client.getattr(old)).status, 70)
    }
    seen.set(id, file)
    await stage.client.remove(handle, 'f')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  if (seen.size === 30) t.log('this file system does not use inode numbers again: nothing was put to the test')
  t.true(seen.size > 0)
})

test('a file replaced from outside (package upgrade) can be read on by who has it, and the new one is found', async (t) => {
  let offset = 0
  const { client, image } = await openStage(t, { now: () => Date.now() + offset })
  writeFileSync(join(image, 'libc.so'), 'old')
  const { handle } = await client.mount('/image')
  const old = await client.walk(handle, 'libc.so')
  t.is((await client.getattr(old)).status, 0)
  writeFileSync(join(image, 'libc.so.new'), 'new')
  renameSync(join(image, 'libc.so.new'), join(image, 'libc.so'))
  offset += 1500
  t.is((await client.read(old, 0, 10)).data.toString(), 'old')
  const fresh = await client.walk(handle, 'libc.so')
  t.notDeepEqual(fresh, old)
  t.is((await client.read(fresh, 0, 10)).data.toString(), 'new')
})

test('an export directory that is replaced as a whole: new look-ups see the new one, held files go on', async (t) => {
  let offset = 0
  const { client, image } = await openStage(t, { now: () => Date.now() + offset })
  writeFileSync(join(image, 'f'), 'old')
  const first = await client.mount('/image')
  const f = await client.walk(first.handle, 'f')
  t.is((await client.read(f, 0, 10)).data.toString(), 'old')
  renameSync(image, `${image}.old`)
  mkdirSync(image)
  writeFileSync(join(image, 'f'), 'new')
  offset += 1500
  const second = await client.mount('/image')
  t.notDeepEqual(second.handle, first.handle)
  t.is((await client.read(await client.walk(second.handle, 'f'), 0, 10)).data.toString(), 'new')
  t.is((await client.read(f, 0, 10)).data.toString(), 'old')
})

test('§3.3.16: a directory of 20,000 entries, read in small pieces while entries are removed, created and the server restarted', async (t) => {
  const stage = await openStage(t)
  const dir = join(stage.state, 'many')
  mkdirSync(dir)
  for (let i = 0; i < 20_000; i++) writeFileSync(join(dir, `entry-${i}`), '')
  const { handle } = await stage.client.mount('/state')
  const many = await stage.client.walk(handle, 'many')
  let part = 0
  const removed = new Set<string>()
  const names: string[] = []
  let cookie = 0
  let verifier = Buffer.alloc(8)
  for (;;) {
    const got = await stage.client.readdir(many, cookie, verifier, 8192)
    t.is(got.status, 0)
    t.true(got.bytes <= 8192)
    names.push(...got.entries.map((entry) => entry.name))
    if (got.eof) break
    cookie = got.entries.at(-1)!.cookie
    verifier = got.verifier
    part++
    if (part === 20) await stage.restart()
    const next = `entry-${part * 97}`
    if (part % 2 === 0) await stage.client.remove(many, next)
    else unlinkSync(join(dir, next))
    removed.add(next)
    writeFileSync(join(dir, `added-${part}`), '')
  }
  t.true(part > 50)
  t.is(new Set(names).size, names.length, 'nothing twice')
  const seen = new Set(names)
  for (let i = 0; i < 20_000; i++) if (!removed.has(`entry-${i}`)) t.true(seen.has(`entry-${i}`), `entry-${i}`)
})

test('§3.3.17 READDIRPLUS: dircount and maxcount are kept, handles and attributes are those of LOOKUP', async (t) => {
  const { client, image } = await openStage(t)
  for (let i = 0; i < 300; i++) writeFileSync(join(image, `file-${i}`), 'x'.repeat(i))
  const { handle } = await client.mount('/image')
  const small = await client.readdirplus(handle, 0, Buffer.alloc(8), 200, 32768)
  t.true(small.entries.length <= 8 && small.entries.length > 1)
  const tight = await client.readdirplus(handle, 0, Buffer.alloc(8), 32768, 2000)
  t.true(tight.bytes <= 2000 && tight.bytes > 1500)
  t.is((await client.readdirplus(handle, 0, Buffer.alloc(8), 100, 100)).status, 10005)
  t.is((await client.readdir(handle, 0, Buffer.alloc(8), 100)).status, 10005)
  const all = await client.readdirplus(handle, 0, Buffer.alloc(8), 65536, 65536 * 4)
  t.true(all.eof)
  t.is(all.entries.length, 302)
  for (const entry of all.entries) {
    const found = await client.lookup(handle, entry.name)
    t.deepEqual(entry.handle, found.handle)
    t.like(entry.attributes, { size: found.attributes!.size, fileid: entry.fileid })
  }
})

test('§3.3.16: a cookie of another server, told by its verifier, answers BAD_COOKIE', async (t) => {
  const { client } = await openStage(t)
  const { handle } = await client.mount('/image')
  t.is((await client.readdir(handle, 5, Buffer.alloc(8, 1))).status, 10003)
  t.is((await client.readdir(handle, 0, Buffer.alloc(8, 1))).status, 0)
})

test('a listing from the start is never an old one', async (t) => {
  const { client, state } = await openStage(t)
  const { handle } = await client.mount('/state')
  for (let i = 0; i < 50; i++) {
    writeFileSync(join(state, `f${i}`), '')
    t.is((await client.list(handle)).length, i + 3)
  }
  await client.remove(handle, 'f7')
  t.false((await client.list(handle)).includes('f7'))
})

test('frozen exports: an edit is not looked for', async (t) => {
  let offset = 0
  const { client, image } = await openStage(t, { now: () => Date.now() + offset }, true)
  writeFileSync(join(image, 'f'), '1')
  const { handle } = await client.mount('/image')
  const f = await client.walk(handle, 'f')
  t.is((await client.lookup(handle, 'g')).status, 2)
  writeFileSync(join(image, 'f'), '12345')
  writeFileSync(join(image, 'g'), '')
  offset += 10_000
  t.is((await client.getattr(f)).attributes?.size, 1)
  t.is((await client.lookup(handle, 'g')).status, 2)
})

const none = {} as Attributes // the stamp is not looked at here

test('cookies rise, are above 2, and stay with their names when others come and go', (t) => {
  const name = fc.string({ minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(fc.uniqueArray(name), fc.uniqueArray(name), (kept, others) => {
      const a = compileListing(kept, none, 0)
      const b = compileListing([...new Set([...others, ...kept])], none, 0)
      t.deepEqual([...a.names].sort(), [...kept].sort())
      for (let i = 0; i < a.names.length; i++) {
        t.true(a.cookies[i]! > (i === 0 ? 2 : a.cookies[i - 1]!))
        t.is(a.cookies[i], cookieOf(a.names[i]!))
        t.is(b.cookies[b.names.indexOf(a.names[i]!)], a.cookies[i])
        t.is(indexAfter(a, a.cookies[i]!), i + 1)
      }
    }),
  )
})

test('an entry dropped from a listing is gone, the others are not', (t) => {
  const names = Array.from({ length: 1000 }, (_, i) => `n${i}`)
  const listing = compileListing(names, none, 0)
  dropFromListing(listing, 'n500')
  dropFromListing(listing, 'never')
  t.deepEqual(listing.names.filter((n) => n !== '').sort(), names.filter((n) => n !== 'n500').sort())
})

test('an export directory that is away for a while: clients are told to come back, and go on when it is there', async (t) => {
  const stage = await openStage(t)
  writeFileSync(join(stage.state, 'f'), 'x')
  const { handle } = await stage.client.mount('/state')
  const f = await stage.client.walk(handle, 'f')
  renameSync(stage.state, `${stage.state}.away`)
  await stage.restart()
  t.is((await stage.client.mount('/state')).status, 2)
  t.is((await stage.client.getattr(f)).status, 10008)
  renameSync(`${stage.state}.away`, stage.state)
  t.is((await stage.client.read(f, 0, 1)).data.toString(), 'x')
})

test('files made or removed on the server a moment ago do not confuse CREATE, REMOVE and RENAME', async (t) => {
  const { client, state } = await openStage(t)
  const { handle } = await client.mount('/state')
  t.is((await client.lookup(handle, 'f')).status, 2)
  writeFileSync(join(state, 'f'), '')
  t.is((await client.create(handle, 'f', 'guarded')).status, 17)
  unlinkSync(join(state, 'f'))
  t.is((await client.remove(handle, 'f')).status, 2)
  t.is((await client.create(handle, 'f', 'guarded')).status, 0)
  unlinkSync(join(state, 'f'))
  t.is((await client.rename(handle, 'f', handle, 'g')).status, 2)
  t.is((await client.create(handle, 'f', 'guarded')).status, 0)
})

test('more open files than may be held: the least used are closed and opened again when needed', async (t) => {
  const { OpenFiles } = await import('../../src/nfs/open-files.ts')
  const { Forest } = await import('../../src/nfs/forest.ts')
  const { tableOf } = await import('./stage.ts')
  const { image, grants, clients } = await openStage(t)
  for (let i = 0; i < 200; i++) writeFileSync(join(image, `f${i}`), String(i))
  let nowMs = Date.now()
  const openFiles = new OpenFiles(40)
  const pace = { now: () => nowMs, breathe: async () => {}, sleep: async () => {} }
  const exports = tableOf(grants, clients)
  const forest = new Forest({ exports, handleKey: Buffer.alloc(32), openFiles, pace, onScan: () => t.fail('no scan') })
  const tree = forest.tree(grants[0]!)!
  const handles = Array.from({ length: 200 }, (_, i) => {
    openFiles.trim(nowMs)
    tree.open(tree.root)
    return forest.handle(tree.lookup(tree.root, `f${i}`)!)
  })
  t.true(openFiles.size <= 41)
  for (let round = 0; round < 2; round++) {
    for (const handle of handles) {
      nowMs += 200
      openFiles.trim(nowMs)
      const resolved = forest.resolve('127.0.0.1', handle)
      t.true('inode' in resolved && resolved.inode.fd >= 0)
      t.true(openFiles.size <= 41)
    }
  }
  forest.close()
  t.is(openFiles.size, 0)
})
