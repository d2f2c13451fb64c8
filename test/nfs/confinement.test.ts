/** Who may see what: exports by address, permissions, and no way out of an export. */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { NfsClient } from './client.ts'
import { openStage } from './stage.ts'

const rootTest = process.getuid?.() === 0 ? test : test.skip

test('an address without grant cannot mount, and a handle from elsewhere is of no use to it', async (t) => {
  const { client, server, state, events } = await openStage(t)
  writeFileSync(join(state, 'secret'), 's')
  const { handle } = await client.mount('/state')
  const file = await client.walk(handle, 'secret')
  const stranger = await NfsClient.open(server.port, '127.0.0.1', '127.0.0.2')
  t.is((await stranger.mount('/state')).status, 13)
  t.is((await stranger.getattr(handle)).status, 13)
  t.is((await stranger.read(file, 0, 10)).status, 13)
  t.is((await stranger.lookup(handle, 'secret')).status, 13)
  t.like(
    events.find((e) => e.event === 'mount' && !e.ok),
    { ip: '127.0.0.2', object: '/state' },
  )
  t.is(events.filter((e) => e.event === 'handle').length, 1, 'told once')
  t.is(server.counters.handlesRefused, 3)
  stranger.close()
})

test('a grant that is taken back ends at the next call, and comes back with it', async (t) => {
  const { client, clients, state } = await openStage(t)
  writeFileSync(join(state, 'f'), 'x')
  const { handle } = await client.mount('/state')
  const file = await client.walk(handle, 'f')
  clients.clear()
  t.is((await client.read(file, 0, 1)).status, 13)
  clients.add('127.0.0.1')
  t.is((await client.read(file, 0, 1)).status, 0)
})

test('handles of one export do not work in another: RENAME and LINK across answer XDEV', async (t) => {
  const { client, state, grants, base } = await openStage(t)
  mkdirSync(join(base, 'other'))
  grants.push({ id: 13, path: '/other', dir: join(base, 'other'), access: 'rw', frozen: false })
  writeFileSync(join(state, 'f'), 'x')
  const one = await client.mount('/state')
  const two = await client.mount('/other')
  t.is((await client.rename(one.handle, 'f', two.handle, 'f')).status, 18)
  t.is((await client.link(await client.walk(one.handle, 'f'), two.handle, 'f')).status, 18)
})

test('a symbolic link is never followed: not as file, not as directory, not for writing', async (t) => {
  const { client, state, base } = await openStage(t)
  mkdirSync(join(base, 'outside'))
  writeFileSync(join(base, 'outside/canary'), 'canary')
  symlinkSync('../outside', join(state, 'dir'))
  symlinkSync('../outside/canary', join(state, 'file'))
  const { handle } = await client.mount('/state')
  const [dir, file] = [await client.walk(handle, 'dir'), await client.walk(handle, 'file')]
  t.is((await client.lookup(dir, 'canary')).status, 20)
  t.is((await client.readdir(dir)).status, 20)
  t.is((await client.read(file, 0, 10)).status, 22)
  t.is((await client.write(file, 0, Buffer.from('x'))).status, 22)
  t.is((await client.setattr(file, { size: 0 })).status, 22)
  t.is((await client.create(dir, 'new', 'unchecked')).status, 20)
  t.is((await client.create(handle, 'file', 'unchecked', { size: 0 })).status, 17)
  t.is((await client.remove(dir, 'canary')).status, 20)
  t.is((await client.setattr(file, { mode: 0 })).status, 0)
  t.is(readFileSync(join(base, 'outside/canary'), 'utf8'), 'canary')
  t.not(statSync(join(base, 'outside/canary')).mode & 0o777, 0)
})

test('a directory that is swapped for a symbolic link under the server leads nowhere', async (t) => {
  let offset = 0
  const stage = await openStage(t, { now: () => Date.now() + offset })
  const { state, base } = stage
  mkdirSync(join(base, 'outside'))
  writeFileSync(join(base, 'outside/f'), 'canary')
  mkdirSync(join(state, 'a/b'), { recursive: true })
  writeFileSync(join(state, 'a/b/f'), 'inside')
  const { handle } = await stage.client.mount('/state')
  const b = await stage.client.walk(handle, 'a/b')
  const f = await stage.client.walk(b, 'f')
  renameSync(join(state, 'a/b'), join(state, 'a/moved'))
  symlinkSync('../../outside', join(state, 'a/b'))
  for (let round = 0; round < 2; round++) {
    t.is((await stage.client.read(f, 0, 20)).data.toString(), 'inside')
    t.is((await stage.client.read((await stage.client.lookup(b, 'f')).handle, 0, 20)).data.toString(), 'inside')
    t.is((await stage.client.create(b, `new${round}`, 'guarded')).status, 0)
    t.true(statSync(join(state, `a/moved/new${round}`)).isFile())
    offset += 2000
    await stage.restart() // now with nothing known and nothing open
  }
})

test('`..` of a directory that was moved out of the export leads nowhere', async (t) => {
  const { client, state, base } = await openStage(t)
  mkdirSync(join(state, 'd'))
  const { handle } = await client.mount('/state')
  const d = await client.walk(handle, 'd')
  renameSync(join(state, 'd'), join(base, 'd'))
  t.is((await client.lookup(d, '..')).status, 70)
  rmSync(join(base, 'd'), { recursive: true })
})

rootTest('another file system below an export is an empty directory', async (t) => {
  const { client, image } = await openStage(t)
  mkdirSync(join(image, 'proc'))
  execFileSync('mount', ['-t', 'tmpfs', 'none', join(image, 'proc')])
  try {
    writeFileSync(join(image, 'proc/hidden'), 'x')
    const { handle } = await client.mount('/image')
    const proc = await client.lookup(handle, 'proc')
    t.like(proc, { status: 0 })
    t.is(proc.attributes?.type, 2)
    t.is((await client.lookup(proc.handle, 'hidden')).status, 2)
    t.deepEqual(await client.list(proc.handle), ['.', '..'])
    t.deepEqual(await client.list(proc.handle, 4096, true), ['.', '..'])
    t.is((await client.access(proc.handle)).granted, 3)
    t.deepEqual((await client.list(handle)).sort(), ['.', '..', 'proc'])
  } finally {
    execFileSync('umount', [join(image, 'proc')])
  }
})

rootTest(
  'permissions of others than root: by owner, group, other; directories need x; owners keep what they opened',
  async (t) => {
    const { client, state } = await openStage(t)
    mkdirSync(join(state, 'closed'))
    writeFileSync(join(state, 'closed/f'), '')
    const file = (name: string, mode: number, uid: number, gid: number) => {
      writeFileSync(join(state, name), 'data')
      chownSync(join(state, name), uid, gid)
      chmodSync(join(state, name), mode)
    }
    file('own', 0o200, 1000, 1000)
    file('group', 0o040, 1, 50)
    file('none', 0o600, 1, 1)
    file('program', 0o111, 1, 1)
    file('suid', 0o4777, 1, 1)
    chmodSync(join(state, 'closed'), 0o700)
    const { handle } = await client.mount('/state')
    const get = (name: string) => client.walk(handle, name)
    const [own, group, none, program, suid, closed] = [
      await get('own'),
      await get('group'),
      await get('none'),
      await get('program'),
      await get('suid'),
      await get('closed'),
    ]
    client.who = { uid: 1000, gid: 1000, groups: [50] }
    t.is((await client.lookup(closed, 'f')).status, 13)
    t.is((await client.readdir(closed)).status, 13)
    t.is((await client.read(own, 0, 4)).status, 0, 'owner override')
    t.is((await client.read(group, 0, 4)).status, 0)
    t.is((await client.write(group, 0, Buffer.from('x'))).status, 13)
    t.is((await client.read(none, 0, 4)).status, 13)
    t.is((await client.read(program, 0, 4)).status, 0, 'execute-only programs are paged in')
    t.is((await client.access(own)).granted, 0x0c)
    t.is((await client.access(group)).granted, 0x01)
    t.is((await client.access(program)).granted, 0x20)
    t.is((await client.write(suid, 0, Buffer.from('x'))).status, 0)
    t.is(statSync(join(state, 'suid')).mode & 0o7777, 0o777, 'set-id bits go when others write')
    t.is((await client.setattr(none, { mode: 0o777 })).status, 1)
    t.is((await client.setattr(own, { uid: 5 })).status, 1)
    t.is((await client.setattr(own, { gid: 50 })).status, 0)
    t.is((await client.setattr(own, { gid: 51 })).status, 1)
    t.is((await client.setattr(none, { size: 0 })).status, 13)
    t.is((await client.setattr(none, { mtime: 'server' })).status, 13)
    t.is((await client.remove(handle, 'own')).status, 13)
    client.who = undefined
    t.is((await client.read(none, 0, 4)).status, 13)
    client.who = { uid: 0, gid: 0 }
    t.is((await client.read(none, 0, 4)).status, 0, 'root is root')
  },
)

rootTest('sticky directories: only owners remove and rename', async (t) => {
  const { client, state } = await openStage(t)
  chmodSync(state, 0o1777)
  for (const [name, uid] of [
    ['mine', 1000],
    ['theirs', 1001],
  ] as const) {
    writeFileSync(join(state, name), name)
    chownSync(join(state, name), uid, uid)
  }
  const { handle } = await client.mount('/state')
  client.who = { uid: 1000, gid: 1000 }
  t.is((await client.remove(handle, 'theirs')).status, 13)
  t.is((await client.rename(handle, 'theirs', handle, 'x')).status, 13)
  t.is((await client.rename(handle, 'mine', handle, 'theirs')).status, 13)
  t.is((await client.rename(handle, 'mine', handle, 'mine2')).status, 0)
  t.is((await client.remove(handle, 'mine2')).status, 0)
})

rootTest('devices on a read-only export may be written: that happens on the client', async (t) => {
  const { client, image } = await openStage(t)
  execFileSync('mknod', ['-m', '666', join(image, 'null'), 'c', '1', '3'])
  const { handle } = await client.mount('/image')
  client.who = { uid: 1000, gid: 1000 }
  t.is((await client.access(await client.walk(handle, 'null'))).granted, 0x0d)
  t.is((await client.read(await client.walk(handle, 'null'), 0, 1)).status, 22)
})
