import test from 'ava'
import { findLoaders, LOADER_FILES, loaderFor } from '../../src/boot/loader-files.ts'

test('the first candidate that is there is taken, under its name and its xCAT aliases', (t) => {
  const found = findLoaders((path) => ['/usr/share/ipxe/undionly.kpxe', '/boot/ipxe.efi'].includes(path))
  t.is(loaderFor(found, 'undionly.kpxe'), '/usr/share/ipxe/undionly.kpxe')
  t.is(loaderFor(found, '/xcat/xnba.kpxe'), '/usr/share/ipxe/undionly.kpxe')
  t.is(loaderFor(found, 'ipxe.efi'), '/boot/ipxe.efi')
  t.is(loaderFor(found, 'pxelinux.0'), undefined)
  t.is(loaderFor(found, '../etc/passwd'), undefined)
})

test('what is missing is named with the package that brings it', (t) => {
  const { missing } = findLoaders(() => false)
  t.deepEqual(
    missing.map(({ name }) => name),
    LOADER_FILES.filter(({ optional }) => !optional).map(({ name }) => name),
  )
  t.true(missing[0]?.message.includes('apt-get install ipxe'))
  t.true(missing.find(({ name }) => name === 'pxelinux.0')?.message.includes('apt-get install pxelinux'))
  t.deepEqual(findLoaders(() => true).missing, [])
})

test('no name is used twice', (t) => {
  const names = LOADER_FILES.flatMap(({ name, aliases }) => [name, ...aliases])
  t.is(new Set(names).size, names.length)
})
