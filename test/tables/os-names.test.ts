/** Names of distributions and architectures. */
import test from 'ava'
import fc from 'fast-check'
import { archFor, canonicalArch, osFamily, osSearchNames, packageTool, splitOsvers } from '../../src/tables/os-names.ts'

test('distributions have a directory of their own', (t) => {
  const families: Record<string, string> = {
    'rhels9.2': 'rh',
    'rhelhpc7.6': 'rh',
    centos7: 'centos',
    'centos-stream9': 'centos',
    rocky9: 'rocky',
    alma9: 'alma',
    ol8: 'ol',
    fedora40: 'fedora',
    SL7: 'SL',
    'sles12.3': 'sles',
    'sle15.4': 'sles',
    'leap15.5': 'sles',
    'ubuntu22.04': 'ubuntu',
    debian12: 'debian',
    foo1: 'foo',
  }
  for (const [osvers, family] of Object.entries(families)) t.is(osFamily(osvers), family, osvers)
  t.deepEqual(['rocky9', 'sle15.4', 'ubuntu24.04', 'mine1'].map(packageTool), ['rpm', 'zypper', 'deb', 'rpm'])
})

test('a name is split at its first digits', (t) => {
  const split = (osvers: string) => Object.values(splitOsvers(osvers))
  t.deepEqual(split('demolinux9.1'), ['demolinux', '9', '1'])
  t.deepEqual(split('centos-stream9'), ['centos-stream', '9', ''])
  t.deepEqual(split('ubuntu24.04.1'), ['ubuntu', '24', '04'])
  t.deepEqual(split('mine'), ['mine', '', ''])
})

test('names that fit, counted down', (t) => {
  t.deepEqual(osSearchNames('rocky9.2'), ['rocky9.2', 'rocky9.1', 'rocky9.0', 'rocky9'])
  t.deepEqual(osSearchNames('ubuntu24.04.1'), ['ubuntu24.04.1', 'ubuntu24.04.0', 'ubuntu24.04'])
  const rhels = osSearchNames('rhels8.10')
  t.deepEqual(rhels.slice(0, 3), ['rhels8.10', 'rhels8.09', 'rhels8.9'])
  t.deepEqual(rhels.slice(-3), ['rhels8.00', 'rhels8.0', 'rhels8'])
  t.is(rhels.length, 22)
  t.deepEqual(osSearchNames('leap15.5').slice(-3), ['leap15.0', 'leap15', 'sle15'])
  t.deepEqual(osSearchNames('debian12.1.0'), ['debian12.1.0', 'debian12.1', 'debian12.0', 'debian12'])
  t.deepEqual(osSearchNames('rhels9.1-beta'), ['rhels9.1', 'rhels9.0', 'rhels9'])
  t.deepEqual(osSearchNames('custom'), ['custom'])
  t.deepEqual(osSearchNames('x1.20260101'), ['x1.20260101'])
})

test('any name gives a bounded list without repetition', (t) => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z0-9.-]{0,30}$/), (osvers) => {
      const names = osSearchNames(osvers)
      return names.length < 50_000 && new Set(names).size === names.length
    }),
  )
  t.pass()
})

test('architectures as each tool spells them', (t) => {
  t.deepEqual(
    (['deb', 'rpm', 'qemu', 'kernel'] as const).map((tool) => archFor(tool, 'ppc64le')),
    ['ppc64el', 'ppc64le', 'ppc64le', 'powerpc'],
  )
  t.is(archFor('deb', 'x86_64'), 'amd64')
  t.is(archFor('qemu', 'riscv64'), 'riscv64')
  t.deepEqual(['amd64', 'ppc64el', 'i586', 'ppc', 'arm64', 'x86_64', 'ppc64le'].map(canonicalArch), [
    'x86_64',
    'ppc64le',
    'x86',
    'ppc64',
    'aarch64',
    'x86_64',
    'ppc64le',
  ])
})
