import { realpathSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { openCheckSite } from './check-site.ts'

test('something must be there that unknown machines can boot', async (t) => {
  const site = await openCheckSite(t)
  const found = async () =>
    (await site.check())
      .filter(({ code }) => code === 'no-discovery-image')
      .map(({ severity, message }) => `${severity} ${message}`)
  t.deepEqual(await found(), [], 'nobody is to be discovered')
  await site.set('net=10.77.0.0,mask=255.255.0.0', 'networks.netname=demo', 'networks.dynamicrange=10.77.9.1-10.77.9.9')
  await site.set('key=discovery', 'site.value=demo')
  t.deepEqual(await found(), [
    'info discovery: none of the images boots unknown ppc64le machines: define one and run liteimg',
  ])
  rmSync(realpathSync(join(site.directory, 'image/initrd-statelite.gz.json')))
  t.deepEqual(
    (await found())[0],
    'warning discovery: none of the images boots unknown x86_64 machines: image lite has no initrd made by liteimg: run liteimg lite',
  )
})
