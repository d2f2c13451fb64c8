/**
 * The image room against the real world: Debian kernels of two architectures, cpio(1), modprobe and busybox, and what only
 * root can make (owners, device nodes, holes, extended attributes, mounts). Kernels are fetched once by apt and kept in
 * the temporary directory.
 */
import { execFileSync } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { ImageError } from '../src/image/image-error.ts'
import { assembleInitrd, type InitrdReport } from '../src/image/initrd/assemble.ts'
import { copyKernel } from '../src/image/initrd/kernel.ts'
import { liteimg } from '../src/image/liteimg/liteimg.ts'
import { entry, file, LEFT_BEHIND, makeWorkplace, readTree, request } from '../test/image/image-tree.ts'

const CACHE = join(tmpdir(), 'liteboot-kernel-cache')
const SCRIPTS = join(import.meta.dirname, '..', 'initrd-scripts')
const IN_SECONDS_MS = 30_000

function has(program: string): boolean {
  return ['/usr/bin', '/bin', '/usr/sbin', '/sbin'].some((directory) => existsSync(join(directory, program)))
}

/** `test.serial`, or `test.skip` with what is missing in its title. */
function testWith(title: string, programs: readonly string[], body: (t: ExecutionContext) => Promise<void>): void {
  const missing = programs.filter((program) => !has(program))
  if (process.getuid?.() !== 0) missing.unshift('root')
  if (missing.length === 0) test.serial(title, body)
  else test.serial.skip(`${title} (needs ${missing.join(', ')})`, body)
}

interface Foreign {
  readonly debian: string
  readonly kernelPackage: string
  readonly busyboxPackage: string | undefined
}

/** An unpacked kernel package with its module index; `busybox/` beside it for a foreign architecture. */
function fetchKernel({ debian, kernelPackage, busyboxPackage }: Foreign): string {
  const place = join(CACHE, `${debian}-${kernelPackage}`)
  if (existsSync(join(place, 'complete'))) return place
  rmSync(place, { recursive: true, force: true })
  const apt = join(place, 'apt')
  for (const directory of ['lists/partial', 'cache/archives/partial', 'debs'])
    mkdirSync(join(apt, directory), { recursive: true })
  // A second apt state: neither this machine's packages nor its architecture matter.
  const options = [
    `-oAPT::Architecture=${debian}`,
    `-oAPT::Architectures=${debian}`,
    `-oDir::State::Lists=${apt}/lists`,
    `-oDir::Cache=${apt}/cache`,
    '-oDir::State::status=/dev/null',
    '-oAPT::Sandbox::User=root',
  ]
  const run = (program: string, ...args: string[]) =>
    execFileSync(program, args, { cwd: join(apt, 'debs'), encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  try {
    run('apt-get', ...options, '-q', 'update')
  } catch {
    // One broken index among several is common; the download below says whether the right one came.
  }
  const depends = run('apt-cache', ...options, 'depends', kernelPackage)
  const real = /Depends: (linux-image-\S+)/.exec(depends)?.[1] ?? kernelPackage
  run('apt-get', ...options, '-q', 'download', real, ...(busyboxPackage === undefined ? [] : [busyboxPackage]))
  for (const name of readdirSync(join(apt, 'debs')))
    run('dpkg-deb', '-x', name, join(place, name.startsWith('busybox') ? 'busybox' : 'rootimg'))
  const version = real.replace('linux-image-', '')
  run('depmod', '-b', join(place, 'rootimg'), version)
  rmSync(apt, { recursive: true })
  mkdirSync(join(place, 'complete'))
  return place
}

const directories: string[] = []
test.after.always(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true })
})

async function assembleTwice(
  t: ExecutionContext,
  arch: string,
  place: string,
  busybox?: string,
): Promise<InitrdReport> {
  const directory = mkdtempSync(join(tmpdir(), 'liteboot-initrd-'))
  directories.push(directory)
  const output = join(directory, 'initrd.gz')
  const given = {
    rootimg: join(place, 'rootimg'),
    arch,
    scripts: SCRIPTS,
    output,
    compress: 'gzip' as const,
    ...(busybox === undefined ? {} : { busybox }),
  }
  const startMs = performance.now()
  const report = await assembleInitrd(given)
  const tookMs = performance.now() - startMs
  t.log(
    `${arch} ${report.kernelVersion}: ${Math.round(tookMs)} ms, ${report.size} bytes, ${report.modules.length} modules`,
  )
  t.true(tookMs < IN_SECONDS_MS)
  t.is((await assembleInitrd({ ...given, output: `${output}.again` })).sha256, report.sha256)
  return report
}

/** Unpacks with cpio(1); the module tree gets the running kernel's name, since busybox modprobe asks uname. */
function unpack(report: InitrdReport): string {
  const root = mkdtempSync(join(tmpdir(), 'liteboot-unpacked-'))
  execFileSync('sh', ['-c', 'zcat "$1" | cpio -idm --quiet', 'sh', report.path], { cwd: root })
  const running = execFileSync('uname', ['-r'], { encoding: 'utf8' }).trim()
  renameSync(join(root, 'lib/modules', report.kernelVersion), join(root, 'lib/modules', running))
  return root
}

const namesOf = (insmods: string) =>
  [...insmods.matchAll(/^insmod \S*\/([^/\s]+?)\.ko\S*/gm)].map((match) => match[1] ?? '')

const TOOLS = ['apt-get', 'dpkg-deb', 'depmod', 'modprobe', 'cpio', 'zcat']

testWith('amd64: the real kernel, loaded by busybox modprobe as kmod would', [...TOOLS, 'busybox'], async (t) => {
  const place = fetchKernel({ debian: 'amd64', kernelPackage: 'linux-image-cloud-amd64', busyboxPackage: undefined })
  const report = await assembleTwice(t, 'x86_64', place)
  const root = unpack(report)
  try {
    t.is(lstatSync(join(root, 'dev/console')).rdev, 5 * 256 + 1)
    t.is(statSync(join(root, 'init')).mode & 0o777, 0o755)
    const virtioNet = 'pci:v00001AF4d00001041sv00001AF4sd00001100bc02sc00i00'
    for (const name of ['nfsv3', 'nfsv4', 'overlay', 'squashfs', 'virtio_net', 'ena', virtioNet]) {
      const busybox = namesOf(
        execFileSync('chroot', [root, '/bin/busybox', 'modprobe', '-D', name], { encoding: 'utf8' }),
      )
      const given = ['-d', join(place, 'rootimg'), '-S', report.kernelVersion, '--show-depends', name]
      const kmod = namesOf(execFileSync('modprobe', given, { encoding: 'utf8' }))
      t.deepEqual(busybox, kmod, name)
      for (const module of kmod) t.true(report.modules.includes(module), module)
    }
    const order = report.modules
    t.true(order.indexOf('sunrpc') < order.indexOf('nfs') && order.indexOf('nfs') < order.indexOf('nfsv3'))
  } finally {
    rmSync(root, { recursive: true })
  }
})

testWith('ppc64el: kernel and busybox of another architecture than this machine', TOOLS, async (t) => {
  const place = fetchKernel({
    debian: 'ppc64el',
    kernelPackage: 'linux-image-powerpc64le',
    busyboxPackage: 'busybox-static',
  })
  const report = await assembleTwice(t, 'ppc64le', place, join(place, 'busybox/bin/busybox'))
  for (const name of ['nfsv3', 'ibmveth', 'e1000e', 'virtio_net', 'overlay'])
    t.true(report.modules.includes(name), name)
  t.true(report.files.includes(`lib/modules/${report.kernelVersion}/kernel/fs/nfs/nfsv3.ko`))
  const error = await t.throwsAsync(assembleTwice(t, 'x86_64', place), { instanceOf: ImageError })
  t.regex(error?.message ?? '', /is for ppc64le/)
  const rootimgdir = mkdtempSync(join(tmpdir(), 'liteboot-kernel-'))
  execFileSync('cp', ['-a', join(place, 'rootimg'), rootimgdir])
  const kernel = await copyKernel({ rootimgdir, arch: 'ppc64le' })
  t.is(kernel.version, report.kernelVersion)
  t.is(kernel.arch, 'ppc64le')
  rmSync(rootimgdir, { recursive: true })
})

testWith(
  'owners, device nodes, holes and extended attributes survive mirror, move and revert',
  ['setfattr'],
  async (t) => {
    const place = makeWorkplace([
      file('var/a', 'a'),
      file('etc/b', 'b'),
      { kind: 'hardlink', path: 'var/twin', to: 'var/a' },
    ])
    const root = join(place, 'rootimg')
    const run = (program: string, ...args: string[]) => execFileSync(program, args, { cwd: root, encoding: 'utf8' })
    run('mknod', 'var/null', 'c', '1', '3')
    run('mkfifo', 'var/fifo')
    run('truncate', '-s', '64M', 'var/sparse')
    run('chown', '1234:2345', 'var/a', 'etc/b')
    run('chmod', '4750', 'var/a')
    run('setfattr', '-n', 'user.mark', '-v', 'kept', 'var/a')
    run('setfattr', '-n', 'user.mark', '-v', 'kept', 'etc/b')
    const before = readTree(root, LEFT_BEHIND)
    await liteimg(request(place, [entry('tmpfs', '/var/'), entry('link', '/etc/b')]))
    const copy = lstatSync(join(root, '.default/var/a'))
    t.deepEqual([copy.uid, copy.gid, copy.mode & 0o7777, copy.nlink], [1234, 2345, 0o4750, 2])
    t.is(lstatSync(join(root, '.default/var/null')).rdev, 1 * 256 + 3)
    t.true(lstatSync(join(root, '.default/var/fifo')).isFIFO())
    t.true(lstatSync(join(root, '.default/var/sparse')).blocks < 100)
    for (const path of ['.default/var/a', '.default/etc/b'])
      t.is(run('getfattr', '--only-values', '-n', 'user.mark', path), 'kept')
    await liteimg(request(place, [entry('link', '/var/'), entry('tmpfs', '/etc/b')]))
    await liteimg(request(place, []))
    t.deepEqual(readTree(root, LEFT_BEHIND), before)
    t.is(run('getfattr', '--only-values', '-n', 'user.mark', 'var/a'), 'kept')
  },
)

testWith('an image root with something mounted in it is refused', ['mount', 'umount'], async (t) => {
  const place = makeWorkplace([file('etc/a', 'a')])
  const inside = join(place, 'rootimg', 'with blank')
  mkdirSync(inside)
  execFileSync('mount', ['-t', 'tmpfs', 'liteboot-test', inside])
  try {
    const error = await t.throwsAsync(liteimg(request(place, [])), { instanceOf: ImageError })
    t.is(error?.code, 'image-root')
    t.true(error?.message.includes('with blank is a mount inside'), error?.message)
  } finally {
    execFileSync('umount', [inside])
  }
  await liteimg(request(place, []))
  t.is(readFileSync(join(place, 'rootimg/.statelite/revision'), 'utf8'), 'r0\n')
})
