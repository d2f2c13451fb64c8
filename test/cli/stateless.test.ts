/** A stateless image (provmethod=netboot) from packimage to the plan of its node. */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { putSmallImage } from '../image/small-image.ts'
import { viewOfNode } from './node-view.ts'
import { newSite, runCommand } from './transcript.ts'

test('packimage, nodeset, and a plan of a root in memory without entries', async (t) => {
  const site = newSite(t)
  putSmallImage(join(site.directory, 'image'))
  const run = async (line: string) => {
    const ran = await runCommand(site, line.replaceAll('@', site.directory).split(' '))
    return `${ran.stdout}${ran.stderr}`.replaceAll(site.directory, '@')
  }
  for (const line of [
    'chtab key=master site.value=10.20.0.2',
    'chtab netname=boot networks.net=10.20.0.0 networks.mask=255.255.0.0',
    'chtab imagename=net osimage.osvers=el9 osimage.osarch=x86_64 osimage.profile=compute osimage.provmethod=netboot linuximage.rootimgdir=@/image',
    // Rows that speak for every image are for statelite ones.
    'chtab image=ALL,file=/etc/motd litefile.options=tmpfs',
    'chtab image=ALL,file=/var/log/ litefile.options=persistent',
    'chtab priority=1 litetree.directory=10.20.0.9:/tree',
    'mkdef -t node cn1 groups=all ip=10.20.0.7 mac=52:54:00:00:00:07 arch=x86_64 netboot=xnba',
  ])
    t.notRegex(await run(line), /Error/, line)
  t.regex(
    await run('nodeset cn1 osimage=net'),
    /^cn1: Error: Did you run "genimage" before running "packimage"\? kernel cannot be found/,
  )
  t.regex(await run('packimage -c gzip net'), /@\/image\/rootimg\.cpio\.gz: .* generation 2/)
  t.is(await run('nodeset cn1 osimage=net'), 'cn1: netboot el9-x86_64-compute\n')
  const { boot, bootFile, plan, files } = viewOfNode(site.places.tables, 'cn1')
  t.is(boot, 'net@2')
  t.regex(bootFile, /liteboot\.plan=\S+\?boot=net@2/)
  t.regex(plan, /^root\tramdisk\tcpio\.gz\thttp:\S+\/image\/net\/[0-9a-f]{16}\/rootimg\t/m)
  t.notRegex(plan, /^(entry|tree|persistent)\t/m)
  // The initrd looks for both in the root before it goes on.
  const packed = join(site.directory, 'image/rootimg.cpio.gz')
  const inRoot = (how: string, ...paths: string[]) =>
    execFileSync('bsdtar', [how, packed, ...paths], { encoding: 'utf8' })
  t.is(inRoot('-xOf', './.statelite/revision').trim(), /^image\tnet\t(\S+)$/m.exec(plan)?.[1] ?? 'none')
  t.true(inRoot('-tf').split('\n').includes('./.default'))
  t.deepEqual(
    Object.keys(files)
      .map((path) => path.replace(/^.*\//, ''))
      .sort(),
    ['initrd', 'kernel', 'rootimg'],
  )
})

test('liteimg -t: the option wins, and the row follows it', async (t) => {
  const site = newSite(t)
  putSmallImage(join(site.directory, 'image'))
  const run = async (line: string) => {
    const ran = await runCommand(site, line.replaceAll('@', site.directory).split(' '))
    return `${ran.stdout}${ran.stderr}`.replaceAll(site.directory, '@')
  }
  await run(
    'chtab imagename=lite osimage.imagetype=linux osimage.osarch=x86_64 osimage.provmethod=statelite osimage.rootfstype=nfs linuximage.rootimgdir=@/image',
  )
  t.regex(await run('liteimg --dry-run -t ramdisk lite'), /osimage imagename=lite: rootfstype: nfs -> ramdisk$/m)
  t.regex(await run('lsdef -t osimage lite -i rootfstype'), /rootfstype=nfs/)
  const said = await run('liteimg -t ramdisk -c gzip lite')
  t.regex(said, /^@\/image\/rootimg-statelite\.gz: cpio, /m)
  t.regex(said, /^lite: rootfstype=ramdisk$/m)
  t.regex(await run('lsdef -t osimage lite -i rootfstype'), /rootfstype=ramdisk/)
  t.notRegex(await run('liteimg lite'), /rootfstype/)
  t.regex(await run('liteimg -t nfs lite'), /^lite: rootfstype=nfs$/m)
  t.regex(await run('liteimg -t disk lite'), /invalid.*nfs, ramdisk/s)
})

test('what a root in memory takes is counted in the pages of its kernel, listed, and counted again where it was wrong', async (t) => {
  const site = newSite(t)
  const image = join(site.directory, 'image')
  putSmallImage(image)
  const run = async (line: string) => (await runCommand(site, line.split(' '))).stdout
  await run(
    `chtab imagename=lite osimage.imagetype=linux osimage.osarch=x86_64 osimage.provmethod=statelite osimage.rootfstype=ramdisk linuximage.rootimgdir=${image}`,
  )
  t.regex(await run('liteimg -c gzip lite'), / MiB unpacked$/m)
  t.regex(await run('liteimg lite'), /^lite: generation 2 stays current/m)
  const record = join(image, 'rootimg-statelite.json')
  const { unpackedBytes, pageBytes, ...rest } = JSON.parse(readFileSync(record, 'utf8'))
  t.is(pageBytes, 4096)
  t.is(unpackedBytes % 1024, 0)
  writeFileSync(record, JSON.stringify({ ...rest, unpackedBytes: 5 * 1024 * 1024 }))
  t.regex(await run('liteboot image ls'), /MEMORY +NODES.* 5\.0 MiB +-/s)
  t.regex(await run('liteimg lite'), /^lite: generation 3 is current/m, 'the same bytes, another need')
  t.is(JSON.parse(readFileSync(record, 'utf8')).unpackedBytes, unpackedBytes)
  writeFileSync(join(image, 'rootimg/boot/config-6.1.0-56'), 'CONFIG_PPC_64K_PAGES=y\n')
  t.regex(await run('liteimg lite'), / MiB unpacked in pages of 64 KiB$/m)
  t.true(JSON.parse(readFileSync(record, 'utf8')).unpackedBytes > 3 * unpackedBytes)
})
