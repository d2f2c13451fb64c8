import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { openStage } from './stage.ts'

test('mount, look up, read', async (t) => {
  const { client, image } = await openStage(t)
  mkdirSync(join(image, 'etc'))
  writeFileSync(join(image, 'etc/hostname'), 'cn07\n')
  symlinkSync('etc/hostname', join(image, 'name'))
  const mounted = await client.mount('/image')
  t.is(mounted.status, 0)
  const file = await client.walk(mounted.handle, 'etc/hostname')
  t.is((await client.read(file, 0, 100)).data.toString(), 'cn07\n')
  t.deepEqual(await client.readlink(await client.walk(mounted.handle, 'name')), { status: 0, text: 'etc/hostname' })
  t.deepEqual((await client.list(mounted.handle)).sort(), ['.', '..', 'etc', 'name'])
  t.deepEqual((await client.list(mounted.handle, 4096, true)).sort(), ['.', '..', 'etc', 'name'])
})

test('a directory below the export can be mounted, a path through a link cannot', async (t) => {
  const { client, image } = await openStage(t)
  mkdirSync(join(image, 'a/b'), { recursive: true })
  symlinkSync('a', join(image, 'l'))
  t.is((await client.mount('//image/a/./b/')).status, 0)
  t.is((await client.mount('/image/l/b')).status, 20)
  t.is((await client.mount('/image/none')).status, 2)
  t.is((await client.mount('/image/../image')).status, 13)
  t.is((await client.mount('/other')).status, 13)
})
