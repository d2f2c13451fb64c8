import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import test from 'ava'
import { newSite, runCommand, type Site, transcript } from '../../cli/transcript.ts'

/** An image whose repository has metadata but no packages: enough for everything that comes before a build. */
async function newImageSite(t: ExecutionContext): Promise<Site> {
  const site = newSite(t)
  const put = (path: string, text: string) => {
    mkdirSync(join(site.directory, path, '..'), { recursive: true })
    writeFileSync(join(site.directory, path), text)
  }
  put('media/repodata/repomd.xml', '')
  put(
    'lists/c.pkglist',
    'bash\n#INCLUDE:more.list#\n-weak\n#NEW_INSTALL_LIST#\n#ENV:ACCEPT=yes#\n@^minimal-environment\n',
  )
  put('lists/more.list', 'kernel\nbusybox\n')
  put('lists/c.otherpkgs.pkglist', 'tools/mpi\n--legacy\n')
  put('other/tools/repodata/repomd.xml', '')
  const made = await runCommand(site, [
    ...[
      'mkdef',
      '-t',
      'osimage',
      '-o',
      'el9',
      'imagetype=linux',
      'osvers=rocky9.4',
      'osarch=x86_64',
      'profile=compute',
    ],
    ...['provmethod=statelite', `pkgdir=${site.directory}/media`, `pkglist=${site.directory}/lists/c.pkglist`],
    ...[`rootimgdir=${site.directory}/image`, `otherpkgdir=${site.directory}/other`],
  ])
  t.is(made.status, 0, made.stderr)
  return site
}

test("errors in xCAT's words", async (t) => {
  const site = await newImageSite(t)
  await transcript(
    t,
    site,
    `
$ genimage el8
! Error: Cannot find image 'el8' from the osimage table.
!        List the images with \`lsdef -t osimage\`. [LB_NO_IMAGE]
[1]
$ genimage -p compute el9
! Error: -o, -p and -a options are not allowed when a image name is specified.
! Usage: genimage [options] [imagename]
!        \`genimage --help\` explains the options
[1]
$ genimage -o rocky9.4
! Error: Name the image, or give its profile with -p.
! Usage: genimage [options] [imagename]
!        \`genimage --help\` explains the options
[1]
$ chdef -t osimage el9 pkglist=
1 object definitions have been created or modified.
$ genimage el9
! Error: A .pkglist file must be specified for image 'el9' in the linuximage table.
!        chdef -t osimage el9 pkglist=<file> [LB_BAD_INPUT]
[1]
$ chdef -t osimage el9 pkglist=/nonexistent/a.pkglist
1 object definitions have been created or modified.
$ genimage el9
! Error: The pkglist specified '/nonexistent/a.pkglist' does not exist!
!        Correct the input and run the command again; nothing was changed. [LB_BAD_INPUT]
[1]
$ chdef -t osimage el9 provmethod=install
1 object definitions have been created or modified.
$ genimage el9
! Error: 'el9' cannot be used to build diskless image. Make sure osimage.provmethod is 'netboot'.
!        chdef -t osimage el9 provmethod=statelite (or netboot) [LB_BAD_INPUT]
[1]
$ chdef -t osimage el9 osvers=
1 object definitions have been created or modified.
$ genimage el9
! Error: osimage.osvers, osimage.osarch, osimage.profile and osimage.provmethod must be specified for the image el9 in the database.
!        Correct the input and run the command again; nothing was changed. [LB_BAD_INPUT]
[1]
$ chtab imagename=bare osimage.osvers=rocky9.4
$ genimage bare
! Error: Cannot find bare from the linuximage table.
!        Give it packages: chdef -t osimage bare pkglist=… pkgdir=… [LB_NO_IMAGE]
[1]
$ genimage --interactive el9
! Error: --interactive: the build runs in the server, where nobody can answer the package manager.
!        Print its commands with --dryrun, and try them in a shell. [LB_BAD_INPUT]
[1]
`,
  )
})

test('everything that is wrong is said at once, with file and line, before anything is touched', async (t) => {
  const site = await newImageSite(t)
  writeFileSync(join(site.directory, 'lists/c.pkglist'), 'bash\n#INCLUDE:nowhere.list#\n')
  writeFileSync(join(site.directory, 'lists/more.list'), 'busybox-static\ntwo words\n')
  writeFileSync(join(site.directory, 'post'), '#!/bin/sh\n')
  const set = await runCommand(site, [
    ...['chdef', '-t', 'osimage', '-o', 'el9', `otherpkglist=${site.directory}/lists/c.otherpkgs.pkglist`],
    ...[`pkgdir=${site.directory}/media,${site.directory}/missing`, `postinstall=${site.directory}/post -x`],
    ...[
      `pkglist=${site.directory}/lists/c.pkglist,${site.directory}/lists/more.list`,
      `otherpkgdir=${site.directory}/nothing`,
    ],
  ])
  t.is(set.status, 0, set.stderr)
  const { stderr, status } = await runCommand(site, ['genimage', 'el9'])
  t.is(status, 1)
  const lines = stderr.replaceAll(site.directory, '@').split('\n')
  for (const expected of [
    'Error: @/lists/c.pkglist line 2: the list @/lists/nowhere.list cannot be read',
    "@/lists/more.list line 2: 'two words' has a blank in it: write one package on a line",
    '@/lists/c.otherpkgs.pkglist line 1: the directory @/nothing/tools does not exist: put the packages there, or correct otherpkgdir',
    'the directory @/missing of pkgdir does not exist: copy the media with copycds, or correct pkgdir',
    'the postinstall script @/post is not executable: chmod +x @/post',
  ])
    t.true(
      lines.some((line) => line.trim() === expected),
      `${expected}\nin\n${lines.join('\n')}`,
    )
  t.deepEqual((await runCommand(site, ['tabdump', 'linuximage'])).stdout.includes('/image/generations'), false)
})

test('--explain shows how the lists were read; --dryrun the commands; neither makes anything', async (t) => {
  const site = await newImageSite(t)
  writeFileSync(join(site.directory, 'post'), '#!/bin/sh\n')
  chmodSync(join(site.directory, 'post'), 0o755)
  await runCommand(site, [
    ...['chdef', '-t', 'osimage', '-o', 'el9', `otherpkglist=${site.directory}/lists/c.otherpkgs.pkglist`],
    `postinstall=${site.directory}/post --tune hpc`,
  ])
  // The programs of package managers are not needed for a look at the lists where they are there.
  const explained = await runCommand(site, ['genimage', '--explain', 'el9'])
  if (/is missing on this machine/.test(explained.stderr)) {
    t.regex(explained.stderr, /apt-get install dnf/)
    return
  }
  t.is(
    explained.stdout.replaceAll(site.directory, '@'),
    `repository pkg1-media: file://@/media
repository other1: file://@/other/tools
packages, batch 1:
  install bash  (@/lists/c.pkglist line 1)
  install kernel  (@/lists/more.list line 1)
  install busybox  (@/lists/more.list line 2)
  leave out weak  (@/lists/c.pkglist line 3)
packages, batch 2:
  environment ACCEPT=yes
  install @^minimal-environment  (@/lists/c.pkglist line 6)
other packages, batch 1:
  install mpi from tools  (@/lists/c.otherpkgs.pkglist line 1)
  then remove legacy  (@/lists/c.otherpkgs.pkglist line 2)
`,
  )
  const version = '5.14.0-70.el9.x86_64'
  const shown = await runCommand(site, ['genimage', '--dryrun', '-k', version, '--noupdate', 'el9'])
  const commands = shown.stdout
    .replaceAll(`${site.directory}/image/generations/.new-1`, '%')
    .replaceAll(site.directory, '@')
    .split('\n')
    .filter((line) => /^([A-Z_]+=\S+ )*(dnf|@\/post|depmod) /.test(line))
  const dnf = `dnf -y -c %/.rootimg.work/dnf.conf --installroot=%/rootimg --releasever=9 --setopt=module_platform_id=platform:el9`
  t.deepEqual(commands, [
    `${dnf} install --exclude=weak -- bash kernel-${version} busybox`,
    `ACCEPT=yes ${dnf} install -- @minimal-environment`,
    `${dnf} install -- mpi`,
    `${dnf} remove -- legacy`,
    `IMG_NAME=el9 IMG_ARCH=x86_64 IMG_OSVER=rocky9.4 IMG_PROFILE=compute IMG_KERNELVERSION=${version} IMG_PKGLIST=@/lists/c.pkglist IMG_PKGDIR=@/media IMG_OTHERPKGLIST=@/lists/c.otherpkgs.pkglist IMG_OTHERPKGDIR=@/other IMG_ROOTIMGDIR=%/rootimg IMG_WORKDIR=%/.rootimg.work @/post %/rootimg rocky9.4 x86_64 compute --tune hpc`,
    `depmod -b %/rootimg ${version}`,
  ])
  t.is(shown.stdout.split('\n')[0], 'Generating image: ')
  const after = await runCommand(site, ['lsdef', '-t', 'osimage', '-o', 'el9', '-i', 'kernelver', '-c'])
  t.is(after.stdout, 'el9: kernelver=\n')
})
