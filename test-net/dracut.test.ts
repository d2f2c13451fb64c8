/**
 * The initrd made by an image's own dracut: a small Debian tree with dracut and a kernel is built once from the packages of
 * this machine's mirror and kept in the temporary directory.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { assembleWithDracut } from '../src/image/dracut/assemble.ts'
import { readInitrd } from '../src/image/initrd/read.ts'
import { makeWorkplace } from '../test/image/image-tree.ts'

const CACHE = join(tmpdir(), 'liteboot-dracut-cache')
const SCRIPTS = join(import.meta.dirname, '..', 'initrd-scripts')
const PACKAGES = 'dracut-core,kmod,udev,linux-image-cloud-amd64'
const MINUTES_10 = 600_000

const canRun =
  process.getuid?.() === 0 &&
  process.arch === 'x64' &&
  ['mmdebstrap', 'unshare'].every((name) => existsSync(`/usr/bin/${name}`))
const testAsRoot = canRun ? test.serial : test.serial.skip

/** The kernel's own initrd is not made: two minutes for nothing. */
function treeWithDracut(): string {
  const root = join(CACHE, 'rootimg')
  if (existsSync(root)) return root
  mkdirSync(CACHE, { recursive: true })
  rmSync(`${root}.new`, { recursive: true, force: true })
  const mirror = execFileSync('apt-get', ['indextargets', '--format', '$(SITE) $(RELEASE)', 'Created-By: Packages'], {
    encoding: 'utf8',
  })
    .split('\n')
    .find((line) => !line.includes('security') && !line.includes('updates'))
    ?.split(' ')
  execFileSync(
    'mmdebstrap',
    [
      ...[
        '--quiet',
        '--variant=minbase',
        '--architectures=amd64',
        `--include=${PACKAGES}`,
        mirror?.[1] ?? '',
        `${root}.new`,
      ],
      `deb ${mirror?.[0]} ${mirror?.[1]} main`,
    ],
    { env: { ...process.env, INITRD: 'No' }, stdio: 'ignore', timeout: MINUTES_10 },
  )
  renameSync(`${root}.new`, root)
  return root
}

/** Names, kinds, sizes and times of everything: the tree must not be changed. */
function mark(root: string): string {
  return execFileSync(
    'bash',
    ['-c', 'cd "$1" && find . -printf "%p %y %m %s %T@ %l\\n" | sort | sha256sum', 'mark', root],
    { encoding: 'utf8' },
  )
}

testAsRoot(
  'dracut of the image makes an initrd with the steps and the drivers asked for, and leaves the image alone',
  async (t) => {
    t.timeout(MINUTES_10)
    const rootimg = treeWithDracut()
    const kernelVersion = readdirSync(join(rootimg, 'lib/modules'))[0] ?? ''
    const place = makeWorkplace([])
    const before = mark(rootimg)
    const output = join(place, 'initrd-statelite.gz')
    const common = { rootimg, kernelVersion, arch: 'x86_64', scripts: SCRIPTS, output, compress: 'gzip' as const }
    const asked = { ...common, drivers: ['virtio_net'], programs: ['zstd'], commandLine: 'rootlimit=4g' }
    const report = await assembleWithDracut(asked)
    t.is(mark(rootimg), before)
    t.is(report.kernelVersion, kernelVersion)
    const entries = new Map((await readInitrd(output)).map((entry) => [entry.name.replace(/^\.\//, ''), entry]))
    const names = [...entries.keys()]
    for (const name of readdirSync(join(SCRIPTS, 'steps'))) t.true(entries.has(`liteboot/steps/${name}`), name)
    for (const name of ['liteboot/boot', 'liteboot/udhcpc.script', 'usr/bin/busybox', 'init'])
      t.true(entries.has(name), name)
    t.true(names.some((name) => /hooks\/mount\/10-liteboot-mount\.sh$/.test(name)))
    t.true(names.some((name) => /hooks\/cmdline\/20-liteboot-cmdline\.sh$/.test(name)))
    const modules = names
      .filter((name) => /\.ko(\.\w+)?$/.test(name))
      .map((name) => name.replace(/^.*\/(.*?)\.ko.*$/, '$1'))
    for (const name of ['virtio_net', 'nfs', 'nfsv3', 'sunrpc', 'overlay']) t.true(modules.includes(name), name)
    t.false(modules.includes('vmxnet3'), 'a driver that nobody asked for')
    // Where the steps look for it; the tree itself has none.
    t.is((entries.get('liteboot/zstd/zstd')?.mode ?? 0) & 0o111, 0o111)
    t.is(entries.get('liteboot/cmdline')?.data?.toString(), 'rootlimit=4g\n')
    const { sha256 } = await assembleWithDracut(asked)
    t.is(sha256, report.sha256, 'the same inputs give the same bytes')

    await t.throwsAsync(assembleWithDracut({ ...common, drivers: ['nosuch'] }), { message: /no module nosuch/ })
    await t.throwsAsync(assembleWithDracut({ ...common, arch: 'ppc64le' }), { message: /lean one/ })
    await t.throwsAsync(assembleWithDracut({ ...common, rootimg: join(place, 'rootimg') }), {
      message: /install dracut in it/,
    })
    t.deepEqual(
      readdirSync(tmpdir()).filter((name) => name.startsWith('liteboot-dracut-') && name !== 'liteboot-dracut-cache'),
      [],
    )
  },
)
