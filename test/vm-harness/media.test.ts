import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { closureOf, needsOf, parseControl, parseRelation, providersOf } from '../../vm-harness/media/control.ts'
import { ADDITIONS } from '../../vm-harness/media/rpm-additions.ts'
import { isLeftOut, rpmName, rpmVersion, WANTED, WANTED_BY_ARCH } from '../../vm-harness/media/rpm-names.ts'
import { renderFile, renderSpec } from '../../vm-harness/media/rpm-spec.ts'

const ARCHIVE = new Map(
  parseControl(`Package: shell
Version: 1
Depends: libc (>= 2) | other-libc, awk, debconf | debconf-2.0
Description: a shell
 of two lines

Package: libc
Version: 1

Package: mawk
Provides: awk (= 1)
Pre-Depends: libc:any

Package: debconf
Provides: debconf-2.0

Package: unwanted
`).map((control) => [control.Package ?? '', control]),
)

test('control stanzas and relations', (t) => {
  t.deepEqual([...ARCHIVE.keys()], ['shell', 'libc', 'mawk', 'debconf', 'unwanted'])
  t.is(ARCHIVE.get('shell')?.Description, 'a shell\n of two lines')
  t.deepEqual(parseRelation('a (>= 1) | b, c:any, d [amd64]'), [['a', 'b'], ['c'], ['d']])
  t.deepEqual(parseRelation(undefined), [])
})

test('what a package needs: the first alternative that is there, whoever provides it, and nothing of dpkg', (t) => {
  const shell = ARCHIVE.get('shell') ?? {}
  t.deepEqual(needsOf(shell, providersOf(ARCHIVE), isLeftOut), ['libc', 'mawk'])
  t.deepEqual([...closureOf(['shell'], ARCHIVE, isLeftOut).keys()].sort(), ['libc', 'mawk', 'shell'])
})

test('names and versions as RPM families write them', (t) => {
  t.is(rpmName('nfs-common'), 'nfs-utils')
  t.is(rpmName('linux-image-6.1.0-9-powerpc64le'), 'kernel')
  t.is(rpmName('chrony'), 'chrony')
  t.true(isLeftOut('linux-image-powerpc64le'))
  t.false(isLeftOut('linux-image-6.1.0-9-powerpc64le'))
  t.deepEqual(rpmVersion('1:2.36-9+deb12u10'), { epoch: '1', version: '2.36', release: '9+deb12u10' })
  t.deepEqual(rpmVersion('1.0-rc2-3'), { epoch: '0', version: '1.0.rc2', release: '3' })
  t.deepEqual(rpmVersion('20230210'), { epoch: '0', version: '20230210', release: '0' })
})

test('a file whose name has letters of patterns is still one file', (t) => {
  const file = { kind: 'file', path: '/usr/bin/[', mode: '755', user: 'root', group: 'root', isConfig: false } as const
  t.is(renderFile(file), '%attr(755, root, root) "/usr/bin/?"')
  t.is(
    renderFile({ ...file, path: '/etc/a%b', isConfig: true }),
    '%config(noreplace) %attr(755, root, root) "/etc/a%%b"',
  )
  t.is(renderFile({ ...file, kind: 'link' }), '%attr(-, root, root) "/usr/bin/?"')
})

test('a spec has its scripts and what these need', (t) => {
  const spec = renderSpec(
    {
      ...{ name: 'toy', epoch: '1', version: '2', release: '3', arch: 'ppc64le', summary: '100% toy', files: [] },
      ...{ requires: ['filesystem'], provides: ['plaything'], requiresFor: { pre: ['passwd'] } },
      scripts: { pre: 'basename x%.conf' },
    },
    '/stage',
  )
  for (const line of ['Epoch: 1', 'Requires: filesystem', 'Requires(pre): passwd', 'Provides: plaything', '%pre'])
    t.true(spec.split('\n').includes(line), line)
  t.true(spec.includes('Summary: 100%% toy'))
  t.true(spec.includes('x%%.conf'), 'rpm takes no word of a script for a macro')
  t.false(spec.includes('mv -t'), 'there is nothing to move')
})

test('the medium has what the shipped lists of its release name', (t) => {
  const wanted = [...WANTED, ...WANTED_BY_ARCH.ppc64le]
  const provided = wanted.flatMap((name) => (ADDITIONS[name]?.provides ?? []).map((each) => each.split(' ')[0]))
  const has = new Set([...wanted.map(rpmName), ...provided, 'kernel'])
  for (const list of ['compute.rhels7.pkglist', 'compute.rhels7.ppc64le.pkglist']) {
    const text = readFileSync(join(import.meta.dirname, '../../share/netboot/rh', list), 'utf8')
    const missing = text.split('\n').filter((line) => /^[a-z]/.test(line) && !has.has(line))
    t.deepEqual(missing, [], list)
  }
})
