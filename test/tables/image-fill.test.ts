import test from 'ava'
import { candidateNames, fillImage, osFamily, versionsDown } from '../../src/tables/image-fill.ts'

test('versions are counted down, then shortened', (t) => {
  t.deepEqual(versionsDown('rhels9.2').slice(0, 6), ['rhels9.2', 'rhels9.1', 'rhels9.0', 'rhels9', 'rhels8', 'rhels7'])
  t.is(versionsDown('rhels9.2').at(-1), 'rhels')
  t.deepEqual(versionsDown('ubuntu22.04').slice(0, 3), ['ubuntu22.04', 'ubuntu22.03', 'ubuntu22.02'])
  t.deepEqual(versionsDown('custom'), ['custom'])
})

test('names of list files, the most exact first, the bare profile last', (t) => {
  const names = candidateNames({ profile: 'compute', osvers: 'sles15.1', osarch: 'x86_64' }, 'exlist')
  t.deepEqual(names.slice(0, 5), [
    'compute.sles15.1.x86_64.exlist',
    'compute.sles15.1.exlist',
    'compute.sles15.0.x86_64.exlist',
    'compute.sles15.0.exlist',
    'compute.sles15.x86_64.exlist',
  ])
  t.deepEqual(names.slice(-2), ['compute.x86_64.exlist', 'compute.exlist'])
})

test('distributions have a directory of their own', (t) => {
  t.deepEqual(
    ['rhels9.2', 'centos7', 'rocky9', 'alma9', 'ol8', 'sles15.4', 'SL7', 'ubuntu22.04', 'debian12', 'foo1'].map(
      osFamily,
    ),
    ['rh', 'centos', 'rocky', 'alma', 'ol', 'sles', 'SL', 'ubuntu', 'debian', 'foo'],
  )
})

test('the own files come before those that came with xCAT; what is given stays', (t) => {
  const files = new Set(['/share/netboot/rh/compute.pkglist', '/install/custom/netboot/rh/compute.rhels9.exlist'])
  const search = {
    installdir: '/install',
    share: '/share',
    isFile: (path: string) => files.has(path),
    isExecutable: () => false,
  }
  const machine = { osvers: 'rhels9.4', osarch: 'ppc64le' }
  const filled = (given: Record<string, string>) => {
    const result = fillImage(new Map(Object.entries(given)), machine, search)
    return 'fault' in result ? result.fault : Object.fromEntries(result.attributes)
  }
  t.like(filled({ profile: 'compute', provmethod: 'statelite', pkgdir: '/mine' }), {
    osvers: 'rhels9.4',
    osarch: 'ppc64le',
    pkgdir: '/mine',
    pkglist: '/share/netboot/rh/compute.pkglist',
    exlist: '/install/custom/netboot/rh/compute.rhels9.exlist',
    rootimgdir: '/install/netboot/rhels9.4/ppc64le/compute',
  })
  t.regex(String(filled({ profile: 'compute' })), /'provmethod' and 'profile' must be specified/)
  t.regex(String(filled({ profile: 'compute', provmethod: 'x' })), /is not one of install, netboot, statelite/)
})
