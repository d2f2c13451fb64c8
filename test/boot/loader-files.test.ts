import test from 'ava'
import { findLoaders, LOADER_FILES, loaderFor, missingLoader } from '../../src/boot/loader-files.ts'

test('the first candidate that is there is taken, under its name and its xCAT aliases', (t) => {
  const there = ['/usr/share/ipxe/undionly.kpxe', '/boot/ipxe.efi']
  const find = (name: string) => loaderFor(name, (path) => there.includes(path))
  t.is(find('undionly.kpxe'), '/usr/share/ipxe/undionly.kpxe')
  t.is(find('/xcat/xnba.kpxe'), '/usr/share/ipxe/undionly.kpxe')
  t.is(find('ipxe.efi'), '/boot/ipxe.efi')
  t.is(find('pxelinux.0'), undefined)
  t.is(find('../etc/passwd'), undefined)
  // Its package is installed while the server runs.
  there.push('/usr/lib/PXELINUX/pxelinux.0')
  t.is(find('pxelinux.0'), '/usr/lib/PXELINUX/pxelinux.0')
})

test('who asks for a loader that is missing is told what to do', (t) => {
  t.regex(
    missingLoader('/pxelinux.0') ?? '',
    /^loader pxelinux\.0 .*: apt-get install pxelinux, or put it into site\.tftpdir$/,
  )
  t.regex(missingLoader('xcat/xnba.kpxe') ?? '', /^loader undionly\.kpxe /)
  // No Debian package has it.
  t.regex(missingLoader('snponly-arm64.efi') ?? '', /is missing: set netboot=grub2-http, or put it into site\.tftpdir$/)
  t.is(missingLoader('vmlinuz'), undefined)
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
