/** packimage and initrd: an image for stateless nodes, and what is in an initrd. */
import { execFileSync } from 'node:child_process'
import { lstatSync, mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { encodeCpio } from '../../src/image/initrd/cpio.ts'
import { newSite, runCommand, type Site, transcript } from './transcript.ts'

async function run(t: ExecutionContext, site: Site, line: string): Promise<string> {
  const ran = await runCommand(site, line.replaceAll('@', site.directory).split(' '))
  t.is(ran.status, 0, `${line}: ${ran.stderr}`)
  return ran.stdout
}

/** One tree for a stateless and a statelite image, as xCAT shares them, prepared for statelite. */
async function siteWithImage(t: ExecutionContext): Promise<{ site: Site; dest: string }> {
  const site = newSite(t)
  const dest = join(site.directory, 'image')
  const root = join(dest, 'rootimg')
  for (const name of [
    'etc/init.d',
    'usr/share/zoneinfo/Europe',
    'usr/share/doc/a',
    'tmp/left',
    '.default/etc',
    '.statelite/tmpfs/etc',
  ])
    mkdirSync(join(root, name), { recursive: true })
  writeFileSync(join(root, 'etc/hosts'), 'hosts\n')
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n')
  writeFileSync(join(root, 'etc/shadow'), 'root:secret:1:0:99999:7:::\nbin:*:1:0:99999:7:::\n', { mode: 0o600 })
  writeFileSync(join(root, 'usr/share/zoneinfo/Europe/Berlin'), 'TZif')
  writeFileSync(join(root, 'usr/share/doc/a/README'), 'read me')
  writeFileSync(join(site.directory, 'x.exlist'), './usr/share/doc*\n./usr/share/zoneinfo*\n./tmp*\n')
  for (const line of [
    'chtab key=system passwd.username=root passwd.password=$6$salt$hash',
    'chtab key=timezone site.value=Europe/Berlin',
    'chtab key=installdir site.value=@/install',
    'chtab imagename=lite osimage.osarch=x86_64 osimage.provmethod=statelite osimage.rootfstype=nfs linuximage.rootimgdir=@/image',
    'chtab imagename=net osimage.osarch=x86_64 osimage.provmethod=netboot linuximage.rootimgdir=@/image linuximage.exlist=@/x.exlist',
  ])
    await run(t, site, line)
  return { site, dest }
}

test('packimage: messages, refusals, and a generation of its own', async (t) => {
  const { site, dest } = await siteWithImage(t)
  await transcript(
    t,
    site,
    `$ packimage lite
! Error: 'lite' cannot be used to build diskless image. Make sure osimage.provmethod is 'netboot'.
!        For statelite: liteimg lite [LB_BAD_INPUT]
[1]
$ packimage -o el9 -p compute -a x86_64
! Error: -o, -p and -a options are obsoleted, please use 'packimage <osimage name>' instead.
! Usage: packimage [options] [image]
!        \`packimage --help\` explains the options
[1]
`,
  )
  const root = join(dest, 'rootimg')
  const said = await run(t, site, 'packimage -c gzip net')
  const path = join(dest, 'rootimg.cpio.gz')
  t.regex(
    said,
    new RegExp(
      `^Packing contents of ${root}\\narchive method:cpio\\ncompress method:gzip\\n${path}: .*generation 2\\n$`,
    ),
  )
  const names = execFileSync('sh', ['-c', `gzip -dc ${path} | cpio -it --quiet`], { encoding: 'utf8' }).split('\n')
  t.true(names.includes('./etc/hosts'))
  t.true(names.includes('./usr/share/zoneinfo/Europe/Berlin'), 'the zone is put back')
  t.true(names.includes('./tmp') && !names.includes('./tmp/left'))
  t.deepEqual(
    names.filter((name) => /statelite|default|doc/.test(name)).sort(),
    // What the initrd looks for in a root without entries, and the node's own report.
    ['./.default', './.statelite', './.statelite/revision', './etc/init.d/statelite'],
  )
  const to = join(site.directory, 'unpacked')
  mkdirSync(to)
  execFileSync('sh', ['-c', `gzip -dc ${path} | cpio -idmu --quiet`], { cwd: to })
  t.is(readlinkSync(join(to, 'etc/localtime')), '../usr/share/zoneinfo/Europe/Berlin')
  t.regex(
    readFileSync(join(to, 'opt/xcat/xcatinfo'), 'utf8'),
    /^IMAGENAME='net'\nIMAGEUUID='[0-9a-f-]{36}'\nTIMESTAMP='/,
  )
  t.regex(readFileSync(join(to, 'etc/shadow'), 'utf8'), /^root:\$6\$salt\$hash:/)
  // The tree itself, which nodes may have mounted, is as it was.
  t.is(lstatSync(join(root, 'etc/localtime'), { throwIfNoEntry: false }), undefined)
  t.regex(readFileSync(join(root, 'etc/shadow'), 'utf8'), /^root:secret:/)
})

test('packimage puts synclists and the password into what it packs, not into the tree; --nosyncfiles leaves the first out', async (t) => {
  const { site, dest } = await siteWithImage(t)
  writeFileSync(join(site.directory, 'motd'), 'of the site')
  writeFileSync(join(site.directory, 'x.synclist'), `${site.directory}/motd -> /etc/motd\n`)
  await run(t, site, 'chtab imagename=net osimage.synclists=@/x.synclist')
  const packed = (path: string) =>
    execFileSync('bsdtar', ['-xOf', join(dest, 'rootimg.cpio.gz'), path], { encoding: 'utf8' })
  await run(t, site, 'packimage -c gzip net')
  t.is(packed('./etc/motd'), 'of the site')
  t.regex(packed('./etc/shadow'), /^root:\$6\$salt\$hash:/)
  t.is(lstatSync(join(dest, 'rootimg/etc/motd'), { throwIfNoEntry: false }), undefined)
  await run(t, site, 'packimage -c gzip --nosyncfiles net')
  t.throws(() => packed('./etc/motd'))
  t.regex(packed('./etc/shadow'), /^root:\$6\$salt\$hash:/)
})

test('initrd ls and show, of an image and of a file', async (t) => {
  const { site, dest } = await siteWithImage(t)
  const archive = encodeCpio([
    { name: 'init', kind: 'file', mode: 0o755, data: Buffer.from('#!/bin/sh\nexec sh\n') },
    { name: 'lib/modules/6.1/kernel/nfs.ko', kind: 'file', mode: 0o644, data: Buffer.from([0, 1, 2]) },
    { name: 'lib/firmware/bnx2/a.fw', kind: 'file', mode: 0o644, data: Buffer.from('firmware') },
  ])
  writeFileSync(join(dest, 'initrd-statelite.gz'), archive)
  symlinkSync('initrd-statelite.gz', join(dest, 'link.gz'))
  await transcript(
    t,
    site,
    `$ initrd ls lite
-0755        18 init
-0644         8 lib/firmware/bnx2/a.fw
-0644         3 lib/modules/6.1/kernel/nfs.ko
@/image/initrd-statelite.gz: 0.0 MiB, 0.0 MiB unpacked, kernel 6.1
1 modules, 1 firmware files
$ initrd show lite /init
#!/bin/sh
exec sh
$ initrd show @/image/link.gz lib/modules/6.1/kernel/nfs.ko
lib/modules/6.1/kernel/nfs.ko: binary, 3 bytes
$ initrd show lite /inits
! Error: @/image/initrd-statelite.gz has no /inits
!        Did you mean 'init'? Correct the input and run the command again; nothing was changed. [LB_BAD_INPUT]
[1]
`,
  )
})
