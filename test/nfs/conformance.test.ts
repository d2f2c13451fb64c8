/** RFC 1813 by clause, against the real server over loopback. */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import test from 'ava'
import { args, readPostOp, readWcc } from './client.ts'
import { openStage } from './stage.ts'

const isRoot = process.getuid?.() === 0
const rootTest = isRoot ? test : test.skip

test('§3.3.1 GETATTR: type, mode, links, owner, size, times as the file system has them', async (t) => {
  const { client, image } = await openStage(t)
  writeFileSync(join(image, 'f'), 'twelve bytes')
  chmodSync(join(image, 'f'), 0o4751)
  linkSync(join(image, 'f'), join(image, 'g'))
  utimesSync(join(image, 'f'), 1_000_000_000, 1_200_000_000.5)
  const { handle } = await client.mount('/image')
  const { attributes } = await client.getattr(await client.walk(handle, 'f'))
  const stats = lstatSync(join(image, 'f'))
  t.like(attributes, { type: 1, mode: 0o4751, nlink: 2, uid: stats.uid, gid: stats.gid, size: 12, fsid: 11 })
  t.is(attributes?.fileid, stats.ino)
  t.deepEqual(attributes?.atime, [1_000_000_000, 0])
  t.deepEqual(attributes?.mtime, [1_200_000_000, 500_000_000])
  t.is((await client.getattr(handle)).attributes?.type, 2)
})

rootTest('§2.3.5 fattr3: every file type, and the device numbers of devices', async (t) => {
  const { client, image } = await openStage(t)
  execFileSync('mknod', [join(image, 'null'), 'c', '1', '3'])
  execFileSync('mknod', [join(image, 'big'), 'b', '259', '70000'])
  execFileSync('mkfifo', [join(image, 'fifo')])
  symlinkSync('x', join(image, 'link'))
  const { handle } = await client.mount('/image')
  t.like((await client.lookup(handle, 'null')).attributes, { type: 4, rdev: [1, 3] })
  t.like((await client.lookup(handle, 'big')).attributes, { type: 3, rdev: [259, 70000] })
  t.like((await client.lookup(handle, 'fifo')).attributes, { type: 7, rdev: [0, 0] })
  t.like((await client.lookup(handle, 'link')).attributes, { type: 5 })
})

test('§3.3.2 SETATTR: mode, size, times; only what is asked for', async (t) => {
  const { client, state } = await openStage(t)
  writeFileSync(join(state, 'f'), 'content')
  utimesSync(join(state, 'f'), 1_000_000_000, 1_100_000_000)
  const { handle } = await client.mount('/state')
  const file = await client.walk(handle, 'f')
  const done = await client.setattr(file, { mode: 0o600, mtime: [1_300_000_000, 250_000_000] })
  t.is(done.status, 0)
  t.is(done.wcc.before?.size, 7)
  t.like(done.wcc.after, { mode: 0o600, atime: [1_000_000_000, 0], mtime: [1_300_000_000, 250_000_000] })
  t.is((await client.setattr(file, { size: 3 })).wcc.after?.size, 3)
  t.is(readFileSync(join(state, 'f'), 'utf8'), 'con')
  t.is((await client.setattr(file, { size: 1 << 20 })).wcc.after?.size, 1 << 20)
  t.true(statSync(join(state, 'f')).blocks < 100, 'sparse')
  const now = await client.setattr(file, { mtime: 'server' })
  t.true(Math.abs((now.wcc.after?.mtime[0] ?? 0) - Date.now() / 1000) < 5)
  t.is((await client.setattr(handle, { size: 0 })).status, 21)
})

test('§3.3.2 SETATTR: a guard that is not the present ctime answers NOT_SYNC and changes nothing', async (t) => {
  const { client, state } = await openStage(t)
  writeFileSync(join(state, 'f'), '')
  chmodSync(join(state, 'f'), 0o644)
  const { handle } = await client.mount('/state')
  const file = await client.walk(handle, 'f')
  const { attributes } = await client.getattr(file)
  const refused = await client.setattr(file, { mode: 0o600 }, [attributes!.ctime[0] - 1, 0])
  t.is(refused.status, 10002)
  t.is(statSync(join(state, 'f')).mode & 0o777, 0o644)
  t.is((await client.setattr(file, { mode: 0o600 }, attributes!.ctime)).status, 0)
})

rootTest('§3.3.2 SETATTR: owner of a file and of a symbolic link itself', async (t) => {
  const { client, state, base } = await openStage(t)
  writeFileSync(join(base, 'outside'), '')
  symlinkSync(join(base, 'outside'), join(state, 'l'))
  const { handle } = await client.mount('/state')
  const link = await client.walk(handle, 'l')
  t.is((await client.setattr(link, { uid: 12, gid: 34, mtime: [1_000_000_000, 0], mode: 0o600 })).status, 0)
  t.like(lstatSync(join(state, 'l')), { uid: 12, gid: 34, mtimeMs: 1_000_000_000_000 })
  t.like(statSync(join(base, 'outside')), { uid: 0, gid: 0 })
})

test('§3.3.3 LOOKUP: NOENT, NOTDIR, NAMETOOLONG, "." and "..", and ".." of the root is the root', async (t) => {
  const { client, image } = await openStage(t)
  mkdirSync(join(image, 'd/e'), { recursive: true })
  writeFileSync(join(image, 'f'), '')
  const { handle } = await client.mount('/image')
  const d = await client.walk(handle, 'd')
  const e = await client.walk(d, 'e')
  t.is((await client.lookup(handle, 'none')).status, 2)
  t.is((await client.lookup(handle, 'none')).status, 2)
  t.is((await client.lookup(await client.walk(handle, 'f'), 'x')).status, 20)
  t.is((await client.lookup(handle, 'n'.repeat(256))).status, 63)
  t.is((await client.lookup(handle, 'd/e')).status, 13)
  t.is((await client.lookup(handle, '')).status, 22)
  t.deepEqual((await client.lookup(e, '.')).handle, e)
  t.deepEqual((await client.lookup(e, '..')).handle, d)
  t.deepEqual((await client.lookup(handle, '..')).handle, handle)
})

test('§3.3.3 LOOKUP: a name made on the server is seen within the trust time, also when it was missed before', async (t) => {
  let offset = 0
  const { client, image } = await openStage(t, { now: () => Date.now() + offset })
  const { handle } = await client.mount('/image')
  t.is((await client.lookup(handle, 'new')).status, 2)
  writeFileSync(join(image, 'new'), '1')
  offset += 1001
  const first = await client.lookup(handle, 'new')
  t.is(first.attributes?.size, 1)
  writeFileSync(join(image, 'new'), '1234')
  offset += 1001
  t.is((await client.getattr(first.handle)).attributes?.size, 4)
})

test('§3.3.5 READLINK: the text, whatever bytes it has; INVAL for other files', async (t) => {
  const { client, image } = await openStage(t)
  const text = Buffer.from([0x2f, 0xff, 0xfe, 0x2e, 0x2e])
  symlinkSync(text, join(image, 'odd'))
  writeFileSync(join(image, 'f'), '')
  const { handle } = await client.mount('/image')
  t.is((await client.readlink(await client.walk(handle, 'odd'))).text, text.toString('latin1'))
  t.is((await client.readlink(await client.walk(handle, 'f'))).status, 22)
})

test('§3.3.6 READ: short at the end with eof, empty beyond it, holes as zeros, large and small', async (t) => {
  const { client, image } = await openStage(t)
  const content = Buffer.alloc(3_000_001)
  for (let i = 0; i < content.length; i += 997) content[i] = i & 255
  writeFileSync(join(image, 'f'), content)
  writeFileSync(join(image, 'empty'), '')
  const { handle } = await client.mount('/image')
  const file = await client.walk(handle, 'f')
  for (const [offset, count] of [
    [0, 10],
    [1, 32768],
    [5, 32769],
    [100, 1 << 20],
    [2_999_999, 100],
    [2_000_000, 1 << 20],
  ] as const) {
    const got = await client.read(file, offset, count)
    t.deepEqual(got.data, content.subarray(offset, offset + count), `${offset}+${count}`)
    t.is(got.eof, offset + count >= content.length)
  }
  t.like(await client.read(file, 5_000_000, 10), { status: 0, eof: true })
  t.like(await client.read(await client.walk(handle, 'empty'), 0, 10), { status: 0, eof: true })
  t.is((await client.read(file, 0, 4 << 20)).data.length, 1 << 20)
  t.is((await client.read(handle, 0, 10)).status, 21)
})

test('§3.3.7 WRITE: data arrives at its offset, stable as asked, with weak cache consistency data', async (t) => {
  const { client, state } = await openStage(t)
  const { handle } = await client.mount('/state')
  const { handle: file } = await client.create(handle, 'f', 'guarded', { mode: 0o644 })
  for (const stable of [0, 1, 2]) {
    const done = await client.write(file, stable * 10, Buffer.from('0123456789'), stable)
    t.like(done, { status: 0, count: 10, committed: stable })
    t.is(done.wcc.before?.size, stable * 10)
    t.is(done.wcc.after?.size, stable * 10 + 10)
  }
  t.is(readFileSync(join(state, 'f'), 'utf8'), '0123456789'.repeat(3))
  const large = Buffer.alloc(1 << 20, 'x')
  t.is((await client.write(file, 1 << 20, large)).count, large.length)
  t.deepEqual((await client.read(file, 1 << 20, 1 << 20)).data, large)
  t.is((await client.read(file, 1000, 10)).data.toString('hex'), '00'.repeat(10))
  t.is((await client.write(handle, 0, large)).status, 21)
  t.is((await client.write(file, 0, Buffer.alloc(0))).status, 0)
})

test('§3.3.7 WRITE: count and data of different length answer INVAL', async (t) => {
  const { client } = await openStage(t)
  const { handle } = await client.mount('/state')
  const { handle: file } = await client.create(handle, 'f', 'guarded')
  const r = await client.nfs(
    7,
    args((out) => {
      out.opaque(file)
      out.u64(0)
      out.u32(5)
      out.u32(0)
      out.opaque(Buffer.from('1234'))
    }),
  )
  t.is(r.u32(), 22)
})

test('§3.3.21 COMMIT: the same verifier as WRITE, another one after a restart', async (t) => {
  const stage = await openStage(t)
  const { handle } = await stage.client.mount('/state')
  const { handle: file } = await stage.client.create(handle, 'f', 'guarded')
  const first = await stage.client.write(file, 0, Buffer.from('a'))
  const second = await stage.client.write(file, 1, Buffer.from('b'), 2)
  const committed = await stage.client.commit(file)
  t.is(committed.status, 0)
  t.is(second.verifier, first.verifier)
  t.is(committed.verifier, first.verifier)
  await stage.restart()
  t.not((await stage.client.commit(file)).verifier, first.verifier)
})

test('§3.3.8 CREATE: guarded answers EXIST, unchecked takes what is there and may cut it', async (t) => {
  const { client, state } = await openStage(t)
  const { handle } = await client.mount('/state')
  const first = await client.create(handle, 'f', 'guarded', { mode: 0o640 })
  t.like(first, { status: 0 })
  t.like(first.attributes, { type: 1, mode: 0o640, size: 0 })
  t.truthy(first.wcc.before && first.wcc.after)
  t.is((await client.create(handle, 'f', 'guarded')).status, 17)
  writeFileSync(join(state, 'f'), 'content')
  const again = await client.create(handle, 'f', 'unchecked', { mode: 0o777 })
  t.deepEqual(again.handle, first.handle)
  t.like(again.attributes, { mode: 0o640, size: 7 })
  t.is((await client.create(handle, 'f', 'unchecked', { size: 0 })).attributes?.size, 0)
  t.is(readFileSync(join(state, 'f'), 'utf8'), '')
  mkdirSync(join(state, 'd'))
  t.is((await client.create(handle, 'd', 'unchecked')).status, 17)
  // A file of the test's own, not of the machine: a server that followed the link would empty it.
  const canary = join(mkdtempSync(join(tmpdir(), 'liteboot-canary-')), 'file')
  writeFileSync(canary, 'untouched')
  symlinkSync(canary, join(state, 'l'))
  t.is((await client.create(handle, 'l', 'unchecked', { size: 0 })).status, 17)
  t.is(readFileSync(canary, 'utf8'), 'untouched')
  rmSync(dirname(canary), { recursive: true })
})

test('§3.3.8 CREATE: exclusive with the same verifier is the same call again, also after a restart; another one answers EXIST', async (t) => {
  const stage = await openStage(t)
  const { handle } = await stage.client.mount('/state')
  const verifier = Buffer.from('f1e2d3c4b5a69788', 'hex')
  const first = await stage.client.create(handle, 'lock', verifier)
  t.is(first.status, 0)
  t.deepEqual((await stage.client.create(handle, 'lock', verifier)).handle, first.handle)
  t.is((await stage.client.create(handle, 'lock', Buffer.alloc(8, 9))).status, 17)
  await stage.restart()
  const again = await stage.client.create(handle, 'lock', verifier)
  t.is(again.status, 0)
  t.deepEqual(again.handle, first.handle)
  t.is((await stage.client.setattr(again.handle, { mode: 0o600, atime: 'server', mtime: 'server' })).status, 0)
  t.is((await stage.client.create(handle, 'lock', verifier)).status, 17)
})

test('§3.3.9–10 MKDIR and SYMLINK: made with mode and text; EXIST', async (t) => {
  const { client, state } = await openStage(t)
  const { handle } = await client.mount('/state')
  const made = await client.mkdir(handle, 'd', { mode: 0o1777 })
  t.like(made.attributes, { type: 2, mode: 0o1777 })
  t.is((await client.mkdir(handle, 'd')).status, 17)
  t.is((await client.mkdir(handle, '.')).status, 17)
  const link = await client.symlink(made.handle, 'l', '../../../outside/file')
  t.like(link.attributes, { type: 5 })
  t.is(readlinkSync(join(state, 'd/l')), '../../../outside/file')
  t.is((await client.readlink(link.handle)).text, '../../../outside/file')
  t.is((await client.symlink(made.handle, 'l', 'x')).status, 17)
})

rootTest('§3.3.11 MKNOD: devices, fifo, socket; other types answer BADTYPE', async (t) => {
  const { client, state } = await openStage(t)
  const { handle } = await client.mount('/state')
  t.like((await client.mknod(handle, 'null', 4, { mode: 0o666 }, [1, 3])).attributes, {
    type: 4,
    mode: 0o666,
    rdev: [1, 3],
  })
  t.like((await client.mknod(handle, 'disk', 3, { mode: 0o600 }, [8, 300])).attributes, { type: 3, rdev: [8, 300] })
  t.like((await client.mknod(handle, 'fifo', 7, { mode: 0o640, uid: 5, gid: 6 })).attributes, {
    type: 7,
    mode: 0o640,
    uid: 5,
    gid: 6,
  })
  t.like((await client.mknod(handle, 'sock', 6, { mode: 0o755 })).attributes, { type: 6, mode: 0o755 })
  t.true(lstatSync(join(state, 'sock')).isSocket())
  t.is((await client.mknod(handle, 'fifo', 7)).status, 17)
  t.is((await client.mknod(handle, 'reg', 1)).status, 10007)
  t.deepEqual((await client.list(handle)).sort(), ['.', '..', 'disk', 'fifo', 'null', 'sock'])
  client.who = { uid: 1000, gid: 1000 }
  chmodSync(state, 0o777)
  t.is((await client.mknod(handle, 'zero', 4, {}, [1, 5])).status, 1)
  t.is((await client.mknod(handle, 'fifo2', 7, { mode: 0o600 })).attributes?.uid, 1000)
})

test('§3.3.12–13 REMOVE and RMDIR: each for its kind; NOTEMPTY; "." and ".."', async (t) => {
  const { client, state } = await openStage(t)
  mkdirSync(join(state, 'd'))
  writeFileSync(join(state, 'd/f'), '')
  const { handle } = await client.mount('/state')
  const d = await client.walk(handle, 'd')
  const f = await client.walk(d, 'f')
  t.is((await client.remove(handle, 'd')).status, 21)
  t.is((await client.rmdir(d, 'f')).status, 20)
  t.is((await client.rmdir(handle, 'd')).status, 66)
  t.is((await client.remove(d, 'none')).status, 2)
  const done = await client.remove(d, 'f')
  t.is(done.status, 0)
  t.truthy(done.wcc.before && done.wcc.after)
  t.is((await client.lookup(d, 'f')).status, 2)
  t.is((await client.getattr(f)).status, 70)
  t.is((await client.rmdir(d, '.')).status, 22)
  t.is((await client.rmdir(d, '..')).status, 17)
  t.is((await client.rmdir(handle, 'd')).status, 0)
  t.is((await client.getattr(d)).status, 70)
})

test('§3.3.14 RENAME: handles go on, a replaced file can be read on, kinds must match', async (t) => {
  const { client, state } = await openStage(t)
  mkdirSync(join(state, 'a'))
  mkdirSync(join(state, 'b'))
  mkdirSync(join(state, 'b/full'), { recursive: true })
  writeFileSync(join(state, 'b/full/x'), '')
  writeFileSync(join(state, 'a/new'), 'new')
  writeFileSync(join(state, 'b/old'), 'old')
  const { handle } = await client.mount('/state')
  const [a, b] = [await client.walk(handle, 'a'), await client.walk(handle, 'b')]
  const [fresh, old] = [await client.walk(a, 'new'), await client.walk(b, 'old')]
  const done = await client.rename(a, 'new', b, 'old')
  t.is(done.status, 0)
  t.truthy(done.from.before && done.from.after && done.to.before && done.to.after)
  t.is((await client.read(fresh, 0, 10)).data.toString(), 'new')
  t.deepEqual((await client.lookup(b, 'old')).handle, fresh)
  t.is((await client.lookup(a, 'new')).status, 2)
  t.is((await client.read(old, 0, 10)).data.toString(), 'old')
  t.is((await client.rename(b, 'old', handle, 'a')).status, 21)
  t.is((await client.rename(handle, 'a', b, 'old')).status, 20)
  t.is((await client.rename(handle, 'a', b, 'full')).status, 66)
  t.is((await client.rename(handle, 'b', await client.walk(b, 'full'), 'b')).status, 22)
  t.is((await client.rename(handle, 'none', handle, 'x')).status, 2)
  t.is((await client.rename(handle, '.', handle, 'x')).status, 22)
  t.is((await client.rename(handle, 'a', handle, 'c')).status, 0)
  t.deepEqual((await client.lookup(handle, 'c')).handle, a)
  t.is((await client.create(a, 'in', 'guarded')).status, 0)
  t.true(statSync(join(state, 'c/in')).isFile())
})

test('§3.3.15 LINK: another name of the same file; directories are refused', async (t) => {
  const { client, state } = await openStage(t)
  writeFileSync(join(state, 'f'), 'x')
  mkdirSync(join(state, 'd'))
  const { handle } = await client.mount('/state')
  const [f, d] = [await client.walk(handle, 'f'), await client.walk(handle, 'd')]
  const done = await client.link(f, d, 'g')
  t.is(done.status, 0)
  t.is(done.attributes?.nlink, 2)
  t.deepEqual((await client.lookup(d, 'g')).handle, f)
  t.is((await client.link(f, d, 'g')).status, 17)
  t.is((await client.link(d, handle, 'e')).status, 21)
  t.is((await client.remove(handle, 'f')).status, 0)
  t.is((await client.getattr(f)).attributes?.nlink, 1)
  t.is((await client.read(f, 0, 5)).data.toString(), 'x')
})

test('§3.3.18–20 FSSTAT, FSINFO, PATHCONF', async (t) => {
  const { client } = await openStage(t)
  const { handle } = await client.mount('/state')
  const body = args((out) => out.opaque(handle))
  const stat = await client.nfs(18, body)
  t.is(stat.u32(), 0)
  readPostOp(stat)
  const [total, free, available] = [stat.u64(), stat.u64(), stat.u64()]
  t.true(total > free && free >= available && available > 0)
  const info = await client.nfs(19, body)
  t.is(info.u32(), 0)
  readPostOp(info)
  const words = Array.from({ length: 7 }, () => info.u32())
  t.deepEqual(words, [1 << 20, 1 << 20, 4096, 1 << 20, 1 << 20, 4096, 65536])
  t.true(info.u64() > 2 ** 40)
  t.deepEqual([info.u32(), info.u32(), info.u32(), info.remaining], [0, 1, 0x1b, 0])
  const conf = await client.nfs(20, body)
  t.is(conf.u32(), 0)
  readPostOp(conf)
  t.deepEqual(
    [conf.u32(), conf.u32(), conf.bool(), conf.bool(), conf.bool(), conf.bool()],
    [65000, 255, true, true, false, true],
  )
})

test('§3.3: on a read-only export every procedure that changes something answers ROFS', async (t) => {
  const { client, image } = await openStage(t)
  writeFileSync(join(image, 'f'), 'x')
  const { handle } = await client.mount('/image')
  const f = await client.walk(handle, 'f')
  const statuses = [
    (await client.setattr(f, { mode: 0 })).status,
    (await client.write(f, 0, Buffer.from('y'))).status,
    (await client.create(handle, 'g', 'unchecked')).status,
    (await client.mkdir(handle, 'd')).status,
    (await client.symlink(handle, 'l', 'x')).status,
    (await client.mknod(handle, 'p', 7)).status,
    (await client.remove(handle, 'f')).status,
    (await client.rmdir(handle, 'd')).status,
    (await client.rename(handle, 'f', handle, 'g')).status,
    (await client.link(f, handle, 'g')).status,
    (await client.commit(f)).status,
  ]
  t.deepEqual(statuses, Array(11).fill(30))
  t.is(readFileSync(join(image, 'f'), 'utf8'), 'x')
  t.is((await client.access(handle)).granted, 0x03)
  t.is((await client.access(f)).granted, 0x01)
})

test('§4.5: a call that is sent again is answered with the first reply', async (t) => {
  const { client, state } = await openStage(t)
  const { handle } = await client.mount('/state')
  t.is((await client.create(handle, 'f', 'guarded', {}, 4711)).status, 0)
  t.is((await client.create(handle, 'f', 'guarded', {}, 4711)).status, 0)
  t.is((await client.create(handle, 'f', 'guarded', {}, 4712)).status, 17)
  t.is((await client.remove(handle, 'f', 4713)).status, 0)
  writeFileSync(join(state, 'f'), '')
  t.is((await client.remove(handle, 'f', 4713)).status, 0)
  t.true(statSync(join(state, 'f')).isFile(), 'not done twice')
  // The same xid with other arguments is another call.
  t.is((await client.remove(handle, 'g', 4713)).status, 2)
})

test('§3.3 failures carry the attributes of the files they met', async (t) => {
  const { client } = await openStage(t)
  const { handle } = await client.mount('/state')
  const lookup = await client.nfs(
    3,
    args((out) => {
      out.opaque(handle)
      out.text('none')
    }),
  )
  t.is(lookup.u32(), 2)
  t.is(readPostOp(lookup)?.type, 2)
  t.is(lookup.remaining, 0)
  const link = await client.nfs(
    15,
    args((out) => {
      out.opaque(handle)
      out.opaque(handle)
      out.text('x')
    }),
  )
  t.is(link.u32(), 21)
  t.is(readPostOp(link)?.type, 2)
  t.truthy(readWcc(link).before)
  t.is(link.remaining, 0)
})

test('names need not be UTF-8', async (t) => {
  const { client, state } = await openStage(t)
  const { handle } = await client.mount('/state')
  const name = Buffer.from([0x6e, 0xff, 0xe4, 0x80]).toString('latin1')
  t.is((await client.create(handle, name, 'guarded')).status, 0)
  t.true((await client.list(handle)).includes(name))
  t.is((await client.lookup(handle, name)).status, 0)
  t.true(lstatSync(Buffer.concat([Buffer.from(`${state}/`), Buffer.from(name, 'latin1')])).isFile())
  t.is((await client.rename(handle, name, handle, 'plain')).status, 0)
  t.is((await client.remove(handle, 'plain')).status, 0)
})

rootTest('ownership: new files belong to the caller, in a set-gid directory to its group', async (t) => {
  const { client, state } = await openStage(t)
  mkdirSync(join(state, 'shared'))
  chownSync(join(state, 'shared'), 0, 77)
  chmodSync(join(state, 'shared'), 0o2777)
  const { handle } = await client.mount('/state')
  const shared = await client.walk(handle, 'shared')
  client.who = { uid: 1000, gid: 1001 }
  t.like((await client.create(shared, 'f', 'guarded', { mode: 0o644 })).attributes, { uid: 1000, gid: 77 })
  t.like((await client.mkdir(shared, 'd', { mode: 0o755 })).attributes, { uid: 1000, gid: 77, mode: 0o2755 })
  t.like((await client.symlink(shared, 'l', 'x')).attributes, { uid: 1000, gid: 77 })
  t.is((await client.create(handle, 'f', 'guarded')).status, 13)
  client.who = { uid: 0, gid: 0 }
  t.like((await client.create(shared, 'r', 'guarded', { mode: 0o4755, uid: 5, gid: 6 })).attributes, {
    uid: 5,
    gid: 6,
    mode: 0o4755,
  })
})
