import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import test from 'ava'
import fc from 'fast-check'
import { ImageError, type ImageErrorCode } from '../../src/image/image-error.ts'
import { architectureOfKernel } from '../../src/image/initrd/architecture.ts'
import { assembleInitrd, type InitrdRequest } from '../../src/image/initrd/assemble.ts'
import { type CpioEntry, encodeCpio, parseCpio } from '../../src/image/initrd/cpio.ts'
import { parseElf, parseModinfo } from '../../src/image/initrd/elf.ts'
import { copyKernel, imageKernel } from '../../src/image/initrd/kernel.ts'
import { compareKernelVersions } from '../../src/image/initrd/kernel-version.ts'
import {
  closeOverDependencies,
  matchesAlias,
  parseModuleIndex,
  renderModulesDep,
  resolveModule,
} from '../../src/image/initrd/module-index.ts'
import { readInitrd, renderInitrdListing } from '../../src/image/initrd/read.ts'
import { encodeElf } from './elf-file.ts'

const entryArbitrary: fc.Arbitrary<CpioEntry> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('file' as const, 'symlink' as const),
    name: fc.string({ minLength: 1, maxLength: 20, unit: fc.constantFrom('a', 'b', '/', 'ü', ' ') }),
    mode: fc.nat(0o7777),
    data: fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)),
  }),
  fc.record({
    kind: fc.constant('dir' as const),
    name: fc.string({ minLength: 1, maxLength: 9, unit: fc.constantFrom('x', 'y') }),
    mode: fc.nat(0o7777),
  }),
)

test('cpio newc: what is written is read back, and the order given does not matter', (t) => {
  const unique = fc.uniqueArray(entryArbitrary, { selector: (entry) => entry.name, maxLength: 12 })
  fc.assert(
    fc.property(unique, (entries) => {
      const bytes = encodeCpio(entries)
      t.is(bytes.length % 512, 0)
      t.true(bytes.equals(encodeCpio([...entries].reverse())))
      const sorted = [...entries].sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)))
      t.deepEqual(parseCpio(bytes), sorted)
    }),
  )
})

test('cpio newc: bytes of any kind never throw', (t) => {
  const valid = encodeCpio([{ name: 'a', kind: 'file', mode: 0o644, data: Buffer.from('x') }])
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(valid.length - 1), fc.nat(255), (bytes, at, value) => {
      parseCpio(Buffer.from(bytes))
      const broken = Buffer.from(valid)
      broken[at] = value
      const parsed = parseCpio(broken)
      t.true(Array.isArray(parsed) || typeof parsed.fault === 'string')
    }),
  )
})

test('ELF reader: bytes of any kind never throw', (t) => {
  const valid = encodeElf({ machine: 62, modinfo: { firmware: ['a.bin'] } })
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(valid.length - 1), fc.nat(255), (bytes, at, value) => {
      const broken = Buffer.from(valid)
      broken[at] = value
      for (const sample of [Buffer.from(bytes), broken, valid.subarray(0, at)]) {
        parseElf(sample)
        parseModinfo(sample)
      }
      t.pass()
    }),
  )
})

test('ELF reader: machine, byte order, interpreter and .modinfo of both byte orders', (t) => {
  for (const isLittleEndian of [true, false]) {
    const bytes = encodeElf({ machine: 21, isLittleEndian, interpreter: true, modinfo: { firmware: ['x/y.fw', 'z'] } })
    t.deepEqual(parseElf(bytes), { machine: 21, is64Bit: true, isLittleEndian, needsInterpreter: true })
    t.deepEqual(parseModinfo(bytes), [
      ['firmware', 'x/y.fw'],
      ['firmware', 'z'],
    ])
  }
})

test('kernel releases sort as numbers, pre-releases first', (t) => {
  const sorted = ['5.14.0-70.el9', '6.1.0-9-amd64', '6.1.0-56-amd64', '6.12.0~rc1', '6.12.0', '6.12.0-1', '10.0']
  t.deepEqual([...sorted].reverse().sort(compareKernelVersions), sorted)
})

test('aliases match as fnmatch does, with - and _ as one letter', (t) => {
  t.true(matchesAlias('pci:v00001AF4d*sv*sd*bc*sc*i*', 'pci:v00001AF4d00001041sv00001AF4sd00001100bc02sc00i00'))
  t.false(matchesAlias('pci:v00001AF4d*', 'pci:v00008086d1'))
  t.true(matchesAlias('crypto-crc32c', 'crypto_crc32c'))
  t.true(matchesAlias('usb:v[0-9]*', 'usb:v7x'))
  t.false(matchesAlias('a.c', 'abc'))
})

const INDEX_TEXTS = {
  dep: [
    'kernel/net/r8169.ko: kernel/net/libphy.ko',
    'kernel/net/libphy.ko:',
    'kernel/net/realtek.ko: kernel/net/libphy.ko',
    'kernel/lib/libcrc32c.ko:',
    'kernel/crypto/crc32c_generic.ko:',
    'kernel/net/bnx-2x.ko: kernel/net/mdio.ko kernel/lib/libcrc32c.ko',
    'kernel/net/mdio.ko:',
    '',
  ].join('\n'),
  builtin: 'kernel/net/unix.ko\n',
  softdep: '# comment\nsoftdep r8169 pre: realtek\nsoftdep libcrc32c pre: crypto-crc32c\nsoftdep cifs gcm\n',
  alias: 'alias crypto-crc32c crc32c_generic\nalias pci:v1* bnx_2x\n',
}

test('module index: hard and soft dependencies in an order in which they can be loaded', (t) => {
  const index = parseModuleIndex(INDEX_TEXTS)
  t.deepEqual(resolveModule(index, 'bnx_2x'), ['kernel/net/bnx-2x.ko'])
  t.deepEqual(closeOverDependencies(index, ['kernel/net/bnx-2x.ko', 'kernel/net/r8169.ko']), [
    'kernel/crypto/crc32c_generic.ko',
    'kernel/lib/libcrc32c.ko',
    'kernel/net/mdio.ko',
    'kernel/net/bnx-2x.ko',
    'kernel/net/libphy.ko',
    'kernel/net/realtek.ko',
    'kernel/net/r8169.ko',
  ])
  // busybox modprobe loads from the end of the line: libphy before realtek, which needs it.
  const dep = renderModulesDep(index, ['kernel/net/r8169.ko', 'kernel/net/realtek.ko', 'kernel/net/libphy.ko'])
  t.true(dep.includes('kernel/net/r8169.ko: kernel/net/realtek.ko kernel/net/libphy.ko\n'), dep)
})

interface Fixture {
  readonly place: string
  readonly request: InitrdRequest
}

const places: string[] = []
test.after.always(() => {
  for (const place of places) rmSync(place, { recursive: true, force: true })
})

/** A tiny image: two kernels, modules in every compression, a firmware file behind a symlink. */
function makeFixture(arch: 'x86_64' | 'ppc64le' = 'x86_64'): Fixture {
  const place = mkdtempSync(join(tmpdir(), 'liteboot-initrd-'))
  places.push(place)
  const machine = arch === 'x86_64' ? 62 : 21
  const put = (path: string, data: string | Buffer) => {
    mkdirSync(dirname(join(place, path)), { recursive: true })
    writeFileSync(join(place, path), data)
  }
  const tree = 'rootimg/usr/lib/modules/6.1.0-56'
  const module = (modinfo: Record<string, string[]> = {}) => encodeElf({ machine, modinfo })
  const names: Record<string, Buffer> = {
    'fs/nfs/nfs.ko': module(),
    'fs/nfs/nfsv3.ko.gz': gzipSync(module()),
    'net/sunrpc/sunrpc.ko.zst': zstdCompressSync(module()),
    'drivers/net/ethernet/acme/roadrunner.ko': module({
      firmware: ['acme/run.bin', 'acme/absent.bin', '../../../etc/x'],
    }),
    'drivers/net/ethernet/other/other.ko': module(),
    ...virtioNet(module()),
    'sound/noise.ko': module(),
  }
  for (const [name, bytes] of Object.entries(names)) put(`${tree}/kernel/${name}`, bytes)
  const dep = Object.keys(names).map((name) => {
    const needs = name.includes('nfsv3') ? ' kernel/fs/nfs/nfs.ko kernel/net/sunrpc/sunrpc.ko.zst' : ''
    return `kernel/${name}:${needs}\n`
  })
  put(`${tree}/modules.dep`, dep.join(''))
  put(`${tree}/modules.alias`, 'alias pci:v1234* roadrunner\nalias snd:* noise\n')
  put(`${tree}/modules.builtin`, 'kernel/net/packet/af_packet.ko\n')
  symlinkSync('usr/lib', join(place, 'rootimg/lib'))
  put('rootimg/usr/lib/firmware/acme/run-1.2.bin', 'firmware!')
  symlinkSync('/lib/firmware/acme/run-1.2.bin', join(place, 'rootimg/usr/lib/firmware/acme/run.bin'))
  const kernel = arch === 'x86_64' ? Buffer.alloc(0x300) : encodeElf({ machine })
  if (arch === 'x86_64') kernel.write('HdrS', 0x202)
  put('rootimg/boot/vmlinuz-6.1.0-9', 'old')
  put('rootimg/boot/vmlinuz-6.1.0-56', kernel)
  put('busybox', Buffer.concat([encodeElf({ machine }), Buffer.from(`\0${APPLETS.join('\0')}\0`)]))
  put('scripts/lean/init', '#!/bin/sh\n')
  put('scripts/lean/udhcpc.script', '#!/bin/sh\n')
  put('scripts/steps/network.sh', ':\n')
  put('scripts/node/statelite', '#!/bin/sh\n')
  put('scripts/node/liteboot-booted.service', '[Unit]\n')
  const request = {
    rootimg: join(place, 'rootimg'),
    arch,
    scripts: join(place, 'scripts'),
    busybox: join(place, 'busybox'),
    output: join(place, 'initrd.gz'),
    compress: 'gzip' as const,
  }
  return { place, request }
}

/** Compressed by xz where there is one. */
function virtioNet(bytes: Buffer): Record<string, Buffer> {
  try {
    return { 'drivers/net/virtio_net.ko.xz': execFileSync('xz', ['-c'], { input: bytes }) }
  } catch {
    return { 'drivers/net/virtio_net.ko': bytes }
  }
}

const APPLETS =
  'awk cat chmod chown cp cpio cut df find grep gzip ip ln ls mkdir mkfifo modprobe mount mv od readlink rm sed sh sha256sum sleep sort stat switch_root tail tee timeout tr udhcpc umount uname wget xargs'.split(
    ' ',
  )

for (const arch of ['x86_64', 'ppc64le'] as const) {
  test(`an initrd for ${arch}: scripts, busybox, plain modules with their closure, firmware that is there`, async (t) => {
    const { request } = makeFixture(arch)
    const report = await assembleInitrd(request)
    const entries = await readInitrd(request.output)
    const byName = new Map(entries.map((entry) => [entry.name, entry]))
    const modules = 'lib/modules/6.1.0-56'
    t.is(byName.get('init')?.mode, 0o755)
    t.is(byName.get('bin/busybox')?.mode, 0o755)
    t.is(byName.get('bin/sh')?.data?.toString(), 'busybox')
    t.deepEqual(byName.get('dev/console')?.device, [5, 1])
    t.is(byName.get('tmp')?.mode, 0o1777)
    for (const name of ['liteboot/steps/network.sh', 'liteboot/udhcpc.script', 'liteboot/liteboot-booted.service'])
      t.true(byName.has(name), name)
    for (const name of [
      'fs/nfs/nfsv3',
      'net/sunrpc/sunrpc',
      'drivers/net/virtio_net',
      'drivers/net/ethernet/other/other',
    ])
      t.truthy(parseElf(byName.get(`${modules}/kernel/${name}.ko`)?.data ?? Buffer.alloc(0)), name)
    t.false(byName.has(`${modules}/kernel/sound/noise.ko`))
    t.is(byName.get('lib/firmware/acme/run.bin')?.data?.toString(), 'firmware!')
    t.deepEqual(report.missingFirmware, ['acme/absent.bin'])
    t.is(byName.get(`${modules}/modules.alias`)?.data?.toString(), 'alias pci:v1234* roadrunner\n')
    t.regex(
      byName.get(`${modules}/modules.dep`)?.data?.toString() ?? '',
      /nfsv3.ko: kernel\/fs\/nfs\/nfs.ko kernel\/net/,
    )
    t.true(report.modules.indexOf('sunrpc') < report.modules.indexOf('nfsv3'))
    t.deepEqual(JSON.parse(readFileSync(`${request.output}.json`, 'utf8')).sha256, report.sha256)
    t.deepEqual(
      readdirSync(dirname(request.output)).filter((name) => name.includes('liteboot-')),
      [],
    )
  })
}

test('the same inputs give the same bytes, in any compression', async (t) => {
  const { request } = makeFixture()
  const first = await assembleInitrd(request)
  // Another umask, other times, other places: none of them may show.
  chmodSync(join(request.scripts, 'lean/init'), 0o600)
  const again = await assembleInitrd({ ...request, output: `${request.output}.again` })
  t.is(again.sha256, first.sha256)
  await assembleInitrd({ ...request, compress: 'zstd' })
  const listing = renderInitrdListing(await readInitrd(request.output))
  t.true(listing.includes('c0600       5,1 dev/console'), listing.join('\n'))
  t.true(listing.includes('l0777         7 bin/sh -> busybox'))
  const zstd = zstdDecompressSync(readFileSync(request.output))
  await assembleInitrd({ ...request, compress: 'none' })
  t.true(zstd.equals(readFileSync(request.output)))
})

test('netdrivers restricts the network drivers; unknown names are an error, built-in ones are not', async (t) => {
  const { request } = makeFixture()
  const { modules } = await assembleInitrd({ ...request, drivers: ['roadrunner.ko', 'af_packet'] })
  t.true(modules.includes('roadrunner'))
  t.false(modules.includes('other'))
  t.false(modules.includes('virtio_net'))
  const error = await t.throwsAsync(assembleInitrd({ ...request, drivers: ['nosuch'] }), { instanceOf: ImageError })
  t.is(error?.code, 'image-modules')
})

test('what does not fit together is refused with what to do', async (t) => {
  const { place, request } = makeFixture()
  const refused = async (change: Partial<InitrdRequest>, code: ImageErrorCode, text: RegExp) => {
    const error = await t.throwsAsync(assembleInitrd({ ...request, ...change }), { instanceOf: ImageError })
    t.is(error?.code, code)
    t.regex(error?.message ?? '', text)
  }
  await refused({ arch: 'vax' }, 'image-arch', /not an architecture/)
  await refused({ arch: 'ppc64le' }, 'image-arch', /busybox is for x86_64/)
  await refused({ kernelVersion: '7.0' }, 'image-modules', /install a kernel package/)
  await refused({ busybox: join(place, 'absent') }, 'image-busybox', /busybox-static_\*_amd64/)
  await refused({ scripts: place }, 'image-scripts', /missing/)
  writeFileSync(join(place, 'dynamic'), encodeElf({ machine: 62, interpreter: true }))
  await refused({ busybox: join(place, 'dynamic') }, 'image-busybox', /not static/)
  writeFileSync(join(place, 'poor'), encodeElf({ machine: 62 }))
  await refused({ busybox: join(place, 'poor') }, 'image-busybox', /lacks the applets/)
  const tree = join(request.rootimg, 'usr/lib/modules/6.1.0-56')
  // An absolute link means a file of the image, not of this machine.
  rmSync(join(tree, 'kernel/fs/nfs/nfs.ko'))
  symlinkSync('/extra/nfs.ko', join(tree, 'kernel/fs/nfs/nfs.ko'))
  await refused({}, 'image-modules', /nfs.ko is in modules.dep, but not in the image/)
  mkdirSync(join(request.rootimg, 'extra'))
  writeFileSync(join(request.rootimg, 'extra/nfs.ko'), encodeElf({ machine: 62 }))
  t.true((await assembleInitrd(request)).modules.includes('nfs'))
  writeFileSync(join(request.rootimg, 'extra/nfs.ko'), encodeElf({ machine: 21 }))
  await refused({}, 'image-arch', /nfs.ko is for ppc64le/)
  rmSync(join(tree, 'modules.dep'))
  await refused({}, 'image-modules', /depmod -b/)
})

test('a kernel is found by version, checked against the architecture and published atomically', async (t) => {
  const { place } = makeFixture()
  t.is((await imageKernel(place)).version, '6.1.0-56')
  const copied = await copyKernel({ rootimgdir: place, arch: 'x86_64' })
  t.is(copied.path, join(place, 'kernel'))
  t.is((await imageKernel(place)).version, '6.1.0-56')
  t.is((await imageKernel(place)).arch, 'x86_64')
  await t.throwsAsync(copyKernel({ rootimgdir: place, arch: 'aarch64' }), { message: /is for x86_64/ })
  await t.throwsAsync(copyKernel({ rootimgdir: place, arch: 'x86_64', kernelVersion: '1.0' }), {
    message: /it has 6.1.0-56/,
  })
  t.is(architectureOfKernel(encodeElf({ machine: 21 })), 'ppc64le')
})
