/** A caller that goes away in the middle of long work on an image: it ends, and everything is as it was before. */
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { connectApi } from '../../src/api/client.ts'
import type { MethodName, MethodParams } from '../../src/api/params.ts'
import type { Api } from '../../src/api/protocol.ts'
import { rhelMedium, writeTree } from '../image/copycds/fake-media.ts'
import { putSmallImage } from '../image/small-image.ts'
import { openRemoteRig, type RemoteRig } from './remote-rig.ts'

/** Takes minutes to pack, and no room on the disk. */
const HUGE_BYTES = 4_100_000_000

interface Lab extends RemoteRig {
  readonly state: string
  /** DEST of the image `lite`. */
  readonly dest: string
  readonly huge: string
}

async function openLab(t: ExecutionContext): Promise<Lab> {
  const rig = await openRemoteRig(t)
  const { state } = rig.places
  const dest = join(state, 'image')
  const huge = join(dest, 'rootimg/opt/huge')
  putSmallImage(dest)
  mkdirSync(join(dest, 'rootimg/opt'))
  const columns = ['osvers=el9', 'osarch=x86_64', 'profile=compute', `rootimgdir=${dest}`, 'rootfstype=ramdisk']
  const assignments = ['provmethod=statelite', ...columns]
  await rig.client.call('objects.make', { operands: ['lite'], assignments, type: 'osimage' })
  mkdirSync(join(state, 'install'))
  await rig.chtab('key=installdir', `site.value=${state}/install`)
  await rig.chtab('priority=1', 'policy.name=bob', 'policy.rule=allow')
  await rig.client.call('image.liteimg', { image: 'lite', compressor: 'gzip' })
  writeFileSync(huge, '')
  truncateSync(huge, HUGE_BYTES)
  return { ...rig, state, dest, huge }
}

/** Calls, and hangs up when it has said that. */
async function hangUpDuring<M extends MethodName>(
  t: ExecutionContext,
  api: Api,
  method: M,
  params: MethodParams[M],
  when: () => boolean,
): Promise<void> {
  const called = api.call(method, params).then(
    () => 'ended',
    () => 'broken off',
  )
  for (let tried = 0; !when() && tried < 2000; tried++) await sleep(10)
  t.true(when(), 'the work has begun')
  await api.close()
  t.is(await called, 'broken off')
}

async function until(t: ExecutionContext, what: string, test: () => boolean): Promise<void> {
  for (let tried = 0; !test() && tried < 500; tried++) await sleep(20)
  t.true(test(), what)
}

const isLocked = (lock: string) => existsSync(lock) && spawnSync('flock', ['-n', lock, 'true']).status !== 0
const begun = (directory: string, name: RegExp) =>
  existsSync(directory) && readdirSync(directory).some((found) => name.test(found))
/** Programs that have the directory in their words, or work in it. */
const programs = (directory: string) =>
  readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid)
    .map((pid) => {
      try {
        return `${readFileSync(`/proc/${pid}/cmdline`)} ${readlinkSync(`/proc/${pid}/cwd`)}/`
      } catch {
        return ''
      }
    })
    .filter((line) => line.includes(directory))

for (const transport of ['unix socket', 'TLS'] as const) {
  const connect = (lab: Lab) => (transport === 'TLS' ? lab.clientOf(lab.newToken()) : connectApi(lab.places))

  test.serial(`${transport}: liteimg`, async (t) => {
    t.timeout(120_000)
    const lab = await openLab(t)
    const lock = join(lab.dest, '.rootimg.liteboot-lock')
    const generations = join(lab.dest, 'generations')
    const packing = () => existsSync(join(generations, '.new-3/.rootimg-statelite.xz.liteboot-new'))
    await hangUpDuring(t, await connect(lab), 'image.liteimg', { image: 'lite', compressor: 'xz' }, packing)
    await until(t, 'the image is let go', () => !isLocked(lock))
    t.deepEqual(readdirSync(generations).sort(), ['1', '2', 'current', 'promoted.json'])
    t.deepEqual(programs(lab.dest), [])
    rmSync(lab.huge)
    const again = await lab.client.call('image.liteimg', { image: 'lite', compressor: 'gzip' })
    t.regex(again.output.at(-1) ?? '', /^lite: generation 3 is current/)
  })

  test.serial(`${transport}: packimage`, async (t) => {
    t.timeout(120_000)
    const lab = await openLab(t)
    await lab.chtab('imagename=lite', 'osimage.provmethod=netboot')
    const packing = () => existsSync(join(lab.dest, 'generations/.new-3/.rootimg.sfs.liteboot-new'))
    const params = { image: 'lite', method: 'squashfs', compressor: 'xz' } as const
    await hangUpDuring(t, await connect(lab), 'image.pack', params, packing)
    await until(t, 'the image is let go', () => !isLocked(join(lab.dest, '.rootimg.liteboot-lock')))
    t.deepEqual(readdirSync(join(lab.dest, 'generations')).sort(), ['1', '2', 'current', 'promoted.json'])
    t.deepEqual(programs(lab.dest), [])
  })
}

test.serial('imgexport, with the programs of its pipeline', async (t) => {
  t.timeout(120_000)
  const lab = await openLab(t)
  const out = join(lab.state, 'out')
  mkdirSync(out)
  const packing = () => begun(out, /^\.lite\.tgz/) && programs(out).some((line) => line.includes('rootimgtree.gz'))
  await hangUpDuring(
    t,
    await connectApi(lab.places),
    'image.export',
    { image: 'lite', file: join(out, 'lite.tgz') },
    packing,
  )
  await until(t, 'nothing is left', () => readdirSync(out).length === 0)
  await until(t, 'no program goes on', () => programs(lab.state).length === 0)
})

test.serial('copycds', async (t) => {
  t.timeout(120_000)
  const lab = await openLab(t)
  const medium = join(lab.state, 'medium')
  const large = Array.from({ length: 600 }, (_, index) => `Packages/${index}.rpm`)
  writeTree(medium, { ...rhelMedium('x86_64'), ...Object.fromEntries(large.map((name) => [name, 'x'])) })
  for (const name of large) truncateSync(join(medium, name), 2 * 1024 ** 2)
  const install = join(lab.state, 'install')
  // Whole or in the making.
  const isCopying = () => readdirSync(install, { recursive: true, encoding: 'utf8' }).some((name) => /\.rpm/.test(name))
  await hangUpDuring(t, await connectApi(lab.places), 'image.copycds', { media: [medium] }, isCopying)
  await until(t, 'nothing is left', () => !isCopying())
  t.deepEqual(programs(install), [])
})
