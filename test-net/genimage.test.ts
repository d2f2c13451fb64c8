/**
 * genimage with real package managers: RPM repositories made on the spot, and Debian's packages from the mirror that this
 * machine uses. Needs root, dnf, rpm, zypper, createrepo-c, mmdebstrap, busybox-static; for ppc64le also qemu-user-static
 * and a kernel with binfmt_misc.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  type Stats,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { connectApi } from '../src/api/client.ts'
import { compileOnce } from '../src/api/compile-once.ts'
import { runGenimageInThread } from '../src/api/methods/images/genimage-job.ts'
import { openMethods } from '../src/api/methods/index.ts'
import { openApiServer } from '../src/api/server.ts'
import { canRun } from '../src/image/genimage/cross.ts'
import { parseElf } from '../src/image/initrd/elf.ts'
import { readInitrd } from '../src/image/initrd/read.ts'
import { openSqliteStore } from '../src/store/sqlite.ts'
import { viewOfNode } from '../test/cli/node-view.ts'
import { newSite, type Ran, runCommand, type Site } from '../test/cli/transcript.ts'
import { type Arch, debianSource, makeRpmSite, NEW_KERNEL, OLD_KERNEL } from './genimage-fixtures.ts'

const run = test.serial

let fixtures = ''
const sites = new Map<Arch, ReturnType<typeof makeRpmSite>>()
let emulator: ChildProcess | undefined

test.before(async (t) => {
  t.timeout(300_000)
  fixtures = mkdtempSync(join(tmpdir(), 'liteboot-genimage-'))
  for (const arch of ['x86_64', 'ppc64le'] as const) sites.set(arch, makeRpmSite(fixtures, arch))
  if (!canRun('ppc64le')) emulator = await holdEmulator()
})

test.after.always(() => {
  emulator?.stdin?.end()
  rmSync(fixtures, { recursive: true, force: true })
})

/**
 * Registers QEMU for ppc64le in a mount of binfmt_misc that only this process has: the kernel forgets it when the mount
 * goes, so a killed test leaves nothing behind. Where binfmt_misc is mounted already, it is the machine's own affair.
 */
async function holdEmulator(): Promise<ChildProcess | undefined> {
  const directory = '/proc/sys/fs/binfmt_misc'
  if (existsSync(`${directory}/register`) || !existsSync('/usr/lib/binfmt.d/qemu-ppc64le.conf')) return undefined
  const script = `mount -t binfmt_misc none ${directory} && sed 's/:[A-Z]*$/:FPO/' /usr/lib/binfmt.d/qemu-ppc64le.conf > ${directory}/register && echo ready && exec cat`
  const child = spawn('unshare', ['-m', 'sh', '-c', script], { stdio: ['pipe', 'pipe', 'ignore'] })
  const isReady = await new Promise<boolean>((resolve) => {
    child.stdout.once('data', () => resolve(true))
    child.once('exit', () => resolve(false))
  })
  return isReady ? child : undefined
}

const LIST = `filesystem
rpm-macros
#INCLUDE:shell.list#
kernel
#NEW_INSTALL_LIST#
#ENV:ACCEPT=yes#
GROUP
-optional
shellscript
luascript
legacy
`
const OTHER = '-legacy\ntools/mpi-runtime\ndrivers/toy-driver\n'
const POST = `#!/bin/sh
set -e
echo "$*" > "$1/etc/by-postinstall"
env | grep ^IMG_ | sort >> "$1/etc/by-postinstall"
chroot "$1" sh -c 'cat /proc/self/mounts > /etc/by-mounts'
`

interface Lab {
  readonly site: Site
  readonly dest: string
  readonly tree: string
}

async function newLab(t: ExecutionContext, os: string, arch: Arch, attributes: readonly string[] = []): Promise<Lab> {
  const site = newSite(t)
  const { media, other } = sites.get(arch) ?? makeRpmSite(fixtures, arch)
  const at = (name: string) => join(site.directory, name)
  const dest = at('image')
  const isSuse = os.startsWith('sle')
  writeFileSync(at('shell.list'), 'tinysh\n')
  writeFileSync(at('c.pkglist'), LIST.replace('GROUP', isSuse ? '@toy_minimal' : '@^minimal-environment\n@tools'))
  writeFileSync(at('c.otherpkgs.pkglist'), OTHER)
  writeFileSync(at('post'), POST, { mode: 0o755 })
  await command(t, site, 'chtab', 'key=installdir', `site.value=${fixtures}`)
  await command(t, site, 'chtab', 'key=system', 'passwd.username=root', 'passwd.password=secret-of-the-test')
  await command(
    t,
    site,
    ...['mkdef', '-t', 'osimage', '-o', 'lite', 'imagetype=linux', `osvers=${os}`, `osarch=${arch}`, 'profile=compute'],
    ...['provmethod=statelite', `rootimgdir=${dest}`, `pkgdir=${media}`, `otherpkgdir=${other}`],
    ...[
      `pkglist=${at('c.pkglist')}`,
      `otherpkglist=${at('c.otherpkgs.pkglist')}`,
      `postinstall=${at('post')} --tune hpc`,
    ],
    ...['environvar=SITE=toy', ...attributes],
  )
  return { site, dest, tree: join(dest, 'rootimg') }
}

async function command(t: ExecutionContext, site: Site, ...words: string[]): Promise<Ran> {
  const ran = await runCommand(site, words)
  t.is(ran.status, 0, `${words.join(' ')}: ${ran.stderr}`)
  return ran
}

/** Path → what it is; times, and what holds them or salt, left out. */
function treeOf(root: string): string[] {
  const ignored =
    /^(var\/lib\/(rpm|dnf)|usr\/lib\/sysimage\/rpm|var\/log|var\/cache|etc\/shadow$|etc\/by-mounts$|\.statelite\/manifest\.json$)/
  const lines: string[] = []
  const visit = (rel: string) => {
    for (const name of readdirSync(join(root, rel))) {
      const path = rel === '' ? name : `${rel}/${name}`
      if (ignored.test(path)) continue
      const stat = lstatSync(join(root, path))
      lines.push(`${path} ${stat.mode.toString(8)} ${stat.uid} ${contentOf(join(root, path), stat)}`)
      if (stat.isDirectory()) visit(path)
    }
  }
  visit('')
  return lines.sort()
}

/** Lines of one that the other has not. */
function difference(a: readonly string[], b: readonly string[]): string[] {
  const [left, right] = [new Set(a), new Set(b)]
  return [...a.filter((line) => !right.has(line)), ...b.filter((line) => !left.has(line))].sort()
}

function contentOf(path: string, stat: Stats): string {
  if (stat.isSymbolicLink()) return readlinkSync(path)
  if (!stat.isFile()) return ''
  const text = readFileSync(path, 'latin1').replaceAll(/\.new-\d+/g, '.new')
  return createHash('sha1').update(text).digest('hex')
}

function mountsOf(dest: string): string[] {
  return readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .filter((line) => line.includes(dest))
}

/** Everything that holds of an image whatever installed it. */
async function checkImage(t: ExecutionContext, { dest, tree }: Lab, arch: Arch): Promise<void> {
  const read = (rel: string) => readFileSync(join(tree, rel), 'utf8')
  const version = `${NEW_KERNEL}.${arch}`
  t.deepEqual(mountsOf(dest), [])
  t.is(read('etc/post-machine'), `${arch}\n`)
  t.deepEqual(
    read('etc/post-dev').trim().split('\n'),
    'console fd full null ptmx pts random shm stderr stdin stdout tty urandom zero'.split(' '),
    'nothing of this machine is in /dev',
  )
  t.is(read('etc/post-run').replace('zypp.pid\n', ''), 'liteboot\nlock\n', 'nothing of this machine is in /run')
  t.false(existsSync(join(tree, 'etc/post-leak')), "the kernel's settings can be written by a package's script")
  t.is(read('etc/driver-kernel'), `${version}\n`, 'a driver package was told the kernel of the build machine')
  t.is(read('etc/driver-system'), 'Linux\n')
  t.true(existsSync(join(tree, 'etc/mpi.conf')))
  t.false(existsSync(join(tree, 'etc/legacy.conf')))
  t.false(existsSync(join(tree, 'etc/optional.conf')))
  t.true(existsSync(join(tree, 'usr/lib/systemd/system/sshd.service')))
  t.is(
    readlinkSync(join(tree, 'etc/systemd/system/multi-user.target.wants/sshd.service')),
    '/usr/lib/systemd/system/sshd.service',
  )
  const [called, ...variables] = read('etc/by-postinstall').trim().split('\n')
  t.regex(called ?? '', new RegExp(`/rootimg \\S+ ${arch} compute --tune hpc$`))
  for (const name of [
    'ARCH',
    'KERNELVERSION',
    'NAME',
    'OSVER',
    'OTHERPKGDIR',
    'OTHERPKGLIST',
    'PKGDIR',
    'PKGLIST',
    'PROFILE',
    'ROOTIMGDIR',
  ])
    t.true(
      variables.some((line) => line.startsWith(`IMG_${name}=`)),
      name,
    )
  t.true(variables.includes(`IMG_KERNELVERSION=${version}`))
  t.regex(read('etc/by-mounts'), / \/proc proc /)
  t.is(read('etc/machine-id'), '')
  t.is(read('etc/selinux/config').split('\n')[0], 'SELINUX=disabled')
  t.is(read('etc/hosts'), '127.0.0.1 localhost\n')
  t.regex(read('etc/shadow'), /^root:\$6\$/m)
  t.regex(read('etc/fstab'), new RegExp(`^compute_${arch} / tmpfs ro 0 0$`, 'm'))
  t.false(readFileSync(join(dest, 'build.log'), 'utf8').includes('secret-of-the-test'))
  t.deepEqual(readdirSync(join(tree, 'run')), [])
  t.is(parseElf(readFileSync(join(dest, 'kernel')))?.machine, arch === 'x86_64' ? 62 : 21)
  t.is(JSON.parse(readFileSync(join(dest, 'kernel.json'), 'utf8')).version, version)
  const initrd = await readInitrd(join(dest, 'initrd-statelite.gz'))
  t.true(initrd.some(({ name }) => name === `lib/modules/${version}/kernel/drivers/net/ethernet/toy.ko`))
  const busybox = initrd.find(({ name }) => name === 'bin/busybox')?.data
  t.is(busybox && parseElf(busybox)?.machine, arch === 'x86_64' ? 62 : 21)
}

function rpmDatabase(tree: string, path: string): string[] {
  const listed = execFileSync('rpm', ['--root', tree, '--dbpath', path, '-qa', '--qf', '%{NAME}\n'])
  return listed.toString().trim().split('\n').sort()
}

const INSTALLED =
  'filesystem grouped kernel luascript mpi-runtime openssh-server rpm-macros shellscript tinysh toy-driver'

for (const arch of ['x86_64', 'ppc64le'] as const) {
  run(`dnf: a ${arch} image from groups, batches and other packages`, async (t) => {
    t.timeout(240_000)
    if (!canRun(arch)) return void t.log(`this machine cannot run ${arch} programs: not tried`)
    const lab = await newLab(t, 'rocky9.4', arch)
    const { stdout, stderr } = await command(t, lab.site, 'genimage', 'lite')
    t.is(stderr, '')
    t.regex(stdout, /^Generating image: \n.*\/rootimg: 10 packages, kernel 5\.14\.0-70/)
    await checkImage(t, lab, arch)
    t.is(readFileSync(join(lab.tree, 'etc/post-lua'), 'utf8').length > 0, true)
    t.deepEqual(rpmDatabase(lab.tree, '/var/lib/rpm'), INSTALLED.split(' '))
    t.deepEqual(
      readdirSync(join(lab.tree, 'var/lib/rpm')).sort(),
      ['rpmdb.sqlite'],
      'one file that can be read without being written',
    )
    t.false(existsSync(join(lab.tree, 'etc/kernel')))
  })

  run(`zypper: a ${arch} image with a pattern, and a package kept out`, async (t) => {
    t.timeout(240_000)
    if (!canRun(arch)) return void t.log(`this machine cannot run ${arch} programs: not tried`)
    const lab = await newLab(t, 'sles15.5', arch)
    const { stderr } = await command(t, lab.site, 'genimage', 'lite')
    await checkImage(t, lab, arch)
    // The package of the macros says that this image's rpm keeps its database elsewhere than SLES 15 does.
    t.regex(stderr, /the image's own rpm keeps its database in \/var\/lib\/rpm: it was moved there/)
    t.is(readlinkSync(join(lab.tree, 'usr/lib/sysimage/rpm')), '../../../var/lib/rpm')
    t.true(rpmDatabase(lab.tree, '/var/lib/rpm').includes('patterns-toy'))
    t.false(existsSync(join(lab.tree, 'etc/zypp/locks')))
    t.deepEqual(readdirSync(join(lab.tree, 'tmp')), [])
  })
}

run('an emulator is asked for before anything is touched', async (t) => {
  const lab = await newLab(t, 'rocky9.4', 'ppc64le')
  const { stderr, status } = await runCommand(lab.site, ['genimage', '--cross', 'refuse', 'lite'])
  t.is(status, 1)
  t.regex(
    stderr,
    /^Error: the image is for ppc64le, this machine is x86_64, and --cross=refuse: build it on a machine of its kind$/m,
  )
  t.false(existsSync(lab.dest))
})

run(
  '-k takes that kernel, options are saved, and --onlyinitrd makes kernel and initrd of the tree as it is',
  async (t) => {
    t.timeout(120_000)
    const lab = await newLab(t, 'rocky9.4', 'x86_64')
    const version = `${OLD_KERNEL}.x86_64`
    await command(t, lab.site, 'genimage', '-k', version, '-n', 'toy.ko', '-l', '4g', '--permission', '1777', 'lite')
    t.is(JSON.parse(readFileSync(join(lab.dest, 'kernel.json'), 'utf8')).version, version)
    t.deepEqual(readdirSync(join(lab.tree, 'usr/lib/modules')), [version], 'the update left the kernel alone')
    const { stdout } = await command(
      t,
      lab.site,
      'lsdef',
      '-t',
      'osimage',
      '-o',
      'lite',
      '-i',
      'kernelver,netdrivers,addkcmdline,permission',
      '-c',
    )
    t.deepEqual(stdout.trim().split('\n').sort(), [
      `lite: addkcmdline=rootlimit=4g`,
      `lite: kernelver=${version}`,
      'lite: netdrivers=toy.ko',
      'lite: permission=1777',
    ])
    const before = treeOf(lab.tree)
    const made = await command(t, lab.site, 'genimage', '--onlyinitrd', 'lite')
    t.regex(made.stdout, /lite: generation 2 is current/)
    t.deepEqual(difference(treeOf(lab.tree), before), [])
    t.true(existsSync(join(lab.dest, 'generations/1/rootimg/etc/passwd')))
  },
)

run('without a name: the definitions for netboot and statelite are made when the image is', async (t) => {
  t.timeout(120_000)
  const { site } = await newLab(t, 'rocky9.4', 'x86_64')
  const installdir = join(site.directory, 'install')
  const list = join(installdir, 'custom/netboot/rocky/toy.rocky9.pkglist')
  mkdirSync(join(list, '..'), { recursive: true })
  writeFileSync(list, 'filesystem\nkernel\ntinysh\n')
  mkdirSync(join(installdir, 'rocky9.4'))
  symlinkSync(join(fixtures, 'x86_64'), join(installdir, 'rocky9.4/x86_64'))
  await command(t, site, 'chtab', 'key=installdir', `site.value=${installdir}`)
  const { stdout } = await command(
    t,
    site,
    'genimage',
    '-o',
    'rocky9.4',
    '-a',
    'x86_64',
    '-p',
    'toy',
    '-n',
    'toy',
    '-i',
    'eth1',
  )
  t.regex(stdout, /rocky9\.4-x86_64-statelite-toy: generation 1 is current/)
  for (const provmethod of ['netboot', 'statelite']) {
    const image = `rocky9.4-x86_64-${provmethod}-toy`
    const shown = await command(
      t,
      site,
      'lsdef',
      '-t',
      'osimage',
      '-o',
      image,
      '-c',
      '-i',
      'provmethod,pkglist,netdrivers,nodebootif,rootimgdir',
    )
    t.deepEqual(shown.stdout.trim().split('\n').sort(), [
      `${image}: netdrivers=toy`,
      `${image}: nodebootif=eth1`,
      `${image}: pkglist=${list}`,
      `${image}: provmethod=${provmethod}`,
      `${image}: rootimgdir=${installdir}/netboot/rocky9.4/x86_64/toy`,
    ])
  }
  const wrong = await runCommand(site, ['genimage', '-k', "5'1", 'rocky9.4-x86_64-statelite-toy'])
  t.regex(wrong.stderr, /'5'1' is no kernel version: write it as uname -r says it/)
})

run('what fails is said in the words of the package manager, and leaves the image as it was', async (t) => {
  t.timeout(120_000)
  const lab = await newLab(t, 'rocky9.4', 'x86_64')
  await command(t, lab.site, 'genimage', 'lite')
  const before = treeOf(lab.tree)
  const fails = async (list: string, post: string, ...expected: RegExp[]) => {
    writeFileSync(join(lab.site.directory, 'c.pkglist'), list)
    writeFileSync(join(lab.site.directory, 'post'), post)
    const { stderr, status } = await runCommand(lab.site, ['genimage', 'lite'])
    t.is(status, 1)
    for (const pattern of expected) t.regex(stderr, pattern)
    t.is(readlinkSync(join(lab.dest, 'generations/current')), '1')
    t.deepEqual(
      readdirSync(join(lab.dest, 'generations')).filter((name) => name.startsWith('.')),
      [],
    )
    t.deepEqual(difference(treeOf(lab.tree), before), [])
    t.true(readFileSync(join(lab.dest, 'genimage-failed.log'), 'utf8').length > 0)
  }
  await fails(
    'filesystem\ntinysh\nmisspelt\n',
    POST,
    /installing: dnf ended with status 1/,
    /No match for argument: misspelt/,
    /genimage-failed\.log/,
  )
  await fails('filesystem\ntinysh\n', POST, /the image has no kernel: add its package/)
  await fails(
    LIST.replace('GROUP', ''),
    '#!/bin/sh\necho because\nexit 3\n',
    /postinstall script \S+\/post: \S+\/post ended with status 3/,
    /because/,
  )
  const ok = LIST.replace('GROUP', 'failing')
  writeFileSync(join(lab.site.directory, 'c.pkglist'), ok)
  writeFileSync(join(lab.site.directory, 'post'), POST)
  const warned = await command(t, lab.site, 'genimage', 'lite')
  t.regex(warned.stderr, /^Warning: the \w+ script of the package failing\S* failed: see the build log$/m)
})

run(
  'kill -9 at any moment: no mounts, no processes, the image boots on, and the next run makes the same',
  async (t) => {
    t.timeout(240_000)
    const lab = await newLab(t, 'rocky9.4', 'x86_64')
    const started = Date.now()
    await command(t, lab.site, 'genimage', 'lite')
    const tookMs = Date.now() - started
    const whole = treeOf(lab.tree)
    await command(t, lab.site, 'chtab', 'key=master', 'site.value=10.20.0.2')
    await command(t, lab.site, 'chtab', 'netname=boot', 'networks.net=10.20.0.0', 'networks.mask=255.255.0.0')
    const node = ['ip=10.20.0.7', 'mac=52:54:00:00:00:07', 'arch=x86_64', 'netboot=xnba', 'provmethod=lite']
    await command(t, lab.site, 'mkdef', '-t', 'node', 'cn1', 'groups=all', ...node)
    const view = () => viewOfNode(lab.site.places.tables, 'cn1')
    const seed = Date.now()
    t.log(`seed ${seed}`)
    let random = seed % 2147483647
    for (let round = 0; round < 8; round++) {
      random = (random * 48271) % 2147483647
      const before = view()
      const child = startGenimage(lab)
      await new Promise((resolve) => setTimeout(resolve, 300 + (random % Math.max(500, tookMs))))
      child.kill('SIGKILL')
      await new Promise((resolve) =>
        child.exitCode === null && child.signalCode === null ? child.once('exit', resolve) : resolve(undefined),
      )
      await noProcessesOf(t, lab.dest)
      t.deepEqual(mountsOf(lab.dest), [])
      t.true(existsSync(join(lab.dest, 'kernel')) && existsSync(join(lab.tree, 'etc/passwd')))
      const after = view()
      if (after.boot === before.boot) t.deepEqual(after, before, `round ${round}: nodes boot what they booted before`)
      t.deepEqual(difference(treeOf(lab.tree), whole), [], `round ${round}`)
    }
    await command(t, lab.site, 'genimage', 'lite')
    t.deepEqual(difference(treeOf(lab.tree), whole), [])
    t.deepEqual(
      readdirSync(join(lab.dest, 'generations')).filter((name) => name.startsWith('.')),
      [],
    )
  },
)

run('SIGTERM cleans up at once', async (t) => {
  t.timeout(60_000)
  const lab = await newLab(t, 'rocky9.4', 'x86_64')
  writeFileSync(join(lab.site.directory, 'post'), '#!/bin/sh\ntouch "$1/../../../in-post"\nsleep 600 & sleep 600\n')
  const child = startGenimage(lab)
  for (let waited = 0; !existsSync(join(lab.dest, 'in-post')) && waited < 300; waited++)
    await new Promise((resolve) => setTimeout(resolve, 100))
  let said = ''
  child.stderr?.on('data', (bytes: Buffer) => {
    said += bytes.toString()
  })
  child.kill('SIGTERM')
  const status = await new Promise((resolve) => child.once('exit', resolve))
  t.is(status, 1)
  t.regex(said, /the build was interrupted: the image is as it was before/)
  t.deepEqual(readdirSync(join(lab.dest, 'generations')), [])
  await noProcessesOf(t, lab.dest)
})

run('a caller of the server that goes away takes the build with it', async (t) => {
  t.timeout(120_000)
  const lab = await newLab(t, 'rocky9.4', 'x86_64')
  const { places, directory } = lab.site
  writeFileSync(join(directory, 'post'), '#!/bin/sh\ntouch "$1/../../../in-post"\nsleep 600 & sleep 600\n')
  const store = openSqliteStore({ path: places.tables })
  const methods = openMethods({
    store,
    timelineFile: places.timeline,
    accessDirectory: places.access,
    learnedDirectory: places.learned,
    compiled: async () => compileOnce(store),
    live: async () => undefined,
    server: { leases: () => [], flushTimeline() {}, usersOf: () => [] },
  })
  const server = await openApiServer(places.socket, methods)
  t.teardown(async () => {
    await server.close()
    store.close()
  })
  const client = await connectApi(places)
  const called = t.throwsAsync(client.call('image.genimage', { image: 'lite' }))
  for (let waited = 0; !existsSync(join(lab.dest, 'in-post')) && waited < 600; waited++)
    await new Promise((resolve) => setTimeout(resolve, 100))
  await client.close()
  await called
  const left = () => readdirSync(join(lab.dest, 'generations'))
  for (let waited = 0; left().length > 0 && waited < 200; waited++)
    await new Promise((resolve) => setTimeout(resolve, 50))
  t.deepEqual(left(), [])
  await noProcessesOf(t, lab.dest)
})

function startGenimage({ site }: Lab): ChildProcess {
  const main = join(import.meta.dirname, '../src/main.ts')
  const env = { ...process.env, LITEBOOT_STATE: join(site.directory, 'state') }
  return spawn(process.execPath, [main, 'genimage', 'lite'], { env, stdio: ['ignore', 'ignore', 'pipe'] })
}

/** Processes whose command line names the image: package managers, scripts. */
async function noProcessesOf(t: ExecutionContext, dest: string): Promise<void> {
  let left: string[] = []
  for (let tried = 0; tried < 50; tried++) {
    left = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((pid) =>
        spawnSync('cat', [`/proc/${pid}/cmdline`], { stdio: ['ignore', 'pipe', 'ignore'] }).stdout.toString(),
      )
      .filter((line) => line.includes(dest))
    if (left.length === 0) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  t.deepEqual(left, [])
}

run('an image that liteimg prepared is built again prepared, also by the server', async (t) => {
  t.timeout(120_000)
  const lab = await newLab(t, 'rocky9.4', 'x86_64')
  await command(t, lab.site, 'chtab', 'image=ALL', 'litefile.file=/etc/grouped.conf')
  const first = await command(t, lab.site, 'genimage', 'lite')
  t.regex(first.stdout, /^Prepare it for its nodes next: liteimg lite$/m)
  await command(t, lab.site, 'liteimg', 'lite')
  const prepared = treeOf(lab.tree)
  const again = await command(t, lab.site, 'genimage', 'lite')
  t.notRegex(again.stdout, /Prepare it/)
  t.is(readlinkSync(join(lab.dest, 'generations/current')), '3')
  t.deepEqual(difference(treeOf(lab.tree), prepared), [])
  const liteimg = await command(t, lab.site, 'liteimg', 'lite')
  t.regex(liteimg.stdout, /generation 3 stays current: there was nothing to change/)
  const progress: string[] = []
  const request = {
    ...{
      image: 'lite',
      dest: lab.dest,
      os: 'rocky9.4',
      arch: 'x86_64',
      profile: 'compute',
      provmethod: 'statelite' as const,
    },
    ...{ pkgdirs: [], otherpkgdirs: [], pkglists: [], otherpkglists: [], postinstall: [], environment: {} },
    ...{ update: false, onlyInitrd: true, cross: 'emulate' as const, rootPassword: undefined },
    scripts: join(import.meta.dirname, '../initrd-scripts'),
  }
  const report = await runGenimageInThread({ request }, (line) => progress.push(line))
  t.is(report.generation, 4)
  t.true(progress.includes('assembling the initrd ...'))
  await t.throwsAsync(
    runGenimageInThread({ request: { ...request, onlyInitrd: false } }, () => undefined),
    {
      message: /no packages in any pkglist/,
    },
  )
})

run('an image can start from a tree', async (t) => {
  t.timeout(120_000)
  const lab = await newLab(t, 'rocky9.4', 'x86_64')
  await command(t, lab.site, 'genimage', 'lite')
  const dest = join(lab.site.directory, 'second')
  const archive = join(lab.site.directory, 'golden.tar.gz')
  execFileSync('tar', ['-C', lab.tree, '-czf', archive, '.'])
  for (const [index, base] of [`${lab.tree}/`, archive].entries()) {
    const own = `${dest}${index}`
    await command(
      t,
      lab.site,
      'chdef',
      '-t',
      'osimage',
      '-o',
      'lite',
      `pkgdir=${base}`,
      `rootimgdir=${own}`,
      'pkglist=',
      'otherpkglist=',
      'postinstall=',
    )
    await command(t, lab.site, 'genimage', 'lite')
    t.deepEqual(difference(treeOf(join(own, 'rootimg')), treeOf(lab.tree)), [])
  }
})

/** A package whose script asks for the kernel, in a directory without an index. */
function makeDeb(directory: string): void {
  const work = join(directory, '.liteboot-toy')
  mkdirSync(join(work, 'DEBIAN'), { recursive: true })
  const control =
    'Package: liteboot-toy\nVersion: 1\nArchitecture: all\nMaintainer: test <test@localhost>\nDescription: toy\n'
  writeFileSync(join(work, 'DEBIAN/control'), control)
  writeFileSync(join(work, 'DEBIAN/postinst'), '#!/bin/sh -e\nuname -r > /etc/toy-kernel\necho toy speaks >&2\n', {
    mode: 0o755,
  })
  execFileSync('dpkg-deb', ['-b', work, join(directory, 'liteboot-toy_1_all.deb')], { stdio: 'ignore' })
  rmSync(work, { recursive: true })
}

for (const arch of ['x86_64', 'ppc64le'] as const) {
  run(`Debian: a small ${arch} image of real packages`, async (t) => {
    t.timeout(arch === 'x86_64' ? 300_000 : 900_000)
    if (!canRun(arch)) return void t.log(`this machine cannot run ${arch} programs: not tried`)
    const kernel = arch === 'x86_64' ? 'linux-image-cloud-amd64' : 'linux-image-powerpc64le'
    const lab = await newLab(t, 'debian12', arch, [
      'environvar=MMDEBSTRAP_VARIANT=minbase',
      'otherpkglist=',
      'postinstall=',
    ])
    const source = debianSource().replace(/^deb \[[^\]]*\] /, '')
    writeFileSync(join(lab.site.directory, 'c.pkglist'), `systemd-sysv\nbusybox-static\n${kernel}\n-grub-pc\n`)
    makeDeb(join(lab.site.directory, 'other/tools'))
    writeFileSync(join(lab.site.directory, 'c.otherpkgs.pkglist'), 'tools/liteboot-toy\n')
    await command(
      t,
      lab.site,
      ...['chdef', '-t', 'osimage', '-o', 'lite', `pkgdir=${source}`, `otherpkgdir=${lab.site.directory}/other`],
      `otherpkglist=${lab.site.directory}/c.otherpkgs.pkglist`,
    )
    const { stdout } = await command(t, lab.site, 'genimage', '--noupdate', 'lite')
    t.log(stdout.split('\n')[1])
    t.deepEqual(mountsOf(lab.dest), [])
    const read = (rel: string) => readFileSync(join(lab.tree, rel), 'utf8')
    const status = read('var/lib/dpkg/status')
    t.regex(status, /^Package: busybox-static\nStatus: install ok installed$/m)
    t.deepEqual(status.match(/^Status: (?!install ok installed).*$/gm) ?? [], [], 'every package is configured')
    t.deepEqual(
      readdirSync(join(lab.tree, 'boot')).filter((name) => name.startsWith('initrd')),
      [],
      'no initrd was made for nobody',
    )
    t.is(read('etc/toy-kernel'), `${JSON.parse(readFileSync(join(lab.dest, 'kernel.json'), 'utf8')).version}\n`)
    t.regex(readFileSync(join(lab.dest, 'build.log'), 'utf8'), /^toy speaks$/m, 'scripts have a standard error')
    t.false(existsSync(join(lab.tree, 'usr/sbin/policy-rc.d')))
    if (existsSync(join(lab.tree, 'etc/initramfs-tools')))
      t.regex(read('etc/initramfs-tools/update-initramfs.conf'), /^update_initramfs=yes$/m)
    t.is(read('etc/apt/sources.list'), `deb ${source}\n`)
    t.deepEqual(readdirSync(join(lab.tree, 'var/lib/apt/lists')), [])
    t.false(existsSync(join(lab.tree, 'etc/hostname')))
    t.is(read('etc/machine-id'), '')
    t.is(read('etc/resolv.conf'), '# written when the node boots\n')
    const initrd = await readInitrd(join(lab.dest, 'initrd-statelite.gz'))
    t.true(initrd.some(({ name }) => /\/nfs\.ko$/.test(name)))
    t.is(parseElf(readFileSync(join(lab.tree, 'bin/busybox')))?.machine, arch === 'x86_64' ? 62 : 21)
  })
}
