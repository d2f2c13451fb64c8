/**
 * GRUB's modules out of packages, and a program made of them. Needs dpkg-deb, rpmbuild, rpm2cpio, and, for the program,
 * modules of GRUB for POWER in LITEBOOT_GRUB_MODULES (vm-harness/grub/build-modules.sh) and grub-mkimage.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { makeGrubProgram, openModules } from '../src/image/grub/make.ts'
import { findModuleSources } from '../src/image/grub/module-places.ts'
import { readGrubProgram } from '../src/image/grub/program.ts'
import { encodeNetworkDriver } from '../test/image/grub-module.ts'

const MODULES = process.env.LITEBOOT_GRUB_MODULES ?? '/var/tmp/liteboot-grub/powerpc-ieee1275'
const SOUND = encodeNetworkDriver({ mallocs: 3, isPatched: true })

function scratch(t: { teardown(step: () => void): void }): string {
  const directory = mkdtempSync(join(tmpdir(), 'liteboot-grub-net-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

function putModules(directory: string): void {
  mkdirSync(directory, { recursive: true })
  for (const name of ['kernel.img', 'moddep.lst', 'modinfo.sh']) writeFileSync(join(directory, name), '')
  writeFileSync(join(directory, 'ofnet.mod'), SOUND)
}

async function judged(directory: string) {
  const [source] = findModuleSources(directory)
  if (source?.kind !== 'package') throw new Error('the package was not found')
  const opened = await openModules(source)
  const result = { driver: opened.networkDriver, names: existsSync(join(opened.directory, 'kernel.img')) }
  await opened.close()
  return { ...result, isLeft: existsSync(opened.directory) }
}

test('a Debian package', async (t) => {
  const directory = scratch(t)
  putModules(join(directory, 'root/usr/lib/grub/powerpc-ieee1275'))
  mkdirSync(join(directory, 'root/DEBIAN'))
  writeFileSync(
    join(directory, 'root/DEBIAN/control'),
    'Package: grub-ieee1275-bin\nVersion: 1\nArchitecture: ppc64el\nMaintainer: a <a@b>\nDescription: modules\n',
  )
  const out = join(directory, 'grub-ieee1275-bin_1_ppc64el.deb')
  execFileSync('dpkg-deb', ['--root-owner-group', '-b', join(directory, 'root'), out], { stdio: 'ignore' })
  t.deepEqual(await judged(directory), { driver: 'sound', names: true, isLeft: false })
})

test('an RPM', async (t) => {
  const directory = scratch(t)
  putModules(join(directory, 'root/usr/lib/grub/powerpc-ieee1275'))
  const spec = join(directory, 'modules.spec')
  writeFileSync(
    spec,
    `%define _binaries_in_noarch_packages_terminate_build 0
%define __os_install_post %{nil}
Name: grub2-ppc64le-modules
Version: 2.06
Release: 1
Summary: modules
License: none
BuildArch: noarch
%description
modules
%install
cp -a ${directory}/root/. %{buildroot}
%files
/usr/lib/grub/powerpc-ieee1275
`,
  )
  const options = ['--define', `_topdir ${directory}/rpm`, '--define', `_rpmdir ${directory}`, '--quiet']
  execFileSync('rpmbuild', ['-bb', ...options, spec], { stdio: 'ignore' })
  t.deepEqual(await judged(join(directory, 'noarch')), { driver: 'sound', names: true, isLeft: false })
})

test('a program of real modules has all that a network boot needs, and is replaced as a whole', async (t) => {
  if (!existsSync(MODULES)) {
    t.log(`left out: no modules in ${MODULES}`)
    t.pass()
    return
  }
  const directory = scratch(t)
  for (let round = 0; round < 2; round++) {
    const { program } = await makeGrubProgram(MODULES, directory)
    const made = readGrubProgram(readFileSync(program))
    t.is(made?.networkDriver, 'sound')
    for (const name of ['normal', 'ofnet', 'tftp', 'http', 'linux', 'gzio']) t.true(made?.modules.includes(name), name)
  }
  t.true(existsSync(join(directory, 'boot/grub2/powerpc-ieee1275/core.elf')))
  t.deepEqual(execFileSync('find', [directory, '-name', '.*'], { encoding: 'utf8' }), '', 'nothing of the work is left')
})
