/** RPM repositories made on the spot: a few tiny packages, for x86_64 and ppc64le, with scripts, groups and kernels. */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodeElf } from '../test/image/elf-file.ts'

const MACHINES = { x86_64: 62, ppc64le: 21 } as const
const DEBIAN = { x86_64: 'amd64', ppc64le: 'ppc64el' } as const
export type Arch = keyof typeof MACHINES

export const OLD_KERNEL = '5.14.0-9.el9'
export const NEW_KERNEL = '5.14.0-70.el9'

interface Package {
  readonly name: string
  readonly version?: string
  readonly release?: string
  readonly requires?: string
  readonly provides?: string
  readonly arch?: Arch
  /** Path → text, or `-> target` for a link. */
  readonly files: Readonly<Record<string, string | Buffer>>
  readonly directories?: readonly string[]
  readonly scripts?: string
}

/** A static busybox for the architecture, from Debian's own package. */
export function debianBusybox(directory: string, arch: Arch): string {
  const place = join(directory, 'busybox', arch, 'busybox')
  if (existsSync(place)) return place
  const work = join(directory, `apt-${arch}`)
  mkdirSync(join(work, 'lists/partial'), { recursive: true })
  mkdirSync(join(work, 'cache'), { recursive: true })
  writeFileSync(join(work, 'status'), '')
  const apt = (...words: string[]) =>
    execFileSync(
      'apt-get',
      [
        ...['-q', '-o', `APT::Architecture=${DEBIAN[arch]}`, '-o', `APT::Architectures=${DEBIAN[arch]}`],
        ...['-o', `Dir::State::lists=${work}/lists`, '-o', `Dir::State::status=${work}/status`],
        ...[
          '-o',
          `Dir::Cache=${work}/cache`,
          '-o',
          'APT::Sandbox::User=root',
          '-o',
          'Acquire::Languages=none',
          ...words,
        ],
        // Other repositories of this machine may not have the architecture.
        ...['-o', 'Dir::Etc::sourceparts=/dev/null', '-o', `Dir::Etc::sourcelist=${work}/debian.list`],
      ],
      { cwd: work, stdio: 'pipe' },
    )
  writeFileSync(join(work, 'debian.list'), `${debianSource()}\n`)
  apt('update')
  apt('download', 'busybox-static')
  const deb = readdirSync(work).find((name) => name.endsWith('.deb')) ?? ''
  execFileSync('dpkg-deb', ['-x', join(work, deb), join(work, 'tree')])
  const found = ['bin/busybox', 'usr/bin/busybox']
    .map((rel) => join(work, 'tree', rel))
    .find((path) => existsSync(path))
  mkdirSync(join(directory, 'busybox', arch), { recursive: true })
  cpSync(found ?? '', place)
  return place
}

/** The mirror that this machine itself uses for Debian 12: `URL bookworm main`. */
export function debianSource(): string {
  const indexed = execFileSync('apt-get', [
    'indextargets',
    '--format',
    '$(SITE) $(REPO_URI) $(RELEASE) $(COMPONENT)',
    'Created-By: Packages',
  ])
  for (const line of indexed.toString().split('\n')) {
    const [, uri, release, component] = line.split(' ')
    if (
      (release === 'bookworm' || release === 'oldstable' || release === 'stable') &&
      component === 'main' &&
      uri?.includes('/debian/')
    )
      return `deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${uri} bookworm main`
  }
  throw new Error('this machine has no apt source for bookworm main')
}

function kernel(arch: Arch, release: string): Package {
  const version = `5.14.0-${release}.${arch}`
  const machine = MACHINES[arch]
  return {
    ...{
      name: 'kernel',
      version: '5.14.0',
      release,
      arch,
      requires: 'filesystem',
      provides: 'kernel-default = 5.14.0',
    },
    files: {
      [`/usr/lib/modules/${version}/vmlinuz`]: encodeElf({ machine }),
      [`/usr/lib/modules/${version}/modules.order`]: 'kernel/drivers/net/ethernet/toy.ko\n',
      [`/usr/lib/modules/${version}/modules.builtin`]:
        'kernel/fs/nfs/nfs.ko\nkernel/fs/nfs/nfsv3.ko\nkernel/net/sunrpc/sunrpc.ko\n',
      [`/usr/lib/modules/${version}/kernel/drivers/net/ethernet/toy.ko`]: encodeElf({
        machine,
        modinfo: { license: ['GPL'] },
      }),
    },
    scripts: '%posttrans -p <lua>\nprint("kernel installed")',
  }
}

const UNIT = '[Unit]\nDescription=toy\n[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n'

function packages(arch: Arch, busybox: Buffer, dbpath: string): Package[] {
  return [
    {
      name: 'filesystem',
      directories: [
        '/boot',
        '/dev',
        '/proc',
        '/sys',
        '/run',
        '/tmp',
        '/root',
        '/usr/bin',
        '/usr/sbin',
        '/var/lib',
        '/var/tmp',
        '/etc/skel',
      ],
      files: {
        '/bin': '-> usr/bin',
        '/sbin': '-> usr/sbin',
        '/lib': '-> usr/lib',
        '/etc/passwd': 'root:*:0:0:root:/root:/bin/sh\n',
        '/etc/group': 'root:x:0:\ntty:x:5:\n',
        '/etc/shadow': 'root:!:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\n',
        '/etc/hosts': '127.0.0.1 localhost\n',
        '/etc/machine-id': 'e7c5b1b1a1a14a5e8f1e3d0f2d1c0b0a\n',
        '/etc/selinux/config': 'SELINUX=enforcing\nSELINUXTYPE=targeted\n',
        '/etc/skel/.profile': 'umask 022\n',
        '/usr/lib/systemd/systemd': '#!/bin/sh\n',
      },
    },
    { name: 'rpm-macros', files: { '/usr/lib/rpm/macros': `%%_dbpath ${dbpath}\n` }, requires: 'filesystem' },
    {
      name: 'tinysh',
      provides: '/bin/sh',
      arch,
      requires: 'filesystem',
      files: {
        '/usr/bin/busybox': busybox,
        '/usr/bin/sh': '-> busybox',
        '/usr/bin/uname': '-> busybox',
        '/usr/bin/ls': '-> busybox',
        '/usr/bin/cat': '-> busybox',
      },
    },
    {
      name: 'shellscript',
      requires: 'tinysh',
      files: { '/etc/shellscript.conf': 'x\n' },
      scripts:
        '%post\nuname -m > /etc/post-machine\nls /dev > /etc/post-dev\ncat /proc/sys/kernel/osrelease > /etc/post-proc\nif echo x > /proc/sys/kernel/domainname; then echo writable > /etc/post-leak; fi\nls /run > /etc/post-run\nexit 0',
    },
    {
      name: 'luascript',
      requires: 'filesystem',
      files: { '/etc/luascript.conf': 'x\n' },
      scripts:
        '%post -p <lua>\nlocal f = io.open("/etc/post-lua", "w")\nf:write(rpm.expand("%{_target_cpu}") .. "\\n")\nf:close()',
    },
    { name: 'failing', requires: 'tinysh', files: { '/etc/failing.conf': 'x\n' }, scripts: '%post\nexit 7' },
    { name: 'openssh-server', requires: 'filesystem', files: { '/usr/lib/systemd/system/sshd.service': UNIT } },
    { name: 'grouped', requires: 'filesystem', files: { '/etc/grouped.conf': 'x\n' } },
    { name: 'optional', requires: 'filesystem', files: { '/etc/optional.conf': 'x\n' } },
    { name: 'legacy', requires: 'filesystem', files: { '/etc/legacy.conf': 'x\n' } },
    {
      name: 'patterns-toy',
      requires: 'openssh-server',
      provides: 'pattern() = toy_minimal\nProvides: pattern-visible()\nRequires: grouped',
      files: { '/usr/share/patterns-toy': 'x\n' },
    },
    kernel(arch, '9.el9'),
    kernel(arch, '70.el9'),
  ]
}

const OTHERS: readonly Package[] = [
  { name: 'mpi-runtime', requires: 'filesystem', files: { '/etc/mpi.conf': 'x\n' } },
  {
    name: 'toy-driver',
    requires: 'tinysh',
    files: { '/etc/toy-driver.conf': 'x\n' },
    scripts: `%post
IFS=:
for directory in $PATH; do
  if [ -x "$directory/uname" ]; then
    "$directory/uname" -r > /etc/driver-kernel
    "$directory/uname" -s > /etc/driver-system
    break
  fi
done`,
  },
]

const COMPS = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE comps PUBLIC "-//Red Hat, Inc.//DTD Comps info//EN" "comps.dtd">
<comps>
<group><id>tools</id><name>Tools</name><description/><default>false</default><uservisible>true</uservisible>
<packagelist><packagereq type="mandatory">grouped</packagereq></packagelist></group>
<group><id>core</id><name>Core</name><description/><default>false</default><uservisible>true</uservisible>
<packagelist><packagereq type="mandatory">openssh-server</packagereq><packagereq type="default">optional</packagereq></packagelist></group>
<environment><id>minimal-environment</id><name>Minimal Install</name><description/>
<grouplist><groupid>core</groupid></grouplist></environment>
</comps>
`

/** `<directory>/<arch>/BaseOS` with repodata, and `<directory>/other-<arch>/tools` and `…/drivers` without. */
export function makeRpmSite(directory: string, arch: Arch, dbpath = '%%{_var}/lib/rpm') {
  const busybox = execFileSync('cat', [debianBusybox(directory, arch)], { maxBuffer: 1 << 26 })
  const media = join(directory, arch)
  const other = join(directory, `other-${arch}`)
  for (const each of packages(arch, busybox, dbpath)) buildRpm(directory, join(media, 'BaseOS/Packages'), each)
  for (const each of OTHERS) buildRpm(directory, join(other, each.name === 'toy-driver' ? 'drivers' : 'tools'), each)
  writeFileSync(join(directory, 'comps.xml'), COMPS)
  execFileSync('createrepo_c', ['-q', '-g', join(directory, 'comps.xml'), join(media, 'BaseOS')])
  return { media, other, busyboxDirectory: join(directory, 'busybox') }
}

function buildRpm(directory: string, into: string, made: Package): void {
  const work = join(directory, 'rpmbuild')
  const payload = join(work, 'payload', `${made.name}-${made.release ?? '1'}`)
  mkdirSync(payload, { recursive: true })
  mkdirSync(into, { recursive: true })
  const install: string[] = []
  for (const path of made.directories ?? []) install.push(`mkdir -p %{buildroot}${path}`)
  for (const [index, [path, content]] of Object.entries(made.files).entries()) {
    install.push(`mkdir -p %{buildroot}$(dirname ${path})`)
    const target = typeof content === 'string' ? /^-> (.*)$/.exec(content)?.[1] : undefined
    if (target !== undefined) install.push(`ln -s ${target} %{buildroot}${path}`)
    else {
      writeFileSync(join(payload, String(index)), typeof content === 'string' ? content.replaceAll('%%', '%') : content)
      const mode = /\/bin\/|systemd$/.test(path) ? '755' : path.endsWith('shadow') ? '000' : '644'
      install.push(`install -m ${mode} ${join(payload, String(index))} %{buildroot}${path}`)
    }
  }
  const spec = `
%global debug_package %{nil}
%global __os_install_post %{nil}
%global _binaries_in_noarch_packages_terminate_build 0
%global _build_id_links none
AutoReqProv: no
Name: ${made.name}
Version: ${made.version ?? '1'}
Release: ${made.release ?? '1'}
Summary: toy
License: none
${made.arch === undefined ? 'BuildArch: noarch' : ''}
${made.provides === undefined ? '' : `Provides: ${made.provides}`}
${made.requires === undefined ? '' : `Requires: ${made.requires}`}
%description
toy
%install
${install.join('\n')}
${made.scripts ?? ''}
%files
${(made.directories ?? []).map((path) => `%dir ${path}`).join('\n')}
${Object.keys(made.files).join('\n')}
`
  const file = join(work, `${made.name}.spec`)
  writeFileSync(file, spec)
  const target = made.arch === undefined ? [] : ['--target', made.arch]
  execFileSync(
    'rpmbuild',
    [
      '-bb',
      '--quiet',
      ...target,
      '--define',
      `_topdir ${work}`,
      '--define',
      `_rpmdir ${into}`,
      '--define',
      '_rpmfilename %%{NAME}-%%{RELEASE}.%%{ARCH}.rpm',
      file,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
}
