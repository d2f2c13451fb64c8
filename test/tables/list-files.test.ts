/** Default files of images: where they are looked for, and under which names. */
import test from 'ava'
import { type FileSearch, findListFile, findProfiles, listCandidates, listTags } from '../../src/tables/list-files.ts'

function searchIn(files: readonly string[], executables: readonly string[] = []): FileSearch {
  return {
    installdir: '/i',
    shares: ['/s', '/x'],
    isFile: (path) => files.includes(path),
    isExecutable: (path) => executables.includes(path),
    names: (directory) =>
      files.filter((path) => path.startsWith(`${directory}/`)).map((path) => path.slice(directory.length + 1)),
  }
}

const rocky = { osvers: 'rocky9.2', osarch: 'x86_64', provmethod: 'statelite' }

test('the order of names in one directory', (t) => {
  t.deepEqual(listTags('rocky9.2', 'x86_64'), [
    '.rocky9.2.x86_64',
    '.rocky9.2',
    '.rocky9.x86_64',
    '.rocky9',
    '.rocky9.1.x86_64',
    '.rocky9.1',
    '.rocky9.0.x86_64',
    '.rocky9.0',
    '.x86_64',
    '',
  ])
  t.deepEqual(listTags('ubuntu24.04', 'ppc64le').slice(0, 3), [
    '.ubuntu24.04.ppc64le',
    '.ubuntu24.04.ppc64el',
    '.ubuntu24.04',
  ])
})

test('the own directory completely, then the shipped ones, those of Red Hat for its clones', (t) => {
  const directories = (extension: 'pkglist' | 'synclist') => [
    ...new Set(listCandidates('compute', rocky, extension, searchIn([])).map((path) => path.replace(/\/[^/]*$/, ''))),
  ]
  t.deepEqual(directories('pkglist'), [
    '/i/custom/netboot/rocky',
    '/s/netboot/rocky',
    '/s/netboot/rh',
    '/x/netboot/rocky',
    '/x/netboot/rh',
  ])
  t.deepEqual(directories('synclist'), ['/i/custom/netboot/rocky'])
  const find = (osvers: string, files: readonly string[]) =>
    findListFile('compute', { ...rocky, osvers }, 'pkglist', searchIn(files))
  const shipped = '/s/netboot/rh/compute.rhels9.pkglist'
  t.is(find('rocky9.2', [shipped]), shipped)
  t.is(find('centos-stream9', [shipped]), shipped)
  t.is(find('rhelhpc9.1', [shipped]), shipped)
  t.is(find('rhels9.4', [shipped]), shipped)
  t.is(find('rocky8', [shipped]), undefined)
  const own = '/i/custom/netboot/rocky/compute.pkglist'
  t.is(find('rocky9.2', [shipped, own]), own)
})

test('a postinstall has to be executable', (t) => {
  const path = '/s/netboot/rh/compute.rhels9.postinstall'
  t.is(findListFile('compute', rocky, 'postinstall', searchIn([path])), undefined)
  t.is(findListFile('compute', rocky, 'postinstall', searchIn([path], [path])), path)
})

test('profiles are what fitting list files are named after', (t) => {
  const files = [
    '/s/netboot/rh/compute.rhels9.pkglist',
    '/s/netboot/rh/compute.rhels9.otherpkgs.pkglist',
    '/s/netboot/rh/compute.rhels8.pkglist',
    '/i/custom/netboot/rocky/compute-gpu.rocky9.x86_64.pkglist',
    '/i/custom/netboot/rocky/compute-old.rocky8.pkglist',
    '/i/custom/netboot/rocky/compute-power.ppc64le.pkglist',
    '/i/custom/netboot/rocky/login.pkglist',
  ]
  t.deepEqual(findProfiles(rocky, 'pkglist', searchIn(files)), ['compute', 'compute-gpu'])
  t.deepEqual(findProfiles({ ...rocky, osarch: 'ppc64le' }, 'pkglist', searchIn(files)), ['compute', 'compute-power'])
  t.deepEqual(findProfiles({ ...rocky, osvers: 'mine1' }, 'pkglist', searchIn(files)), [])
})
