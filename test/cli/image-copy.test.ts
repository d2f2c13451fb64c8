/** image copy, image diff. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { newSite, runCommand, type Site, transcript } from './transcript.ts'

async function siteWithImage(t: ExecutionContext): Promise<Site> {
  const site = newSite(t)
  const dest = join(site.directory, 'images/a')
  mkdirSync(join(dest, 'rootimg/etc'), { recursive: true })
  mkdirSync(join(dest, 'rootimg/var/lib/dpkg'), { recursive: true })
  writeFileSync(join(dest, 'rootimg/etc/hosts'), 'hosts\n')
  writeFileSync(join(dest, 'rootimg/var/lib/dpkg/status'), 'Package: bash\nStatus: install ok installed\nVersion: 1\n')
  writeFileSync(join(dest, 'kernel'), 'KERNEL')
  for (const line of [
    `imagename=a osimage.osvers=debian12 osimage.osarch=x86_64 osimage.profile=c osimage.provmethod=statelite osimage.groups=g`,
    `imagename=a linuximage.rootimgdir=${dest} linuximage.pkglist=/p`,
    'image=a,file=/etc/hosts litefile.options=tmpfs',
    'image=g,file=/var/log/ litefile.options=tmpfs',
    'priority=1 litetree.image=a litetree.directory=10.0.0.1:/t',
  ]) {
    const ran = await runCommand(site, ['chtab', ...line.split(' ')])
    t.is(ran.status, 0, ran.stderr)
  }
  return site
}

test('a copy has the rows and a tree of its own; diff tells what was changed since', async (t) => {
  const site = await siteWithImage(t)
  const planned = await runCommand(site, ['liteboot', 'image', 'copy', 'a', 'b', '--dry-run'])
  t.regex(planned.stdout, /Would copy a to b .*: 1 litefile rows, 1 litetree rows\./)
  const copied = await runCommand(site, ['liteboot', 'image', 'copy', 'a', 'b'])
  t.regex(copied.stdout, /^Copied a to b .*: 1 litefile rows, 1 litetree rows, (clones|full copy)\.\n$/, copied.stderr)
  await transcript(
    t,
    site,
    `
$ tabdump litefile
#image,file,options,comments,disable
"a","/etc/hosts","tmpfs",,
"g","/var/log/","tmpfs",,
"b","/etc/hosts","tmpfs",,
$ tabdump litetree
#priority,image,directory,mntopts,comments,disable
"1","a","10.0.0.1:/t",,,
"1.001","b","10.0.0.1:/t",,,
$ liteboot image diff a b
a and b@1 are the same.
$ liteboot image copy a b
! Error: there is an image b already.
!        Correct the input and run the command again; nothing was changed. [LB_BAD_INPUT]
[1]
`,
  )
  const tree = join(site.directory, 'images/b/rootimg')
  writeFileSync(join(tree, 'etc/hosts'), 'changed\n')
  writeFileSync(join(tree, 'etc/new'), '')
  writeFileSync(
    join(tree, 'var/lib/dpkg/status'),
    'Package: bash\nStatus: install ok installed\nVersion: 2\n\nPackage: tool\nStatus: install ok installed\nVersion: 3\n',
  )
  t.is(readFileSync(join(site.directory, 'images/a/rootimg/etc/hosts'), 'utf8'), 'hosts\n')
  await transcript(
    t,
    site,
    `
$ chtab imagename=b osimage.groups= linuximage.pkglist=/q
$ liteboot image diff a b
--- a @/images/a/rootimg
+++ b@1 @/images/b/generations/1/rootimg
attributes:
  - groups=g
  ~ pkglist: /p -> /q
packages:
  ~ bash 1 -> 2
  + tool 3
litefile:
  - /var/log/=tmpfs
files (1 added, 0 removed, 2 changed):
  ~ /etc/hosts (content)
  + /etc/new
  ~ /var/lib/dpkg/status (content)
$ liteboot image diff a b --limit 1
--- a @/images/a/rootimg
+++ b@1 @/images/b/generations/1/rootimg
attributes:
  - groups=g
  … and more (--limit)
packages:
  ~ bash 1 -> 2
  … and more (--limit)
litefile:
  - /var/log/=tmpfs
files (1 added, 0 removed, 2 changed):
  ~ /etc/hosts (content)
  … and more (--limit)
`,
  )
  const missing = await runCommand(site, ['liteboot', 'image', 'diff', 'a', 'b@7'])
  t.regex(missing.stderr, /image b has no generation 7: it has 1/)
  t.is(missing.status, 1)
})
