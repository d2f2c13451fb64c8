/** Ramdisk images: each check has a site with exactly that fault, and finds exactly that. */
import { appendFileSync, chmodSync, readFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { renderCheckFinding } from '../../src/api/methods/check/report.ts'
import { type CheckSite, openCheckSite } from './check-site.ts'

/** The image of the site, packed. */
async function ramdiskSite(t: ExecutionContext): Promise<CheckSite> {
  const site = await openCheckSite(t)
  await site.set('imagename=lite', 'osimage.rootfstype=ramdisk', `linuximage.exlist=${site.directory}/lite.exlist`)
  site.put('lite.exlist', './usr/share/doc*\n+./usr/share/doc/keep\n')
  for (const name of ['keep', 'leave']) site.put(`image/rootimg/usr/share/doc/${name}`, name)
  await site.liteimg()
  return site
}

async function linesOf(site: CheckSite): Promise<string[]> {
  return (await site.check('lite')).map((found) => renderCheckFinding(found).replaceAll(site.directory, '@'))
}

const readRecord = ({ directory }: CheckSite) => readFileSync(join(directory, 'image/rootimg-statelite.json'), 'utf8')
const PACKED = 'image/rootimg-statelite.gz'

/** A packed root with other bytes, size and time as they are recorded. */
function damage(site: CheckSite): void {
  const path = join(site.directory, PACKED)
  const record = JSON.parse(readRecord(site))
  writeFileSync(path, Buffer.alloc(record.sizeBytes, 1))
  utimesSync(path, record.mtimeSeconds, record.mtimeSeconds)
}

test('what liteimg has just packed has no findings', async (t) => {
  t.deepEqual(await linesOf(await ramdiskSite(t)), [])
})

const FAULTS: readonly (readonly [string, (site: CheckSite) => Promise<unknown> | unknown, readonly string[]])[] = [
  [
    'no packed root',
    (site) => rmSync(join(site.directory, PACKED)),
    ['error    image lite: the packed root @/image/rootimg-statelite.gz does not exist (liteimg lite)'],
  ],
  [
    'another file in its place',
    (site) => truncateSync(join(site.directory, PACKED), 10),
    ['error    image lite: @/image/rootimg-statelite.gz is not the file that was packed (liteimg lite)'],
  ],
  [
    'damage that only the digest shows',
    damage,
    [
      'error    image lite: @/image/rootimg-statelite.gz is damaged: its SHA-256 is not the one it was packed with (liteimg lite)',
    ],
  ],
  [
    'a packed root that everybody may write',
    (site) => chmodSync(join(site.directory, PACKED), 0o666),
    [
      'warning  image lite: @/image/rootimg-statelite.gz can be written by others than its owner (chmod 644 @/image/rootimg-statelite.gz)',
    ],
  ],
  [
    'a tree that was changed since',
    (site) => {
      site.put('image/rootimg/etc/issue', 'new')
      // Packed an hour ago.
      const record = JSON.parse(readRecord(site))
      const then = record.mtimeSeconds - 3600
      utimesSync(join(site.directory, PACKED), then, then)
      writeFileSync(
        join(site.directory, 'image/rootimg-statelite.json'),
        JSON.stringify({ ...record, mtimeSeconds: then }),
      )
    },
    ['warning  image lite: /etc/issue was changed after the root was packed (liteimg lite)'],
  ],
  [
    'patterns that match nothing',
    (site) => appendFileSync(join(site.directory, 'lite.exlist'), './usr/share/dok*\n'),
    [
      'warning  image lite: @/lite.exlist line 3: ./usr/share/dok* matches nothing in the image (correct the pattern, or take it out)',
    ],
  ],
  [
    'an exlist that is not there',
    (site) => rmSync(join(site.directory, 'lite.exlist')),
    ['error    image lite: the list @/lite.exlist cannot be read (correct the list, or linuximage.exlist)'],
  ],
]
for (const [what, make, findings] of FAULTS)
  test(`found: ${what}`, async (t) => {
    const site = await ramdiskSite(t)
    await make(site)
    t.deepEqual(await linesOf(site), findings)
  })

test('an initrd that cannot unpack the root', async (t) => {
  const site = await ramdiskSite(t)
  const forge = (changes: object) =>
    writeFileSync(
      join(site.directory, 'image/rootimg-statelite.json'),
      JSON.stringify({ ...JSON.parse(readRecord(site)), ...changes }),
    )
  forge({ format: 'cpio.zst' })
  t.deepEqual(await linesOf(site), [
    'error    image lite: the root is packed with zstd, which the initrd cannot unpack (liteimg lite)',
  ])
  forge({ format: 'squashfs' })
  t.deepEqual(await linesOf(site), [
    'error    image lite: the initrd cannot mount the packed root: it lacks loop squashfs overlay (liteimg lite)',
  ])
  forge({ format: 'tar.gz' })
  t.deepEqual(await linesOf(site), [
    'error    image lite: @/image/rootimg-statelite.gz is packed as tar.gz, which no node unpacks (liteimg lite -m cpio)',
  ])
})

test('nodes whose memory is known and too small, and no others', async (t) => {
  const site = await ramdiskSite(t)
  const record = { ...JSON.parse(readRecord(site)), unpackedBytes: 900 * 1024 * 1024 }
  writeFileSync(join(site.directory, 'image/rootimg-statelite.json'), JSON.stringify(record))
  site.force('discoverydata', { uuid: 'one' }, { node: 'cn1', memory: '963' })
  site.force('discoverydata', { uuid: 'two' }, { node: 'cn2', memory: '1000' })
  t.deepEqual((await site.check('cn')).map(renderCheckFinding), [
    'error    cn1: image lite: its root takes 900 MiB of memory, and it has 963 MiB (leave more out (exlist), pack as squashfs, or use rootfstype=nfs)',
  ])
  // Room for the root, and none for its tmpfs, which is nine tenths unless rootlimit= says more.
  site.force('discoverydata', { uuid: 'one' }, { node: 'cn1', memory: '999' })
  t.like((await site.check('cn'))[0], { code: 'no-memory', nodes: ['cn1'] })
  await site.set('node=cn1', 'bootparams.addkcmdline=rootlimit=95%')
  t.is((await site.check('cn')).length, 0)
  site.force('discoverydata', { uuid: 'one' }, { node: 'cn1', memory: '963' })
  await site.set('node=cn3', 'vm.memory=0.5')
  await site.set('node=cn2', 'vm.memory=512')
  t.is((await site.check('cn')).length, 1, 'what the machine itself said counts; what is no size is nothing')
  await site.set('node=cn3', 'vm.memory=1g')
  t.is((await site.check('cn')).length, 1)
  await site.set('node=cn3', 'vm.memory=900MB')
  t.like((await site.check('cn'))[0], { code: 'no-memory', nodes: ['cn1'] })
  t.like((await site.check('cn'))[1], { code: 'no-memory', nodes: ['cn3'] })
})

test('a stateless image: packimage instead of liteimg, and nothing of litefile', async (t) => {
  const site = await openCheckSite(t)
  await site.set('imagename=lite', 'osimage.provmethod=netboot')
  t.deepEqual(await linesOf(site), [
    'error    image lite: there is no packed root (@/image/rootimg.json) (packimage lite)',
    'error    image lite: the initrd @/image/initrd-stateless.gz does not exist (packimage lite)',
  ])
  await site.packimage()
  t.deepEqual(await linesOf(site), [])
  t.deepEqual((await site.check('cn')).map(renderCheckFinding), [])
})
