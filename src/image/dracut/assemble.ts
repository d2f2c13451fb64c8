/**
 * The statelite initrd made by the image's own dracut, with our module in it: for images whose hardware needs what only their
 * distribution brings along. dracut runs in the image's tree, so the tree must be for this machine's architecture.
 *
 * This happens in a mount namespace of its own: our module lies beside dracut's, temporary directories are ours, and the
 * tree itself is mounted read-only. It knows the tree, the scripts and where the initrd goes; no tables.
 */
import { readFileSync } from 'node:fs'
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { arch as hostArch, tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { removeWhole, runProgram } from '../generations/disk.ts'
import { ImageError } from '../image-error.ts'
import { parseArchitecture } from '../initrd/architecture.ts'
import type { InitrdRequest } from '../initrd/assemble.ts'
import { bringProgram } from '../initrd/brought-program.ts'
import { findBusybox } from '../initrd/busybox.ts'
import { moduleTrees, sha256Of } from '../initrd/kernel.ts'
import { chooseModules } from '../initrd/module-choice.ts'
import { parseModuleIndex } from '../initrd/module-index.ts'
import { lstatOrMissing, resolveInside } from '../liteimg/confined.ts'
import { writeFileAtomic } from '../liteimg/manifest.ts'

export interface DracutReport {
  readonly path: string
  readonly sha256: string
  readonly size: number
  readonly arch: string
  readonly kernelVersion: string
  readonly by: 'dracut'
  /** Names of the modules asked for; dracut adds what they need. */
  readonly modules: readonly string[]
  /** Warnings of dracut, one a line. */
  readonly said: readonly string[]
}

export interface DracutRequest extends Omit<InitrdRequest, 'compress' | 'kernelVersion'> {
  readonly kernelVersion: string
  readonly compress: 'gzip' | 'zstd'
  readonly lockFd?: number
}

/** What made the initrd that is there: its record says so. */
export function initrdMaker(output: string): 'lean' | 'dracut' {
  try {
    // Boundary: our own record; any other file is none of dracut's.
    const { by } = JSON.parse(readFileSync(`${output}.json`, 'utf8')) as Partial<Record<string, unknown>>
    return by === 'dracut' ? 'dracut' : 'lean'
  } catch {
    return 'lean'
  }
}

const HOST_ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'x86_64', ppc64: 'ppc64le', arm64: 'aarch64' }
const MODULES = 'usr/lib/dracut/modules.d'
const PROGRAMS = ['usr/bin/dracut', 'usr/sbin/dracut', 'sbin/dracut']
/** Things are mounted on them. */
const MOUNT_POINTS = { modules: MODULES, temporary: 'var/tmp', proc: 'proc', sys: 'sys', dev: 'dev' } as const

/** Of dracut's messages, when it fails. */
const LOG_LINES = 15

/** Names are arguments; the namespace is gone with its last process, and everything mounted with it. */
const SCRIPT = `set -e
exec >"$2/log" 2>&1
root=$1 work=$2 modules=$3 temporary=$4 proc=$5 sys=$6 dev=$7
shift 7
mount --bind "$root" "$work/root"
mount -o remount,bind,ro "$work/root"
root=$work/root
cp -a "$root/$modules/." "$work/modules"
mount --bind "$work/modules" "$root/$modules"
mount --bind "$work/tmp" "$root/$temporary"
mount -t proc proc "$root/$proc"
mount --bind /sys "$root/$sys"
mount -t tmpfs -o mode=755 dev "$root/$dev"
for node in null zero full random urandom tty; do
  : >"$root/$dev/$node"
  mount --bind "/dev/$node" "$root/$dev/$node"
done
ln -s /proc/self/fd "$root/$dev/fd"
cd /
exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C TMPDIR="/$temporary" "$@"`

/** @throws ImageError image-arch, image-initrd, image-modules, image-tool with what dracut said */
export async function assembleWithDracut(request: DracutRequest): Promise<DracutReport> {
  const { rootimg, kernelVersion, output } = request
  const arch = parseArchitecture(request.arch)
  if (HOST_ARCHITECTURES[hostArch()] !== arch)
    throw new ImageError(
      'image-arch',
      `dracut is a program of the image, which is for ${arch}: make this initrd on such a machine, or take the lean one`,
    )
  const places = await placesIn(rootimg)
  const program = await programIn(rootimg)
  const modules = await moduleNames(request)
  const work = await mkdtemp(join(tmpdir(), 'liteboot-dracut-'))
  try {
    await fill(work, request, modules)
    const inside = `/${places.temporary}`
    const dracut = [
      ...[`/${program}`, '--force', '--no-hostonly', '--no-hostonly-cmdline', '--no-early-microcode', '--nofscks'],
      ...['--conf', '/dev/null', '--confdir', `${inside}/conf.d`, '--tmpdir', inside, '--add', 'liteboot'],
      ...['--compress', request.compress, '--kver', kernelVersion, `${inside}/initrd`],
    ]
    const where = [places.modules, places.temporary, places.proc, places.sys, places.dev]
    const words = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', SCRIPT, 'dracut', rootimg, work]
    await runProgram([...words, ...where, ...dracut], request.lockFd).catch(async (error: unknown) => {
      const log = await readFile(join(work, 'log'), 'utf8').catch(() => '')
      const last = log.trim().split('\n').slice(-LOG_LINES).join('\n')
      throw error instanceof ImageError
        ? new ImageError('image-initrd', `dracut failed: ${last || error.message}`)
        : error
    })
    const said = await readFile(join(work, 'log'), 'utf8')
    const bytes = await readFile(join(work, 'tmp/initrd'))
    const report: DracutReport = {
      ...{ path: output, sha256: sha256Of(bytes), size: bytes.length, arch, kernelVersion, by: 'dracut', modules },
      said: said.split('\n').filter((line) => /warn|error|fail|cannot/i.test(line)),
    }
    await writeFileAtomic(output, bytes, 0o644)
    await writeFileAtomic(`${output}.json`, `${JSON.stringify(report, undefined, 1)}\n`, 0o644)
    return report
  } finally {
    await removeWhole(work, undefined)
  }
}

async function placesIn(rootimg: string): Promise<Record<keyof typeof MOUNT_POINTS, string>> {
  const found: Record<string, string> = {}
  for (const [name, rel] of Object.entries(MOUNT_POINTS)) {
    const real = await resolveInside(rootimg, rel)
    if (real === undefined || !(await lstatOrMissing(join(rootimg, real)))?.isDirectory())
      throw new ImageError(
        'image-initrd',
        `the image has no directory /${rel}${rel === MODULES ? ': install dracut in it' : ''}`,
      )
    found[name] = real
  }
  // Boundary: one for each name of MOUNT_POINTS.
  return found as Record<keyof typeof MOUNT_POINTS, string>
}

async function programIn(rootimg: string): Promise<string> {
  for (const rel of PROGRAMS) {
    const real = await resolveInside(rootimg, rel)
    if (real !== undefined && (await lstatOrMissing(join(rootimg, real)))?.isFile()) return rel
  }
  throw new ImageError('image-initrd', 'the image has no dracut: install it, or take the lean initrd')
}

/** As in the lean initrd: netdrivers, or every network card; the disks; NFS. */
async function moduleNames({ rootimg, kernelVersion, drivers, extraModules }: DracutRequest): Promise<string[]> {
  const tree = (await moduleTrees(rootimg)).find((candidate) => basename(candidate) === kernelVersion)
  if (tree === undefined) throw new ImageError('image-modules', `the image has no modules of kernel ${kernelVersion}`)
  const text = async (name: string) => await readFile(join(rootimg, tree, name), 'utf8').catch(() => '')
  const index = parseModuleIndex({
    dep: await text('modules.dep'),
    alias: await text('modules.alias'),
    builtin: await text('modules.builtin'),
    softdep: await text('modules.softdep'),
  })
  const paths = chooseModules(index, { ...(drivers ? { drivers } : {}), ...(extraModules ? { extraModules } : {}) })
  return paths.map((path) => basename(path).replace(/\.ko(\.(gz|xz|zst))?$/, ''))
}

/** The module with the steps, its configuration, and empty places to mount on. */
async function fill(
  work: string,
  { rootimg, scripts, arch, busybox, programs, commandLine }: DracutRequest,
  modules: readonly string[],
) {
  const module = join(work, 'modules/97liteboot')
  for (const directory of ['root', 'tmp/conf.d']) await mkdir(join(work, directory), { recursive: true })
  for (const directory of ['', 'steps', 'node']) await mkdir(join(module, directory), { recursive: true })
  const take = async (from: string, to: string, wanted: RegExp) => {
    for (const name of await readdir(join(scripts, from)))
      if (wanted.test(name)) await copyFile(join(scripts, from, name), join(module, to, name))
  }
  await take('dracut/97liteboot', '', /\.sh$/)
  await take('steps', 'steps', /\.sh$/)
  await take('node', 'node', /\.(service|sh)$/)
  await take('lean', '', /^udhcpc\.script$/)
  if (commandLine !== undefined) await writeFile(join(module, 'cmdline'), `${commandLine}\n`)
  for (const name of programs ?? [])
    for (const file of await bringProgram(rootimg, parseArchitecture(arch), name)) {
      const path = join(module, 'programs', file.name.replace(/^liteboot\//, ''))
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, file.data)
      await chmod(path, file.mode)
    }
  const found = await findBusybox(rootimg, parseArchitecture(arch), busybox)
  await writeFile(join(module, 'busybox'), found.bytes, { mode: 0o755 })
  for (const name of [
    'module-setup.sh',
    'udhcpc.script',
    'liteboot-boot.sh',
    'liteboot-cmdline.sh',
    'liteboot-mount.sh',
  ])
    await runProgram(['chmod', '0755', '--', join(module, name)], undefined)
  const conf = [
    'hostonly="no"',
    // The same inputs give the same bytes, so that a second liteimg makes no second generation. Old ones do not know it.
    'reproducible="yes"',
    // These would bring up the network in their own way, or look for a root on disks.
    'omit_dracutmodules+=" network network-legacy network-manager systemd-networkd nfs iscsi multipath lvm mdraid dmraid crypt busybox plymouth "',
    `liteboot_modules="${modules.join(' ')}"`,
  ]
  await writeFile(join(work, 'tmp/conf.d/liteboot.conf'), `${conf.join('\n')}\n`)
}
