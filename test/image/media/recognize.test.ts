/** Media by the files at their top: one made-up medium for each shape the families use. */
import test from 'ava'
import fc from 'fast-check'
import type { MediumFiles } from '../../../src/image/media/medium.ts'
import { recognizeMedium } from '../../../src/image/media/recognize.ts'

function files(texts: Readonly<Record<string, string>>): MediumFiles {
  return {
    read: (path) => texts[path],
    names: (directory) => {
      const prefix = directory === '' ? '' : `${directory}/`
      const below = Object.keys(texts).filter((path) => path.startsWith(prefix))
      return [...new Set(below.map((path) => path.slice(prefix.length).split('/')[0] ?? ''))]
    },
  }
}

const discinfo = (description: string, arch: string, disc = 'ALL') => ({
  '.discinfo': `1700000000.123456\n${description}\n${arch}\n${disc}\n`,
})
const treeinfo = (name: string, version: string, arch: string) => ({
  '.treeinfo': `[header]\ntype = productmd.treeinfo\n\n[release]\nname = ${name}\nversion = ${version}\n[general]\narch = ${arch}\nfamily = ${name}\n`,
})
const media15 = (line: string) => ({ 'media.1/media': `${line}\n${line}-Build1\n1\n` })

const KNOWN: readonly (readonly [string, Record<string, string>, string, string, string | undefined, string?])[] = [
  [
    'RHEL 9',
    {
      ...treeinfo('Red Hat Enterprise Linux', '9.4', 'ppc64le'),
      ...discinfo('Red Hat Enterprise Linux 9.4', 'ppc64le'),
    },
    'rhels9.4',
    'ppc64le',
    undefined,
  ],
  ['RHEL 7, discinfo only', discinfo('Red Hat Enterprise Linux 7.3', 'x86_64', '1'), 'rhels7.3', 'x86_64', '1'],
  [
    'RHEL for compute nodes',
    {
      '.treeinfo':
        '[general]\nfamily = Red Hat Enterprise Linux\nversion = 7.6\narch = x86_64\nvariant = ComputeNode\n',
    },
    'rhelhpc7.6',
    'x86_64',
    undefined,
  ],
  ['CentOS Stream', discinfo('CentOS Stream 9', 'x86_64'), 'centos-stream9', 'x86_64', undefined],
  ['Rocky', treeinfo('Rocky Linux', '9.2', 'aarch64'), 'rocky9.2', 'aarch64', undefined],
  ['Alma', discinfo('AlmaLinux 8.10', 'ppc64le'), 'alma8.10', 'ppc64le', undefined],
  ['Oracle, third number', discinfo('Oracle Linux 8.9.0', 'x86_64'), 'ol8.9', 'x86_64', undefined],
  ['Oracle, short', discinfo('OL-9.3', 'x86_64'), 'ol9.3', 'x86_64', undefined],
  ['Fedora', discinfo('Fedora 39', 'i686'), 'fedora39', 'x86', undefined],
  [
    'digits only',
    { ...discinfo('8', 'x86_64'), '.treeinfo': '[general]\nfamily = CentOS\n' },
    'centos8',
    'x86_64',
    undefined,
  ],
  ['Leap', treeinfo('openSUSE Leap', '15.5', 'x86_64'), 'leap15.5', 'x86_64', '1', '1'],
  [
    'SLES 12 SP3',
    {
      content: 'DISTRO cpe:/o:suse:sles:12:sp3,SUSE Linux\nDEFAULTBASE ppc64le\n',
      'media.1/products': '/ SLES12-SP3 12.3-0\n',
    },
    'sles12.3',
    'ppc64le',
    '1',
    '1',
  ],
  [
    'SLES 11 by version, disc 2',
    { content: 'VERSION 11.4-0\nBASEARCHS x86_64 i586\n', 'media.2/products': '/ SUSE_Linux_Enterprise_Server 11.4\n' },
    'sles11.4',
    'x86_64',
    '2',
    '2',
  ],
  [
    'SLES SDK',
    { content: 'LABEL sles:12\nREPOID x/y/x86_64\n', 'media.1/products': '/ sle-sdk 12\n' },
    'sles12',
    'x86_64',
    '1',
    'sdk1',
  ],
  ['SLE 15 Full', media15('SUSE - SLE-15-SP4-Full-ppc64le-GM-Media1'), 'sle15.4', 'ppc64le', '1', '1'],
  ['SLE 15 packages', media15('SUSE - SLE-15-Packages-x86_64-GM-DVD1'), 'sle15', 'x86_64', '1', '2'],
  ['SLE 15 sources', media15('SUSE - SLE-15-SP1-Packages-x86_64-GM-Media2'), 'sle15.1', 'x86_64', '2', 'packages2'],
  [
    'Ubuntu LTS',
    { '.disk/info': 'Ubuntu-Server 24.04.9 LTS "Noble Narwhal" - Release amd64 (20261001)' },
    'ubuntu24.04.9',
    'x86_64',
    undefined,
  ],
  [
    'Ubuntu, long code name',
    { '.disk/info': 'Ubuntu 26.10 "Three Word Name" - Release ppc64el (20261001)' },
    'ubuntu26.10',
    'ppc64le',
    undefined,
  ],
  [
    'Debian netinst',
    { '.disk/info': 'Debian GNU/Linux 12.5.0 "Bookworm" - Official amd64 NETINST with firmware 20240210-11:27' },
    'debian12.5.0',
    'x86_64',
    undefined,
  ],
  [
    'Debian DVD',
    { '.disk/info': 'Debian GNU/Linux 12.5.0 "Bookworm" - Official ppc64el DVD Binary-1 with firmware' },
    'debian12.5.0',
    'ppc64le',
    '1',
  ],
]

for (const [title, texts, osvers, arch, discNumber, slot] of KNOWN) {
  test(`recognised: ${title}`, (t) => {
    const recognized = recognizeMedium(files(texts), {})
    t.like('medium' in recognized ? recognized.medium : recognized, { osvers, arch, discNumber, slot })
  })
}

test('an explicit name always wins; the architecture must agree', (t) => {
  const medium = files(discinfo('Rocky Linux 9.2', 'x86_64'))
  const named = recognizeMedium(medium, { name: 'demo9-extras' })
  t.like('medium' in named && named.medium, { osvers: 'demo9-extras', arch: 'x86_64', family: 'rhel' })
  t.like(recognizeMedium(medium, { arch: 'ppc64le' }), {
    problem: 'Requested distribution architecture ppc64le, but media is x86_64',
  })
  t.true('medium' in recognizeMedium(medium, { arch: 'x86_64' }))
})

test('what nobody knows needs a name and an architecture', (t) => {
  const nothing = files({ README: 'hello' })
  t.like(recognizeMedium(nothing, {}), {
    problem: 'copycds could not identify the ISO supplied, you may wish to try -n <osver>',
  })
  t.like(recognizeMedium(nothing, { name: 'x1' }), { problem: 'the medium does not say for which architecture it is' })
  const named = recognizeMedium(nothing, { name: 'ubuntu26.04', arch: 'amd64' })
  t.like('medium' in named && named.medium, { family: 'debian', osvers: 'ubuntu26.04', arch: 'x86_64' })
})

test('a live medium is said to be one', (t) => {
  const live = recognizeMedium(
    files({ '.disk/info': 'Ubuntu-Server 24.04 LTS "N N" - Release amd64 (1)', 'casper/a.squashfs': '' }),
    {},
  )
  t.is('medium' in live ? live.medium.remarks.length : -1, 1)
})

test('any text at the top of a medium gives an answer in bounded time', (t) => {
  const top = fc.dictionary(
    fc.constantFrom('.treeinfo', '.discinfo', 'content', 'media.1/media', 'media.1/products', '.disk/info'),
    fc.oneof(
      fc.string({ maxLength: 300 }),
      fc.constantFrom('Ubuntu 1 "', 'SLE-15-', '[release]\nname=Rocky\nversion='),
    ),
  )
  fc.assert(
    fc.property(top, (texts) => {
      const recognized = recognizeMedium(files(texts), {})
      return 'medium' in recognized || recognized.problem !== ''
    }),
  )
  t.pass()
})
