/** liteimg from the command's point of view: what is printed, and that a server gives the work to a thread. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { openDirectApi } from '../../src/api/direct.ts'
import type { Api } from '../../src/api/protocol.ts'
import { putSmallImage } from '../image/small-image.ts'
import { newPlaces, openApiRig } from './rig.ts'

async function defineImage(api: Api, state: string): Promise<string> {
  const rootimgdir = join(state, 'image')
  putSmallImage(rootimgdir)
  const assignments = ['provmethod=statelite', 'osarch=x86_64', `rootimgdir=${rootimgdir}`]
  await api.call('objects.make', { operands: ['lite'], assignments, type: 'osimage' })
  await api.call('tables.change', { words: ['image=ALL,file=/etc/motd', 'litefile.options=link'] })
  return rootimgdir
}

async function prepare(t: ExecutionContext, api: Api, state: string): Promise<void> {
  const rootimgdir = await defineImage(api, state)
  const root = join(rootimgdir, 'rootimg')
  const dry = await api.call('image.liteimg', { image: 'lite', dryRun: true })
  t.deepEqual(dry.output.slice(0, 3), [
    `Modifying ${root} ...`,
    `creating ${root}/.statelite`,
    'apply  link          /etc/motd',
  ])
  t.is(dry.output.at(-1), 'Nothing was changed (dry run).')
  t.false(existsSync(join(root, '.statelite')))

  const progress: string[] = []
  const first = await api.call('image.liteimg', { image: 'lite' }, (line) => progress.push(line))
  t.deepEqual(first.output, [
    `Modifying ${root} ...`,
    `creating ${root}/.statelite`,
    `Modifying ${root} done.`,
    'lite: generation 2 is current; running nodes keep theirs until they boot',
  ])
  t.is(first.exitStatus, 0)
  t.deepEqual(progress, [
    `Preparing ${root} ...`,
    'Assembling kernel and initrd ...',
    'Writing the generation to disk ...',
  ])
  t.like(first.data, { initrd: { kernelVersion: '6.1.0-56', path: join(rootimgdir, 'initrd-statelite.gz') } })
  t.true(existsSync(join(rootimgdir, 'kernel')))
  t.deepEqual([...readFileSync(join(rootimgdir, 'initrd-statelite.gz')).subarray(0, 2)], [0x1f, 0x8b])
  t.is(readFileSync(join(root, '.default/etc/motd'), 'utf8'), 'welcome')

  const again = await api.call('image.liteimg', { image: 'lite', verbose: true })
  t.is(again.output.at(-3), `Modifying ${root} done.`)
  t.regex(again.output.at(-2) ?? '', /^kernel 6\.1\.0-56, initrd of \d+\.\d MiB with \d+ modules: \//)
  t.is(again.output.at(-1), 'lite: generation 2 stays current: there was nothing to change')
  t.deepEqual(readdirSync(join(rootimgdir, 'generations')).sort(), ['1', '2', 'current', 'promoted.json'])

  t.false(existsSync(join(rootimgdir, 'generations/1/rootimg/.statelite')), 'the image as it was')
  await api.call('tables.change', { words: ['image=ALL,file=/etc/issue', 'litefile.options=tmpfs'] })
  const kept = await api.call('image.liteimg', { image: 'lite', keepCurrent: true })
  t.is(kept.output.at(-1), 'lite: generation 3 is made and not current: liteboot image promote lite 3')
  t.false(existsSync(join(root, '.default/etc/issue')))
  const inPlace = await api.call('image.liteimg', { image: 'lite', inPlace: true })
  t.is(inPlace.output.at(-1), 'lite: generation 2 was changed in its place')
  t.true(existsSync(join(root, '.default/etc/issue')))
  const record = JSON.parse(readFileSync(join(rootimgdir, 'generations/2/generation.json'), 'utf8'))
  t.is(record.facts.entries.length, 2, 'the record follows the tree')
}

test('in this process, when no server runs', async (t) => {
  const places = newPlaces(t)
  const api = openDirectApi(places)
  t.teardown(() => api.close())
  await prepare(t, api, places.state)
})

test('in a thread of the server, which answers others meanwhile', async (t) => {
  const { client, places } = await openApiRig(t)
  await prepare(t, client, places.state)
})

test('what is wrong is said before the image is touched', async (t) => {
  const { client, places } = await openApiRig(t)
  const refused = async (image: string) => {
    const error = await t.throwsAsync(client.call('image.liteimg', { image }))
    return error as Error & { code: string; advice: string }
  }
  t.like(await refused('none'), { code: 'LB_NO_IMAGE', message: "Cannot find image 'none' from the osimage table." })
  const rootimgdir = await defineImage(client, places.state)
  await client.call('objects.change', { operands: ['lite'], assignments: ['provmethod=netboot'], type: 'osimage' })
  t.like(await refused('lite'), {
    code: 'LB_BAD_INPUT',
    message: 'Please make sure that osimage.provmethod is set to statelite before calling this command.',
    advice: 'chdef -t osimage -o lite provmethod=statelite',
  })
  t.false(existsSync(join(rootimgdir, 'rootimg/.statelite')))
})

test('a ramdisk image is packed; how is remembered, and nothing new is made of the same tree', async (t) => {
  const { client, places } = await openApiRig(t)
  const rootimgdir = await defineImage(client, places.state)
  const root = join(rootimgdir, 'rootimg')
  mkdirSync(join(root, 'usr/share/doc'), { recursive: true })
  writeFileSync(join(root, 'usr/share/doc/README'), 'read me')
  writeFileSync(join(root, 'etc/fstab'), 'compute_x86_64 / tmpfs rw 0 1\n')
  const exlist = join(places.state, 'lite.exlist')
  writeFileSync(exlist, './usr/share/doc*\n./etc/motd*\n./misspelt\n')
  const change = (...assignments: string[]) =>
    client.call('objects.change', { operands: ['lite'], assignments, type: 'osimage' })
  const packedNames = () =>
    readdirSync(join(rootimgdir, 'generations/current/'))
      .filter((name) => name.startsWith('rootimg-statelite'))
      .sort()

  const nfs = await t.throwsAsync(client.call('image.liteimg', { image: 'lite', method: 'cpio' }))
  t.is(nfs?.message, '-m and -c say how a root is packed, and lite has rootfstype=nfs')
  await client.call('image.liteimg', { image: 'lite' })
  t.is(readFileSync(join(root, 'etc/fstab'), 'utf8'), 'compute_x86_64 / tmpfs ro 0 1\n')
  t.deepEqual(packedNames(), [])

  await change('rootfstype=ramdisk', `exlist=${exlist}`)
  const first = await client.call('image.liteimg', { image: 'lite', compressor: 'xz' })
  t.deepEqual(first.output.slice(0, 4), [
    `Modifying ${root} ...`,
    `Modifying ${root} done.`,
    `Packing contents of ${root} ...`,
    'compress method: xz',
  ])
  t.regex(first.output[5] ?? '', /\/image\/rootimg-statelite\.xz: cpio, \d+\.\d MiB, \d+\.\d MiB unpacked$/)
  t.deepEqual(first.errors, [`Warning: ${exlist} line 3: ./misspelt matches nothing in the image`])
  t.is(readFileSync(join(root, 'etc/fstab'), 'utf8'), 'compute_x86_64 / tmpfs rw 0 1\n', 'a root in memory is writable')
  const names = execFileSync('sh', ['-c', `xz -dc ${rootimgdir}/rootimg-statelite.xz | cpio -it --quiet`], {
    encoding: 'utf8',
  }).split('\n')
  t.false(names.includes('./usr/share/doc/README'))
  t.true(names.includes('./etc/motd'), 'what an entry is put on stays, whatever the exlist says')
  t.true(names.includes('./.default/etc/motd'))
  t.deepEqual(
    names.filter((name) => name.startsWith('./.statelite')),
    ['./.statelite', './.statelite/revision'],
  )

  const again = await client.call('image.liteimg', { image: 'lite' })
  t.is(again.output[3], 'compress method: xz')
  t.regex(again.output.at(-1) ?? '', /^lite: generation 3 stays current/)
  await client.call('image.liteimg', { image: 'lite', compressor: 'gzip' })
  t.deepEqual(packedNames(), ['rootimg-statelite.gz', 'rootimg-statelite.json'])
  t.true(existsSync(join(rootimgdir, 'generations/3/rootimg-statelite.xz')), 'nodes may still be fetching it')

  await change('rootfstype=nfs')
  writeFileSync(join(root, 'etc/issue'), 'changed')
  await client.call('tables.change', { words: ['image=ALL,file=/etc/issue', 'litefile.options=tmpfs'] })
  await client.call('image.liteimg', { image: 'lite' })
  t.deepEqual(packedNames(), [], 'a packed root of an older tree is nobody’s')
})
