/** imgexport and imgimport: from one site to another. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { newSite, runCommand, type Site, transcript } from './transcript.ts'

async function run(t: ExecutionContext, site: Site, line: string): Promise<void> {
  const ran = await runCommand(site, line.replaceAll('@', site.directory).split(' '))
  t.is(ran.status, 0, `${line}: ${ran.stderr}`)
}

async function siteWithInstalldir(t: ExecutionContext): Promise<Site> {
  const site = newSite(t)
  mkdirSync(join(site.directory, 'install'))
  await run(t, site, 'chtab key=installdir site.value=@/install')
  return site
}

async function exportingSite(t: ExecutionContext): Promise<Site> {
  const site = await siteWithInstalldir(t)
  const dest = join(site.directory, 'install/netboot/el9/x86_64/compute')
  mkdirSync(join(dest, 'rootimg/etc'), { recursive: true })
  mkdirSync(join(dest, 'rootimg/.default/etc'), { recursive: true })
  writeFileSync(join(dest, 'rootimg/etc/hosts'), 'hosts\n')
  symlinkSync('/etc/passwd', join(dest, 'rootimg/etc/outside'))
  writeFileSync(join(dest, 'kernel'), 'KERNEL')
  writeFileSync(join(dest, 'initrd-statelite.gz'), 'INITRD')
  mkdirSync(join(site.directory, 'install/custom'))
  mkdirSync(join(site.directory, 'lists'))
  writeFileSync(join(site.directory, 'install/custom/lite.pkglist'), 'bash\n#INCLUDE:more.pkglist#\n')
  writeFileSync(join(site.directory, 'lists/lite.postinstall'), '#!/bin/sh\n', { mode: 0o755 })
  writeFileSync(join(site.directory, 'install/custom/tune'), 'tune\n', { mode: 0o755 })
  for (const line of [
    'chtab imagename=lite osimage.osvers=el9 osimage.osarch=x86_64 osimage.profile=compute osimage.provmethod=statelite osimage.groups=all-el osimage.imagetype=linux',
    'chtab imagename=lite linuximage.pkglist=@/install/custom/lite.pkglist linuximage.rootimgdir=@/install/netboot/el9/x86_64/compute',
    'chtab image=ALL,file=/etc/hosts litefile.options=tmpfs',
    'chtab image=all-el,file=/var/log/ litefile.options=persistent',
    'chtab image=lite,file=/etc/hosts litefile.options=link',
    'chtab image=other,file=/etc/other litefile.options=tmpfs',
    'chtab priority=1.0 litetree.image=ALL litetree.directory=10.0.0.1:/tree',
    'chtab node=compute statelite.statemnt=10.0.0.1:/state',
  ])
    await run(t, site, line)
  const { status, stderr } = await runCommand(site, [
    ...['chtab', 'imagename=lite'],
    `linuximage.postinstall=${site.directory}/lists/lite.postinstall --fast`,
  ])
  t.is(status, 0, stderr)
  return site
}

const members = (bundle: string) =>
  execFileSync('tar', ['-tzf', bundle], { encoding: 'utf8' })
    .split('\n')
    .filter((name) => name !== '' && !name.endsWith('/'))
    .sort()

test('an image goes from one site to another', async (t) => {
  const from = await exportingSite(t)
  await transcript(
    t,
    from,
    `
$ imgexport lite @/lite.tgz --dry-run
Would write @/lite.tgz: initrd-statelite.gz kernel lite.pkglist lite.postinstall extra/tune litefile.csv litetree.csv statelite.csv
! Warning: @/install/custom/lite.pkglist includes more.pkglist, which is not in the bundle: add it with -e
`.replace(' --dry-run', ' -e @/install/custom/tune --dry-run'),
  )
  const bundle = join(from.directory, 'lite.tgz')
  t.false(existsSync(bundle))
  const exported = await runCommand(from, [
    'imgexport',
    'lite',
    bundle,
    '-e',
    join(from.directory, 'install/custom/tune'),
  ])
  t.regex(exported.stdout, /^lite exported to .*lite\.tgz, 0\.0 MiB\.\n$/)
  t.deepEqual(members(bundle), [
    'lite/extra/tune',
    'lite/initrd-statelite.gz',
    'lite/kernel',
    'lite/lite.pkglist',
    'lite/lite.postinstall',
    'lite/litefile.csv',
    'lite/litetree.csv',
    'lite/manifest.xml',
    'lite/rootimgtree.gz',
    'lite/statelite.csv',
  ])
  const litefile = execFileSync('tar', ['-xzOf', bundle, 'lite/litefile.csv'], { encoding: 'utf8' })
  t.is(litefile, '"ALL","/etc/hosts","tmpfs",,\n"all-el","/var/log/","persistent",,\n"lite","/etc/hosts","link",,\n')

  const to = await siteWithInstalldir(t)
  await run(t, to, 'chtab priority=1.0 litetree.image=none litetree.directory=10.9.9.9:/other')
  await run(t, to, 'chtab image=ALL,file=/var/log/ litefile.options=persistent')
  const copy = join(to.directory, 'lite.tgz')
  writeFileSync(copy, readFileSync(bundle))
  const planned = await runCommand(to, ['imgimport', copy, '--dry-run'])
  t.is(planned.status, 0, planned.stderr)
  t.deepEqual(
    readdirSync(join(to.directory, 'install')).filter((name) => !name.startsWith('.')),
    [],
  )
  await transcript(
    t,
    to,
    `
$ imgimport @/lite.tgz
Wrote @/install/custom/lite.pkglist
Wrote @/install/custom/imported/lite/lite.postinstall
Wrote @/install/custom/tune
Imported lite into @/install/netboot/el9/x86_64/compute: 1 litefile rows, 1 litetree rows.
Prepare it before nodes boot it: liteimg lite
! Warning: the bundle has 1 statelite rows of its site, which were not taken (--statelite)
$ tabdump litefile
#image,file,options,comments,disable
"ALL","/var/log/","persistent",,
"lite","/etc/hosts","link",,
$ tabdump litetree
#priority,image,directory,mntopts,comments,disable
"1.0","none","10.9.9.9:/other",,,
"1.001","lite","10.0.0.1:/tree",,,
$ lsdef -t osimage lite -i postinstall,pkglist,groups,rootimgdir
Object name: lite
    groups=all-el
    pkglist=@/install/custom/lite.pkglist
    postinstall=@/install/custom/imported/lite/lite.postinstall --fast
    rootimgdir=@/install/netboot/el9/x86_64/compute
$ imgimport @/lite.tgz
! Error: there is an image lite already.
!        Nothing was changed. Import it under another name with --name. [LB_BAD_INPUT]
[1]
$ imgimport @/lite.tgz --name lite-b
Wrote @/install/custom/imported/lite-b/lite.postinstall
Imported lite-b into @/install/netboot/el9/x86_64/lite-b: 1 litefile rows, 1 litetree rows.
Prepare it before nodes boot it: liteimg lite-b
! Warning: the bundle has 1 statelite rows of its site, which were not taken (--statelite)
`,
  )
  const dest = join(to.directory, 'install/netboot/el9/x86_64/compute')
  t.is(readFileSync(join(dest, 'kernel'), 'utf8'), 'KERNEL')
  t.is(readFileSync(join(dest, 'rootimg/etc/hosts'), 'utf8'), 'hosts\n')
})

function bundleOf(site: Site, manifest: string, files: Readonly<Record<string, string>> = {}): string {
  const work = join(site.directory, 'made')
  mkdirSync(join(work, 'x/extra'), { recursive: true })
  writeFileSync(join(work, 'x/manifest.xml'), `<xcatimage>${manifest}</xcatimage>`)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(work, 'x', name), text)
  execFileSync('tar', ['-czf', join(site.directory, 'made.tgz'), '-C', work, 'x'])
  return join(site.directory, 'made.tgz')
}

const COLUMNS = '<osvers>el9</osvers><osarch>x86_64</osarch><profile>c</profile><provmethod>statelite</provmethod>'

test('paths of a bundle stay below installdir, and nothing that is there is overwritten', async (t) => {
  const site = await siteWithInstalldir(t)
  const installdir = join(site.directory, 'install')
  mkdirSync(join(installdir, 'postscripts'))
  writeFileSync(join(installdir, 'postscripts/evil'), 'the site own')
  const osimage = (more: string) =>
    `<osimage><imagename>x</imagename>${COLUMNS}</osimage><linuximage>${more}</linuximage>`
  const cases: readonly (readonly [string, RegExp])[] = [
    [osimage('<rootimgdir>/install/../../../etc</rootimgdir>'), /has a path with ".."/],
    [osimage('<pkglist>/install/../evil</pkglist>'), /has a path with ".."/],
    [
      `${osimage('')}<extra><src>evil</src><dest>/install/postscripts</dest></extra>`,
      /other files are where .*postscripts\/evil/,
    ],
    [`${osimage('')}<extra><src>evil</src><dest>/install/../../x</dest></extra>`, /has a path with ".."/],
    [osimage('').replace('el9', '../../x'), /the osvers .* is no name/],
    [osimage('').replace('>x<', '>..<'), /the image name ".." is no name/],
    [osimage('').replace('>statelite<', '><'), /says no provmethod/],
    [osimage('<rootimgdir>/install/postscripts</rootimgdir>'), /postscripts is not empty/],
    ['<osimage>', /manifest\.xml: /],
  ]
  for (const [manifest, message] of cases) {
    const { status, stderr } = await runCommand(site, ['imgimport', bundleOf(site, manifest, { 'extra/evil': 'evil' })])
    t.is(status, 1, manifest)
    t.regex(stderr, message)
    t.deepEqual(
      readdirSync(installdir, { recursive: true })
        .filter((name) => !String(name).startsWith('.'))
        .sort(),
      ['postscripts', 'postscripts/evil'],
    )
  }
  t.is(readFileSync(join(installdir, 'postscripts/evil'), 'utf8'), 'the site own')
  const { stdout } = await runCommand(site, ['tabdump', 'osimage'])
  t.is(stdout.trim().split('\n').length, 1)
})

test('places outside installdir become places of the image; old manifests are read', async (t) => {
  const site = await siteWithInstalldir(t)
  const manifest = `<imagename>x</imagename>${COLUMNS}<pkglist>/etc/cron.d/evil</pkglist><rootimgdir>/etc</rootimgdir><extra><src>tune</src><dest>/usr/bin</dest></extra>`
  bundleOf(site, manifest, { evil: 'bash', 'extra/tune': 'x', kernel: 'K' })
  await transcript(
    t,
    site,
    `
$ imgimport @/made.tgz -f other
Wrote @/install/custom/imported/el9-x86_64-statelite-other/evil
Wrote @/install/custom/imported/el9-x86_64-statelite-other/tune
Imported el9-x86_64-statelite-other into @/install/netboot/el9/x86_64/other: 0 litefile rows, 0 litetree rows.
Prepare it before nodes boot it: liteimg el9-x86_64-statelite-other
`,
  )
})

test('an import that was killed leaves nothing in the way', async (t) => {
  const site = await siteWithInstalldir(t)
  bundleOf(site, `<osimage><imagename>x</imagename>${COLUMNS}</osimage>`, { kernel: 'K' })
  const dest = join(site.directory, 'install/netboot/el9/x86_64/c')
  mkdirSync(join(dest, 'generations/.new-1/rootimg'), { recursive: true })
  mkdirSync(join(site.directory, 'install/.liteboot-import/bundle'), { recursive: true })
  await run(t, site, 'imgimport @/made.tgz')
  t.deepEqual(
    readdirSync(join(dest, 'generations')).filter((name) => /^\d|new/.test(name)),
    ['1'],
  )
  t.false(existsSync(join(site.directory, 'install/.liteboot-import')))
  // Killed after the generation was made and before the rows were written: as if they had never been.
  await run(t, site, 'rmdef -t osimage x')
  await run(t, site, 'imgimport @/made.tgz')
  t.is(readFileSync(join(dest, 'kernel'), 'utf8'), 'K')
})
