import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import fc from 'fast-check'
import { findModuleSources } from '../../src/image/grub/module-places.ts'
import { judgeNetworkDriver } from '../../src/image/grub/network-driver.ts'
import { readGrubProgram } from '../../src/image/grub/program.ts'
import { encodeNetworkDriver, encodeObject, encodeProgram } from './grub-module.ts'

const SOUND = encodeNetworkDriver({ mallocs: 3, isPatched: true })
const BROKEN = encodeNetworkDriver({ mallocs: 2, isPatched: true })

test('a network driver that lost the allocation of the path finds no card', (t) => {
  t.is(judgeNetworkDriver(BROKEN), 'finds-no-card')
  t.is(judgeNetworkDriver(SOUND), 'sound')
})

test('a driver from before the patch is sound, however often it allocates', (t) => {
  t.is(judgeNetworkDriver(encodeNetworkDriver({ mallocs: 2, isPatched: false })), 'sound')
})

test('other files are not judged', (t) => {
  t.is(judgeNetworkDriver(encodeObject({ name: 'tftp', strings: '', functions: {}, calls: [] })), undefined)
  t.is(judgeNetworkDriver(Buffer.from('no ELF')), undefined)
})

test('damaged modules are not judged, and do no harm (property)', (t) => {
  fc.assert(
    fc.property(fc.nat(BROKEN.length - 1), fc.nat(255), fc.nat(BROKEN.length), (at, value, length) => {
      const bytes = Buffer.from(BROKEN)
      bytes[at] = value
      judgeNetworkDriver(bytes.subarray(0, length))
      readGrubProgram(encodeProgram([bytes]).subarray(0, length))
    }),
  )
  t.pass()
})

test('the driver inside a finished program is judged too', (t) => {
  const other = encodeObject({ name: 'tftp', strings: '', functions: {}, calls: [] })
  t.deepEqual(readGrubProgram(encodeProgram([other, BROKEN])), {
    modules: ['tftp', 'ofnet'],
    networkDriver: 'finds-no-card',
  })
  t.is(readGrubProgram(encodeProgram([SOUND]))?.networkDriver, 'sound')
  t.is(readGrubProgram(encodeProgram([other]))?.networkDriver, undefined)
  t.is(readGrubProgram(Buffer.from('MZ')), undefined)
})

test('modules are found in trees, on media and in packages; half a set is none', (t) => {
  const place = mkdtempSync(join(tmpdir(), 'liteboot-grub-test-'))
  t.teardown(() => rmSync(place, { recursive: true, force: true }))
  const put = (path: string) => {
    mkdirSync(join(place, path, '..'), { recursive: true })
    writeFileSync(join(place, path), '')
  }
  for (const name of ['kernel.img', 'moddep.lst', 'ofnet.mod', 'modinfo.sh'])
    put(`tree/usr/lib/grub/powerpc-ieee1275/${name}`)
  put('medium/boot/grub/powerpc-ieee1275/core.elf')
  put('medium/BaseOS/Packages/g/grub2-ppc64le-modules-2.06-61.el9.noarch.rpm')
  put('medium/BaseOS/Packages/g/grub2-common-2.06-61.el9.noarch.rpm')
  put('pool/grub-ieee1275-bin_2.06-13_ppc64el.deb')
  put('pool/grub-ieee1275-bin_2.06-13_amd64.deb')
  const found = (rel: string) =>
    findModuleSources(join(place, rel)).map(({ kind, path }) => [kind, path.slice(place.length)])
  t.deepEqual(found('tree'), [['directory', '/tree/usr/lib/grub/powerpc-ieee1275']])
  t.deepEqual(found('medium'), [['package', '/medium/BaseOS/Packages/g/grub2-ppc64le-modules-2.06-61.el9.noarch.rpm']])
  t.deepEqual(found('pool'), [['package', '/pool/grub-ieee1275-bin_2.06-13_ppc64el.deb']])
  t.deepEqual(found('pool/grub-ieee1275-bin_2.06-13_ppc64el.deb'), found('pool'))
  t.deepEqual(found('nowhere'), [])
})
