import test from 'ava'
import { fillImage } from '../../src/tables/image-fill.ts'
import type { FileSearch } from '../../src/tables/list-files.ts'

test('the own files come before those that came with xCAT; what is given stays', (t) => {
  const files = new Set(['/share/netboot/rh/compute.pkglist', '/install/custom/netboot/rh/compute.rhels9.exlist'])
  const search: FileSearch = {
    installdir: '/install',
    shares: ['/share'],
    isFile: (path) => files.has(path),
    isExecutable: () => false,
    names: () => [],
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
