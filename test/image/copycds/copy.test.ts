/** Media become directories: what is copied, put right, left out, and merged. */
import { spawnSync } from 'node:child_process'
import {
  linkSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { type CopyReport, copyMedium } from '../../../src/image/copycds/copy.ts'
import { fingerprintOf, holdsMedium } from '../../../src/image/copycds/fingerprint.ts'
import { placeOf } from '../../../src/image/copycds/publish.ts'
import { findRepositories, renderRepositories } from '../../../src/image/copycds/repositories.ts'
import { linkSlots } from '../../../src/image/copycds/slots.ts'
import { openMedium } from '../../../src/image/copycds/source.ts'
import { ImageError } from '../../../src/image/image-error.ts'
import { recognizeMedium } from '../../../src/image/media/recognize.ts'
import {
  DEBIAN_NETINST,
  isoOf,
  listTree,
  makeIso,
  rhelMedium,
  SLE15_FULL,
  SLES12,
  type Tree,
  temporaryDirectory,
  writeTree,
} from './fake-media.ts'

async function copy(path: string, destination: string, signal?: AbortSignal): Promise<CopyReport> {
  const source = await openMedium(path)
  const found = recognizeMedium(source, {})
  const medium = 'medium' in found ? found.medium : { family: 'rhel' as const, slot: undefined }
  return copyMedium({ source, medium, destination, onProgress: () => {}, ...(signal ? { signal } : {}) })
}

const namesOf = (directory: string) =>
  listTree(directory)
    .filter(({ kind }) => kind !== 'd')
    .map(({ name }) => name)

const MEDIA: readonly (readonly [string, Tree, string, string, string | undefined])[] = [
  ['RHEL', rhelMedium('ppc64le'), 'rhels9.4', 'ppc64le', undefined],
  ['SLE 15', SLE15_FULL, 'sle15.4', 'ppc64le', '1'],
  ['SLES 12', SLES12, 'sles12.3', 'x86_64', '1'],
  ['Debian', DEBIAN_NETINST, 'debian12.5.0', 'ppc64le', undefined],
]

for (const [title, tree, osvers, arch, slot] of MEDIA) {
  test(`an ISO of ${title} and the same in a directory are one medium`, async (t) => {
    const top = temporaryDirectory(t)
    writeTree(join(top, 'tree'), tree)
    isoOf(join(top, 'a.iso'), join(top, 'tree'))
    const [iso, directory] = [await openMedium(join(top, 'a.iso')), await openMedium(join(top, 'tree'))]
    for (const source of [iso, directory]) {
      const found = recognizeMedium(source, {})
      t.like('medium' in found ? found.medium : found, { osvers, arch, slot })
    }
    t.is(fingerprintOf(iso.entries), fingerprintOf(directory.entries))
    await copy(join(top, 'a.iso'), join(top, 'from-iso'))
    await copy(join(top, 'tree'), join(top, 'from-tree'))
    t.deepEqual(listTree(join(top, 'from-iso')), listTree(join(top, 'from-tree')))
  })
}

test('files come with their content and time, and are readable by everybody', async (t) => {
  const top = temporaryDirectory(t)
  const names = { 'a b\n\\ü': 'odd', 'run.sh': '#!/bin/sh\n', 'dir/secret': 'x', 'set-id': 'x' }
  writeTree(join(top, 'tree'), { ...rhelMedium('x86_64'), ...names })
  for (const [path, mode] of [
    ['run.sh', '0755'],
    ['dir/secret', '0400'],
    ['dir', '0700'],
    ['set-id', '6755'],
  ])
    spawnSync('chmod', [mode ?? '', join(top, 'tree', path ?? '')])
  spawnSync('touch', ['-d', '2020-02-02 02:02:02', join(top, 'tree/run.sh')])
  isoOf(join(top, 'a.iso'), join(top, 'tree'))
  const report = await copy(join(top, 'a.iso'), join(top, 'os/arch'))
  t.deepEqual(report.warnings, [])
  const copied = new Map(listTree(join(top, 'os/arch')).map((each) => [each.name, each]))
  t.is(copied.get('a b\n\\ü')?.text, 'odd')
  t.is(copied.get('BaseOS/Packages/bash.rpm')?.text, 'bash')
  t.deepEqual(
    ['run.sh', 'dir/secret', 'dir', 'set-id'].map((name) => copied.get(name)?.mode),
    ['755', '644', '755', '755'],
  )
  t.is(copied.get('media.repo')?.text, '.treeinfo')
  t.is(statSync(join(top, 'os/arch/run.sh')).mtime.getFullYear(), 2020)
  t.is(statSync(join(top, 'os/arch')).mode & 0o777, 0o755)
  t.deepEqual(
    namesOf(join(top, 'os')).filter((name) => !name.startsWith('arch/')),
    ['.arch.liteboot-lock'],
  )
})

test('nothing of a hostile medium leads out of the copy', async (t) => {
  const top = temporaryDirectory(t)
  mkdirSync(join(top, 'outside'))
  writeTree(join(top, 'tree'), {
    ...rhelMedium('x86_64'),
    absolute: `-> ${join(top, 'outside')}`,
    'deep/er/up': '-> ../../../../outside',
    here: '-> .',
    'through-link': '-> here/..',
    loop: '-> loop',
    'deep/fine': '-> ../.discinfo',
    'deep/nowhere': '-> ../missing',
    '.fingerprint': '-> .discinfo',
  })
  spawnSync('mkfifo', [join(top, 'tree/pipe')])
  isoOf(join(top, 'a.iso'), join(top, 'tree'))
  const { warnings } = await copy(join(top, 'a.iso'), join(top, 'copy'))
  t.deepEqual(
    warnings.map((text) => text.replace(/:.*/, '')).sort(),
    [
      'pipe is no file, directory or link',
      'the link absolute leads out of the medium',
      'the link deep/er/up leads out of the medium',
      'the link loop leads out of the medium',
      'the link through-link leads out of the medium',
    ].sort(),
  )
  const names = namesOf(join(top, 'copy'))
  for (const gone of ['absolute', 'deep/er/up', 'through-link', 'loop', 'pipe']) t.false(names.includes(gone), gone)
  for (const kept of ['here', 'deep/fine', 'deep/nowhere']) t.true(names.includes(kept), kept)
  t.deepEqual(namesOf(join(top, 'outside')), [])
  t.notRegex(readFileSync(join(top, 'copy/.discinfo'), 'utf8'), /,/)
})

test('a name that looks like an option is a name', async (t) => {
  const top = temporaryDirectory(t)
  writeTree(join(top, 'tree'), { '-0': '1\nRocky Linux 9.2\nx86_64\n' })
  linkSync(join(top, 'tree/-0'), join(top, 'tree/.discinfo'))
  isoOf(join(top, 'a.iso'), join(top, 'tree'))
  const source = await openMedium(join(top, 'a.iso'))
  t.is(source.read('.discinfo'), '1\nRocky Linux 9.2\nx86_64\n')
  await copy(join(top, 'a.iso'), join(top, 'copy'))
  t.deepEqual(namesOf(join(top, 'copy')), ['-0', '.discinfo', '.fingerprint'])
})

test('two media whose links lead out only together', async (t) => {
  const top = temporaryDirectory(t)
  makeIso(t, join(top, '1.iso'), { ...rhelMedium('x86_64'), 'b/c': 'x', out: '-> b/../media.repo/../x', 'w/x': '1' })
  makeIso(t, join(top, '2.iso'), { ...rhelMedium('x86_64'), climb: '-> top/..', top2: '-> .' })
  makeIso(t, join(top, '3.iso'), { ...rhelMedium('x86_64'), top: '-> .' })
  await copy(join(top, '2.iso'), join(top, 'copy'))
  t.true(namesOf(join(top, 'copy')).includes('climb'))
  const { warnings } = await copy(join(top, '3.iso'), join(top, 'copy'))
  t.deepEqual(warnings, ['the link climb leads out of the medium: left out'])
  t.false(namesOf(join(top, 'copy')).includes('climb'))
})

test('further discs are added; what an administrator put there stays; a link in the place goes', async (t) => {
  const top = temporaryDirectory(t)
  makeIso(t, join(top, '1.iso'), { ...rhelMedium('x86_64'), 'Packages/a.rpm': 'a1', 'Packages/b.rpm': 'b1' })
  makeIso(t, join(top, '2.iso'), { ...rhelMedium('x86_64'), 'Packages/b.rpm': 'b2', 'Packages/c.rpm': 'c2' })
  const place = join(top, 'os/arch')
  mkdirSync(join(top, 'os'))
  mkdirSync(join(top, 'elsewhere'))
  symlinkSync('../elsewhere', place)
  const first = await copy(join(top, '1.iso'), place)
  t.is(first.warnings.length, 1)
  t.deepEqual(namesOf(join(top, 'elsewhere')), [])
  symlinkSync('/srv/updates', join(place, 'updates'))
  writeFileSync(join(place, 'mine'), 'mine')
  const second = await copy(join(top, '2.iso'), place)
  t.deepEqual(second.warnings, [])
  const texts = Object.fromEntries(listTree(place).map(({ name, text }) => [name, text]))
  t.like(texts, {
    'Packages/a.rpm': 'a1',
    'Packages/b.rpm': 'b2',
    'Packages/c.rpm': 'c2',
    mine: 'mine',
    updates: '/srv/updates',
    '.fingerprint': `${first.fingerprint},${second.fingerprint},`,
  })
  const before = listTree(place)
  await copy(join(top, '2.iso'), place)
  t.deepEqual(listTree(place), before)
})

test('a SUSE medium takes the whole of its slot; links lead to it', async (t) => {
  const top = temporaryDirectory(t)
  makeIso(t, join(top, 'full.iso'), SLE15_FULL)
  mkdirSync(join(top, 'sle/1'), { recursive: true })
  writeFileSync(join(top, 'sle/1/old.rpm'), 'old')
  const { fingerprint } = await copy(join(top, 'full.iso'), join(top, 'sle/1'))
  t.false(namesOf(join(top, 'sle/1')).includes('old.rpm'))
  t.true(await holdsMedium(join(top, 'sle'), fingerprint))
  t.false(await holdsMedium(join(top, 'sle'), 'f00'))
  const medium = { slot: '1', otherSlot: '2' }
  t.deepEqual(await linkSlots(medium, join(top, 'sle'), join(top, 'usual')), [])
  t.deepEqual(await linkSlots(medium, join(top, 'sle'), join(top, 'usual')), [])
  t.is(readlinkSync(join(top, 'sle/2')), '1')
  t.is(readlinkSync(join(top, 'usual/1')), join(top, 'sle/1'))
  mkdirSync(join(top, 'real/1'), { recursive: true })
  t.is((await linkSlots(medium, join(top, 'sle'), join(top, 'real'))).length, 1)
})

test('Debian: names of other suites go, package lists are unpacked, the installer is kept', async (t) => {
  const top = temporaryDirectory(t)
  makeIso(t, join(top, 'netinst.iso'), DEBIAN_NETINST)
  await copy(join(top, 'netinst.iso'), join(top, 'copy'))
  const texts = Object.fromEntries(listTree(join(top, 'copy')).map(({ name, text }) => [name, text]))
  t.is(texts['dists/bookworm/main/binary-ppc64el/Packages'], 'Package: bash\n')
  t.is(texts['dists/bookworm/restricted/binary-ppc64el/Packages'], '')
  t.is(texts['dists/stable'], 'bookworm')
  t.is(texts['dists/unstable'], undefined)
  t.is(texts['dists/testing'], undefined)
  t.is(texts['install/netboot/vmlinux'], 'kernel')
  t.is(texts['install/netboot/initrd.gz'], 'initrd')
})

test('repositories of a medium, as nodes are given them', async (t) => {
  const top = temporaryDirectory(t)
  writeTree(top, { 'x/repodata/repomd.xml': '', 'repodata/repomd.xml': '', '.copycds/repodata/repomd.xml': '' })
  const found = await findRepositories(top)
  t.deepEqual(found, ['', 'x'])
  t.is(
    renderRepositories('demo1-x86_64', '/i/demo1', found),
    '[local-demo1-x86_64]\nname=local-demo1-x86_64\nbaseurl=/i/demo1\nenabled=1\ngpgcheck=0\n\n[local-demo1-x86_64-x]\nname=local-demo1-x86_64-x\nbaseurl=/i/demo1/x\nenabled=1\ngpgcheck=0\n',
  )
})

async function refusal(t: ExecutionContext, work: Promise<unknown>): Promise<string> {
  const error = await t.throwsAsync(work, { instanceOf: ImageError })
  return error?.message ?? ''
}

test('what cannot be copied leaves everything as it was', async (t) => {
  const top = temporaryDirectory(t)
  makeIso(t, join(top, 'a.iso'), { ...rhelMedium('x86_64'), big: Buffer.alloc(3 << 20, 'x') })
  await copy(join(top, 'a.iso'), join(top, 'copy'))
  const before = listTree(join(top, 'copy'))

  t.regex(await refusal(t, openMedium(join(top, 'missing.iso'))), /^The management server was unable to find\/read /)
  writeFileSync(join(top, 'archive.tar'), Buffer.alloc(64 << 10))
  t.regex(await refusal(t, openMedium(join(top, 'archive.tar'))), /is no ISO 9660 image/)

  const whole = readFileSync(join(top, 'a.iso'))
  const short = join(top, 'short.iso')
  writeFileSync(short, whole.subarray(0, whole.length >> 1))
  t.regex(await refusal(t, openMedium(short)), /cannot be read as a medium: bsdtar: Truncated input file/)
  writeFileSync(short, whole)
  const shortened = await openMedium(short)
  truncateSync(short, whole.length >> 1)
  const medium = { family: 'rhel' as const, slot: undefined }
  const destination = join(top, 'copy')
  const onProgress = () => {}
  t.regex(
    await refusal(t, copyMedium({ source: shortened, medium, destination, onProgress })),
    /^Media copy operation failed, status 1\n.*Truncated/,
  )
  t.deepEqual(listTree(join(top, 'copy')), before)

  const stopped = new AbortController()
  stopped.abort()
  t.regex(await refusal(t, copy(join(top, 'a.iso'), join(top, 'copy'), stopped.signal)), /interrupted/)
  t.deepEqual(listTree(join(top, 'copy')), before)

  const source = await openMedium(join(top, 'a.iso'))
  const huge = { ...source, entries: [{ path: 'x', kind: 'file' as const, sizeBytes: 2 ** 60 }] }
  t.regex(
    await refusal(t, copyMedium({ source: huge, medium, destination: join(top, 'n/o'), onProgress })),
    /^the medium needs \d+ MiB, but .* has \d+ MiB left: make room/,
  )
  t.false(namesOf(top).some((name) => name.includes('copycds')))

  mkdirSync(join(top, 'home/ann'), { recursive: true })
  const again = await openMedium(join(top, 'a.iso'))
  const chosen = { source: again, medium, isChosen: true, onProgress }
  t.regex(
    await refusal(t, copyMedium({ ...chosen, destination: join(top, 'home') })),
    /holds something else than media/,
  )
  t.regex(await refusal(t, copyMedium({ ...chosen, destination: join(top, 'a.iso') })), /is no directory/)
  t.regex(await refusal(t, copyMedium({ ...chosen, destination: '/proc' })), /is a mount point/)
  await copyMedium({ ...chosen, destination: join(top, 'home/ann') })
  await copyMedium({ ...chosen, destination: join(top, 'home/ann') })
  t.is(statSync(join(top, 'home')).mode & 0o777, 0o755)
})

test('one copy at a time; what a killed one left is put right', async (t) => {
  const top = temporaryDirectory(t)
  makeIso(t, join(top, 'a.iso'), rhelMedium('x86_64'))
  const place = placeOf(join(top, 'os/arch'))
  // Killed between the two renames: the tree as it was comes back first, then the new one is added to it.
  writeTree(place.previous, { mine: 'mine' })
  writeTree(place.next, { half: 'x' })
  await copy(join(top, 'a.iso'), place.destination)
  t.true(namesOf(place.destination).includes('mine'))
  t.false(namesOf(place.destination).includes('half'))
  // Killed after the second.
  writeTree(place.previous, { older: 'x' })
  await copy(join(top, 'a.iso'), place.destination)
  t.false(namesOf(place.destination).includes('older'))
  t.deepEqual(
    namesOf(join(top, 'os')).filter((name) => !name.startsWith('arch/')),
    ['.arch.liteboot-lock'],
  )
})
