/** copycds at the terminal: what it prints, which osimages it makes, and what it leaves alone. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { openProgressLine } from '../../src/cli/shell/progress-line.ts'
import { openApiRig } from '../api/rig.ts'
import { DEBIAN_NETINST, makeIso, rhelMedium, SLE15_FULL } from '../image/copycds/fake-media.ts'
import { newSite, runCommand, type Site, transcript } from './transcript.ts'

const SHARE = join(import.meta.dirname, '../../share/netboot')

async function installSite(t: ExecutionContext): Promise<Site> {
  const site = newSite(t)
  await runCommand(site, ['chdef', '-t', 'site', `installdir=${site.directory}/install`])
  return site
}

async function stdoutOf(site: Site, line: string): Promise<string> {
  return (await runCommand(site, line.split(' '))).stdout
}

test('a medium, its distribution and its osimages', async (t) => {
  const site = await installSite(t)
  makeIso(t, join(site.directory, 'rhel.iso'), rhelMedium('ppc64le', '7.3'))
  await transcript(
    t,
    site,
    `
$ copycds -i @/rhel.iso
OS Image:@/rhel.iso
DISTNAME:rhels7.3
ARCH:ppc64le
DISCNO:7.3
$ copycds @/rhel.iso
Copying media to @/install/rhels7.3/ppc64le
Media copy operation successful
$ lsdef -t osimage
rhels7.3-ppc64le-install-compute  (osimage)
rhels7.3-ppc64le-netboot-compute  (osimage)
rhels7.3-ppc64le-statelite-compute  (osimage)
$ tabdump osdistro
#osdistroname,basename,majorversion,minorversion,arch,type,dirpaths,comments,disable
"rhels7.3-ppc64le","rhels","7","3","ppc64le","Linux","@/install/rhels7.3/ppc64le",,
$ copycds -w @/rhel.iso
The disc iso has already been copied in!
$ copycds @/rhel.iso
Copying media to @/install/rhels7.3/ppc64le
Media copy operation successful
`,
  )
  const shown = await stdoutOf(site, 'lsdef -t osimage rhels7.3-ppc64le-statelite-compute')
  t.is(
    shown.replaceAll(site.directory, '@').replaceAll(SHARE, '%'),
    `Object name: rhels7.3-ppc64le-statelite-compute
    addkcmdline=quiet
    exlist=%/rh/compute.exlist
    imagetype=linux
    osarch=ppc64le
    osdistroname=rhels7.3-ppc64le
    osname=Linux
    osvers=rhels7.3
    otherpkgdir=@/install/post/otherpkgs/rhels7.3/ppc64le
    pkgdir=@/install/rhels7.3/ppc64le
    pkglist=%/rh/compute.rhels7.ppc64le.pkglist
    postinstall=%/rh/compute.postinstall
    profile=compute
    provmethod=statelite
    rootimgdir=@/install/netboot/rhels7.3/ppc64le/compute
`,
  )
  const template = join(
    site.directory,
    'install/postscripts/repos',
    site.directory,
    'install/rhels7.3/ppc64le/local-repository.tmpl',
  )
  t.is(readFileSync(template, 'utf8').match(/^\[local-rhels7\.3-ppc64le-(AppStream|BaseOS)\]$/gm)?.length, 2)
})

test('a later run follows new files, and leaves what was changed by hand', async (t) => {
  const site = await installSite(t)
  makeIso(t, join(site.directory, 'a.iso'), rhelMedium('x86_64'))
  const image = 'rhels9.4-x86_64-statelite-compute'
  await runCommand(site, ['copycds', `${site.directory}/a.iso`])
  const own = join(site.directory, 'install/custom/netboot/rh')
  mkdirSync(own, { recursive: true })
  for (const name of ['compute.rhels9.pkglist', 'compute.rhels9.exlist', 'compute-gpu.pkglist'])
    writeFileSync(join(own, name), 'bash\n')
  await transcript(
    t,
    site,
    `
$ chdef -t osimage ${image} exlist=/my.exlist rootimgdir=/my/root postinstall= addkcmdline=
1 object definitions have been created or modified.
`,
  )
  const dry = await runCommand(site, ['copycds', '--dry-run', `${site.directory}/a.iso`])
  t.regex(dry.stdout, /Would copy media to .*\/install\/rhels9\.4\/x86_64: 7 files/)
  t.regex(dry.stdout, /compute-gpu/)
  t.notRegex(await stdoutOf(site, 'lsdef -t osimage'), /gpu/)
  await transcript(
    t,
    site,
    `
$ copycds @/a.iso
Copying media to @/install/rhels9.4/x86_64
Media copy operation successful
! Warning: osimage ${image} keeps what was changed by hand: rootimgdir, exlist, postinstall
$ lsdef -t osimage ${image} -i exlist,rootimgdir,postinstall,addkcmdline,pkglist
Object name: ${image}
    addkcmdline=
    exlist=/my.exlist
    pkglist=@/install/custom/netboot/rh/compute.rhels9.pkglist
    postinstall=
    rootimgdir=/my/root
$ lsdef -t osimage
rhels9.4-x86_64-install-compute  (osimage)
rhels9.4-x86_64-netboot-compute  (osimage)
rhels9.4-x86_64-netboot-compute-gpu  (osimage)
rhels9.4-x86_64-statelite-compute  (osimage)
rhels9.4-x86_64-statelite-compute-gpu  (osimage)
`,
  )
})

test('options: names, paths, no osimages; Debian and SUSE', async (t) => {
  const site = await installSite(t)
  const at = (name: string) => join(site.directory, name)
  makeIso(t, at('suse.iso'), SLE15_FULL)
  makeIso(t, at('debian.iso'), DEBIAN_NETINST)
  makeIso(t, at('rhel.iso'), rhelMedium('x86_64'))
  await transcript(
    t,
    site,
    `
$ copycds -o -p @/elsewhere @/suse.iso
Copying media to @/elsewhere/1
Media copy operation successful
! Warning: copycds: @/elsewhere is outside of @/install (site.installdir): the HTTP server may not export it
$ copycds @/debian.iso
Copying media to @/install/debian12.5.0/ppc64le
Media copy operation successful
$ copycds -n demo9.1-extras -i @/rhel.iso
OS Image:@/rhel.iso
DISTNAME:rhels9.4
ARCH:x86_64
DISCNO:9.4
! Warning: copycds: -n is ignored with -i
$ copycds -n demo9.1-extras @/rhel.iso
Copying media to @/install/demo9.1-extras/x86_64
Media copy operation successful
! Warning: no package list is there for demo9.1-extras on x86_64: no osimage is made of it. Put one into @/install/custom/netboot, or define an image with mkdef
$ lsdef -t osimage
debian12.5.0-ppc64le-install-compute  (osimage)
debian12.5.0-ppc64le-netboot-compute  (osimage)
debian12.5.0-ppc64le-statelite-compute  (osimage)
$ copycds -w -p @/elsewhere @/suse.iso
The disc iso has already been copied in!
$ tabdump osdistro
#osdistroname,basename,majorversion,minorversion,arch,type,dirpaths,comments,disable
"sle15.4-ppc64le","sle","15","4","ppc64le","Linux","@/elsewhere",,
"debian12.5.0-ppc64le","debian","12","5","ppc64le","Linux","@/install/debian12.5.0/ppc64le",,
"demo9.1-extras-x86_64","demo","9","1","x86_64","Linux","@/install/demo9.1-extras/x86_64",,
`,
  )
  t.true(existsSync(at('elsewhere/2/media.1/media')))
  t.true(existsSync(at('install/sle15.4/ppc64le/1/media.1/media')))
})

test('what is refused changes nothing, and does not stop the next medium', async (t) => {
  const site = await installSite(t)
  const at = (name: string) => join(site.directory, name)
  makeIso(t, at('rhel.iso'), rhelMedium('x86_64'))
  makeIso(t, at('data.iso'), { README: 'x' })
  makeIso(t, at('hostile.iso'), { '.discinfo': '1\nRocky Linux 9.2\n../../../etc\n' })
  await transcript(
    t,
    site,
    `
$ copycds
! Error: copycds needs at least one full path to ISO currently.
! Usage: copycds [options] [media...]
!        \`copycds --help\` explains the options
[1]
$ copycds @/none.iso
! Error: The management server was unable to find/read @/none.iso. Ensure that file exists on the server at the specified location.
[1]
$ copycds @/data.iso
! Error: copycds could not identify the ISO supplied, you may wish to try -n <osver>
!        Name the distribution with -n, for example -n rhels9.4, and its architecture with -a.
[1]
$ copycds -i @/data.iso
OS Image:@/data.iso
DISTNAME:
ARCH:
DISCNO:
! Error: copycds could not identify the ISO supplied, you may wish to try -n <osver>
[1]
$ copycds -a ppc64le @/rhel.iso
! Error: Requested distribution architecture ppc64le, but media is x86_64
!        Leave -a out.
[1]
$ copycds @/hostile.iso
! Error: '../../../etc' is no name of an architecture
!        Give one of letters, digits, dots and dashes with -a.
[1]
$ copycds -n ../x @/rhel.iso
! Error: '../x' is no name of a distribution
!        Give one of letters, digits, dots and dashes with -n.
[1]
$ chdef -t site onlysupportarchs=ppc64le,aarch64
1 object definitions have been created or modified.
$ copycds @/rhel.iso
! Error: the medium is for x86_64, and this site takes only ppc64le, aarch64
!        Add it to site.onlysupportarchs: chdef -t site onlysupportarchs=…
[1]
$ chdef -t site onlysupportarchs= osimagerequired=1
1 object definitions have been created or modified.
$ copycds -n demo1 @/rhel.iso
! Error: no template and no package list is there for demo1 on x86_64, and site.osimagerequired asks for one
!        Put one into @/install/custom/netboot, or unset site.osimagerequired.
[1]
$ tabdump osdistro
#osdistroname,basename,majorversion,minorversion,arch,type,dirpaths,comments,disable
$ copycds @/data.iso @/rhel.iso
Copying media to @/install/rhels9.4/x86_64
Media copy operation successful
! Error: copycds could not identify the ISO supplied, you may wish to try -n <osver>
!        Name the distribution with -n, for example -n rhels9.4, and its architecture with -a.
[1]
`,
  )
})

test('relative names are those of the caller', async (t) => {
  const site = await installSite(t)
  makeIso(t, join(site.directory, 'rhel.iso'), rhelMedium('x86_64'))
  const { relative } = await import('node:path')
  const ran = await runCommand(site, ['copycds', '-i', relative(process.cwd(), join(site.directory, 'rhel.iso'))])
  t.true(ran.stdout.startsWith(`OS Image:${site.directory}/rhel.iso\n`))
})

test('a bar on a terminal, nothing in a pipe', async (t) => {
  const site = await installSite(t)
  makeIso(t, join(site.directory, 'rhel.iso'), rhelMedium('x86_64'))
  const quiet = await runCommand(site, ['copycds', '-o', `${site.directory}/rhel.iso`])
  t.is(quiet.stderr, '')
  const shown = await runCommand(site, ['copycds', '-o', `${site.directory}/rhel.iso`], '', true)
  t.true(shown.stderr.endsWith(`[${'#'.repeat(40)}] 100.00%\n`))
  t.is(shown.stdout, quiet.stdout)

  let written = ''
  const line = openProgressLine((text) => {
    written += text
  })
  for (const text of ['begin', '12.50%', '50.00%', 'between']) line.show(text)
  line.end()
  const bar = (filled: number) => `\r\u001b[K[${'#'.repeat(filled)}${' '.repeat(40 - filled)}]`
  t.is(written, `begin\n${bar(5)} 12.50%${bar(20)} 50.00%\nbetween\n`)
})

test('through a server: progress arrives while it works; files are named absolutely', async (t) => {
  const { client, places, store } = await openApiRig(t)
  store.transact((tables) => tables.setRows('site', { key: 'installdir' }, { value: join(places.state, 'install') }), {
    author: 'test',
  })
  const iso = join(places.state, 'rhel.iso')
  makeIso(t, iso, rhelMedium('x86_64'))
  const lines: string[] = []
  const destination = join(places.state, 'media/rhels')
  const { exitStatus, data } = await client.call('image.copycds', { media: [iso], path: destination }, (line) =>
    lines.push(line),
  )
  t.is(exitStatus, 0)
  t.is(lines.at(-1), '100.00%')
  t.like(data, [{ medium: iso, osvers: 'rhels9.4', arch: 'x86_64', path: destination, alreadyCopied: false, files: 7 }])
  t.true(existsSync(join(destination, 'BaseOS/Packages/bash.rpm')))
  await t.throwsAsync(client.call('image.copycds', { media: ['rhel.iso'] }), { message: /is not an absolute path/ })
})
