import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { ExecutionContext } from 'ava'
import test from 'ava'
import { findAptSources } from '../../../src/image/genimage/apt-sources.ts'
import { renderFstab } from '../../../src/image/genimage/base-config/fstab.ts'
import { networkFiles } from '../../../src/image/genimage/base-config/network.ts'
import { installLinks } from '../../../src/image/genimage/base-config/services.ts'
import { encodeProbe, explainCannotRun } from '../../../src/image/genimage/cross.ts'
import { osTools } from '../../../src/image/genimage/os-tools.ts'
import { scriptletWarnings } from '../../../src/image/genimage/package-facts.ts'
import { parsePostinstall } from '../../../src/image/genimage/postinstall.ts'
import { type Counts, parseProgress } from '../../../src/image/genimage/progress.ts'
import { findRpmRepositories } from '../../../src/image/genimage/rpm-sources.ts'
import { parseDatabasePath } from '../../../src/image/genimage/rpm-tree.ts'
import { renderWords } from '../../../src/image/genimage/shell-words.ts'
import { architectureOfElf } from '../../../src/image/initrd/architecture.ts'

function newDirectory(t: ExecutionContext, files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(join(tmpdir(), 'liteboot-genimage-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(directory, dirname(path)), { recursive: true })
    writeFileSync(join(directory, path), text)
  }
  return directory
}

test('an OS version says which tool installs it, and what the tool is told', (t) => {
  const said = (os: string) => {
    const { tool, major, modulePlatform, rpmDatabase, suite } = osTools(os)
    return [tool, major, modulePlatform ?? rpmDatabase ?? suite ?? '', rpmDatabase ?? ''].join(' ').trim()
  }
  t.is(said('rhels7.9'), 'dnf 7 var/lib/rpm var/lib/rpm')
  t.is(said('rocky9.4'), 'dnf 9 platform:el9 var/lib/rpm')
  t.is(said('alma10.0'), 'dnf 10 platform:el10 usr/lib/sysimage/rpm')
  t.is(said('centos-stream9'), 'dnf 9 platform:el9 var/lib/rpm')
  t.is(said('fedora40'), 'dnf 40 platform:f40 usr/lib/sysimage/rpm')
  t.is(said('sles12.5'), 'zypper 12 var/lib/rpm var/lib/rpm')
  t.is(said('sle15.5'), 'zypper 15 usr/lib/sysimage/rpm usr/lib/sysimage/rpm')
  t.is(said('leap15.6'), 'zypper 15 usr/lib/sysimage/rpm usr/lib/sysimage/rpm')
  t.is(said('debian12'), 'apt 12 bookworm')
  t.is(said('ubuntu24.04.1'), 'apt 24 noble')
  const error = t.throws(() => osTools('plan9'))
  t.regex(error.message, /^'plan9' is no OS that genimage can build/)
})

test('every architecture has its own program that answers', (t) => {
  for (const arch of ['x86_64', 'ppc64le', 'ppc64', 'aarch64', 's390x']) {
    const probe = encodeProbe(arch)
    t.is(probe && architectureOfElf(probe), arch)
  }
  t.is(encodeProbe('vax'), undefined)
})

test('what is wrong with binfmt_misc is said, and what to do', (t) => {
  const why = (files: Readonly<Record<string, string>>) =>
    explainCannotRun('ppc64le', newDirectory(t, files)).split(': ').slice(0, 2).join(': ')
  t.is(
    why({}).replace(/ on \S+,/, ','),
    'cannot run ppc64le programs: binfmt_misc is not mounted, and no emulator answers',
  )
  const mounted = { register: '', status: 'enabled\n' }
  t.is(why(mounted), 'cannot run ppc64le programs: no emulator qemu-ppc64le is registered with binfmt_misc')
  t.is(why({ ...mounted, status: 'disabled\n' }), 'cannot run ppc64le programs: binfmt_misc is switched off')
  t.is(
    why({ ...mounted, 'qemu-ppc64le': 'disabled\n' }),
    'cannot run ppc64le programs: qemu-ppc64le is registered with binfmt_misc, but switched off',
  )
  t.is(
    why({ ...mounted, 'qemu-ppc64le': 'enabled\nflags: PO\n' }),
    'cannot run ppc64le programs: qemu-ppc64le is registered without the flag F, so it does not work inside an image',
  )
  t.regex(explainCannotRun('ppc64le', '/nonexistent'), /no binfmt_misc: install qemu-user-static and register it: /)
})

test("package managers' own counts", (t) => {
  const cases: readonly (readonly [Counts, string, string | undefined])[] = [
    [
      'dnf',
      '(3/12): bash-5.1.8-9.el9.x86_64.rpm         1.2 MB/s | 1.7 MB     00:01',
      '(3/12) downloaded bash-5.1.8-9.el9.x86_64.rpm',
    ],
    [
      'dnf',
      '  Installing       : bash-5.1.8-9.el9.x86_64        12/345 ',
      '(12/345) installing bash-5.1.8-9.el9.x86_64',
    ],
    [
      'dnf',
      '  Running scriptlet: bash-5.1.8-9.el9.x86_64        12/345 ',
      '(12/345) running scriptlet bash-5.1.8-9.el9.x86_64',
    ],
    ['dnf', 'Dependencies resolved.', undefined],
    ['zypper', '(3/12) Installing: bash-4.4-1.x86_64 [...done]', '(3/12) installing bash-4.4-1.x86_64'],
    [
      'zypper',
      'Retrieving package base-1-1.noarch (1/1),   6.3 KiB (   55   B unpacked)',
      '(1/1) downloading base-1-1.noarch',
    ],
    ['zypper', 'Retrieving: base-1-1.noarch (plain) (7/9),   6.3 KiB', '(7/9) downloading base-1-1.noarch'],
    ['apt', 'dlstatus:12:34.5678:Retrieving file 12 of 35', '34% Retrieving file 12 of 35'],
    ['apt', 'pmstatus:bash:12.5000:Unpacking bash (amd64)', '12% Unpacking bash (amd64)'],
    ['apt', 'pmstatus:libc6:amd64:50.0000:Configuring libc6:amd64', '50% Configuring libc6:amd64'],
    ['apt', 'Setting up bash', undefined],
    ['mmdebstrap', 'I: running apt-get update...', 'running apt-get update...'],
  ]
  for (const [counts, line, expected] of cases) t.is(parseProgress(counts, line), expected, line)
})

test('repositories are found by their metadata, each once; what is none is said', (t) => {
  const directory = newDirectory(t, {
    'media/BaseOS/repodata/repomd.xml': '',
    'media/AppStream/repodata/repomd.xml': '',
    'media/EFI/readme': '',
    'empty/readme': '',
  })
  const found = findRpmRepositories(
    [
      `${directory}/media`,
      `${directory}/media/BaseOS`,
      `${directory}/empty`,
      'https://mirror.example/os',
      `${directory}/no`,
      'here',
    ],
    'pkg',
  )
  t.deepEqual(
    found.sources.map(({ id, baseurl }) => `${id} ${baseurl.replace(directory, '')}`),
    ['pkg1-AppStream file:///media/AppStream', 'pkg2-BaseOS file:///media/BaseOS', 'pkg3-os https://mirror.example/os'],
  )
  t.deepEqual(found.warnings, [`${directory}/empty has no repository (no repodata in it or below)`])
  t.deepEqual(found.faults, [
    `the directory ${directory}/no of pkgdir does not exist: copy the media with copycds, or correct pkgdir`,
    "pkgdir 'here' is neither an absolute path nor a URL",
  ])
})

test('apt sources: copied media, directories of packages, entries as in sources.list', (t) => {
  const directory = newDirectory(t, {
    'media/dists/bookworm/Release': 'Suite: bookworm\nComponents: main contrib\n',
    'media/dists/bookworm/main/readme': '',
    'flat/Packages': '',
    'none/readme': '',
  })
  const ask = (pkgdirs: readonly string[], aptMirror?: string) =>
    findAptSources({ pkgdirs, aptMirror, tools: osTools('debian12'), os: 'debian12' })
  t.deepEqual(
    ask([`${directory}/media`, `${directory}/flat`]).sources.map(({ line }) => line.replace(directory, '')),
    ['deb [trusted=yes] copy:/media bookworm main', 'deb [trusted=yes] copy:/flat ./'],
  )
  const [entry] = ask(['[trusted=yes] http://mirror.example/debian  bookworm  main contrib']).sources
  t.is(entry?.line, 'deb [trusted=yes] http://mirror.example/debian bookworm main contrib')
  t.is(entry?.imageLine, 'deb http://mirror.example/debian bookworm main contrib')
  t.deepEqual(
    ask([], 'http://mirror.example/debian/').sources.map(({ imageLine }) => imageLine),
    [
      'deb http://mirror.example/debian bookworm main',
      'deb http://mirror.example/debian bookworm-updates main',
      'deb http://mirror.example/debian-security bookworm-security main',
    ],
  )
  t.regex(ask([]).faults[0] ?? '', /^no package source for debian12: put 'URL bookworm main' into the image's pkgdir/)
  t.regex(ask(['http://mirror.example/debian']).faults[0] ?? '', /is no apt source: write URL SUITE COMPONENT/)
  t.regex(ask([`${directory}/none`]).faults[0] ?? '', /is no apt repository: it has neither dists/)
})

test('fstab: the root read-only for statelite, writable for a stateless image', (t) => {
  t.is(
    renderFstab({ profile: 'compute', arch: 'ppc64le', provmethod: 'statelite' }).split('\n').at(-2),
    'compute_ppc64le / tmpfs ro 0 0',
  )
  const text = renderFstab({ profile: 'compute', arch: 'x86_64', provmethod: 'netboot', tmpSize: '1g' })
  t.true(text.endsWith('compute_x86_64 / tmpfs rw 0 0\n'))
  t.true(text.includes('/var/tmp tmpfs defaults,mode=1777,size=1g 0 2\n'))
  t.true(text.includes('devpts          /dev/pts devpts gid=5,mode=620'))
})

test('the boot interface is left alone by every network software', (t) => {
  const files = (family: 'el' | 'suse' | 'debian', hasIfupdown = true) =>
    Object.fromEntries(networkFiles({ family, bootInterface: 'eth0', otherInterfaces: ['eth0', 'ib0'] }, hasIfupdown))
  t.is(files('el')['etc/sysconfig/network-scripts/ifcfg-eth0'], 'ONBOOT=no\nBOOTPROTO=dhcp\nDEVICE=eth0\n')
  t.is(files('el')['etc/sysconfig/network-scripts/ifcfg-ib0'], 'ONBOOT=yes\nBOOTPROTO=dhcp\nDEVICE=ib0\n')
  t.is(files('suse')['etc/sysconfig/network/ifcfg-eth0'], 'ONBOOT=no\nBOOTPROTO=dhcp\nDEVICE=eth0\nSTARTMODE=auto\n')
  t.is(
    files('debian')['etc/network/interfaces'],
    'auto lo\niface lo inet loopback\n\niface eth0 inet manual\n\nauto ib0\niface ib0 inet dhcp\n',
  )
  t.deepEqual(files('debian', false), {})
})

test('links of a unit, as systemctl enable makes them', (t) => {
  const unit =
    '[Unit]\nWantedBy=nothing\n[Install]\nWantedBy=multi-user.target ../evil\nAlias=sshd.service\n[Service]\nAlias=no\n'
  t.deepEqual(installLinks(unit, 'ssh.service'), [
    'etc/systemd/system/multi-user.target.wants/ssh.service',
    'etc/systemd/system/sshd.service',
  ])
  t.deepEqual(installLinks('[Unit]\n', 'x.service'), [])
})

test('small readers: dbpath, postinstall, scripts that failed, words for people', (t) => {
  t.is(parseDatabasePath('# x\n%_dbpath\t\t%{_var}/lib/rpm\n'), 'var/lib/rpm')
  t.is(parseDatabasePath('%_dbpath %{_usr}/lib/sysimage/rpm\n'), 'usr/lib/sysimage/rpm')
  t.is(parseDatabasePath('%_dbpath %{getenv:HOME}/.rpmdb\n'), undefined)
  t.deepEqual(parsePostinstall('/a/b --tune  hpc, /c'), [
    { path: '/a/b', args: ['--tune', 'hpc'] },
    { path: '/c', args: [] },
  ])
  t.deepEqual(
    scriptletWarnings([
      'x',
      'Error in POSTIN scriptlet in rpm package failing',
      'Error in POSTIN scriptlet in rpm package failing',
    ]),
    ['the postin script of the package failing failed: see the build log'],
  )
  t.is(renderWords(['a', "it's", 'b c', ''], { X: '1 2' }), `X='1 2' a 'it'\\''s' 'b c' ''`)
})
