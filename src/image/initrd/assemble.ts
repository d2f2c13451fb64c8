/**
 * The lean initrd, put together on the server for a node of any architecture: scripts, a static busybox, the image's
 * kernel modules and their firmware. Nothing of the target is run; same inputs give the same bytes.
 */
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { constants, gzip, zstdCompress } from 'node:zlib'
import { errnoOf, ImageError } from '../image-error.ts'
import { lstatOrMissing, resolveInside } from '../liteimg/confined.ts'
import { writeFileAtomic } from '../liteimg/manifest.ts'
import { architectureOfElf, parseArchitecture } from './architecture.ts'
import { bringProgram } from './brought-program.ts'
import { findBusybox } from './busybox.ts'
import { type CpioEntry, encodeCpio } from './cpio.ts'
import { readPlain } from './decompress.ts'
import { parseModinfo } from './elf.ts'
import { collectFirmware } from './firmware.ts'
import { frameReader } from './frame-reader.ts'
import { findKernels, moduleTrees, sha256Of } from './kernel.ts'
import { chooseModules } from './module-choice.ts'
import { type ModuleIndex, parseModuleIndex, plainPath, renderModulesAlias, renderModulesDep } from './module-index.ts'

export type InitrdCompression = 'gzip' | 'zstd' | 'none'

export interface InitrdRequest {
  readonly rootimg: string
  /** Default: the newest kernel of the image that has a module tree. */
  readonly kernelVersion?: string
  /** `osimage.osarch`. */
  readonly arch: string
  /** The directory initrd-scripts. */
  readonly scripts: string
  /** Default: the image's, else the host's if it fits. */
  readonly busybox?: string
  /** `linuximage.netdrivers`: these network drivers instead of all. */
  readonly drivers?: readonly string[]
  readonly extraModules?: readonly string[]
  /** Programs besides busybox: `zstd`, when a root packed with it is to be unpacked. */
  readonly programs?: readonly string[]
  /** Kernel parameters that hold unless the kernel's own command line says otherwise: `rootlimit=4g`. */
  readonly commandLine?: string
  readonly output: string
  readonly compress: InitrdCompression
}

export interface InitrdReport {
  readonly path: string
  readonly sha256: string
  readonly size: number
  readonly arch: string
  readonly kernelVersion: string
  readonly busybox: string
  readonly compress: InitrdCompression
  /** Names of everything in the archive, sorted. */
  readonly files: readonly string[]
  /** Module names in load order. */
  readonly modules: readonly string[]
  readonly firmware: readonly string[]
  readonly missingFirmware: readonly string[]
}

export async function assembleInitrd(request: InitrdRequest): Promise<InitrdReport> {
  const arch = parseArchitecture(request.arch)
  const { tree, version } = await chooseModuleTree(request.rootimg, request.kernelVersion)
  const busybox = await findBusybox(request.rootimg, arch, request.busybox)
  const index = await readModuleIndex(request.rootimg, tree, version)
  const paths = chooseModules(index, request)
  const content = new InitrdContent()
  await addScripts(content, request.scripts)
  addSkeleton(content, busybox.bytes)
  const reader = frameReader(arch)
  if (reader !== undefined) content.addFile('liteboot/frame-reader', reader, 0o755)
  if (request.commandLine !== undefined)
    content.addFile('liteboot/cmdline', Buffer.from(`${request.commandLine}\n`), 0o644)
  for (const name of request.programs ?? [])
    for (const file of await bringProgram(request.rootimg, arch, name)) content.addFile(file.name, file.data, file.mode)

  const moduleRoot = `lib/modules/${version}`
  const firmwareNames = new Set<string>()
  for (const path of paths) {
    const bytes = await readModule(request.rootimg, `${tree}/${path}`)
    const found = architectureOfElf(bytes)
    if (found !== arch)
      throw new ImageError('image-arch', `${tree}/${path} is for ${found ?? 'no known machine'}, the image for ${arch}`)
    content.addFile(`${moduleRoot}/${plainPath(path)}`, bytes, 0o644)
    for (const [key, value] of parseModinfo(bytes)) if (key === 'firmware') firmwareNames.add(value)
  }
  content.addFile(`${moduleRoot}/modules.dep`, Buffer.from(renderModulesDep(index, paths)), 0o644)
  content.addFile(`${moduleRoot}/modules.alias`, Buffer.from(renderModulesAlias(index, paths)), 0o644)
  const firmware = await collectFirmware(request.rootimg, version, firmwareNames)
  for (const [name, bytes] of firmware.found) content.addFile(`lib/firmware/${name}`, bytes, 0o644)

  const bytes = await compressBytes(encodeCpio(content.entries()), request.compress)
  const report: InitrdReport = {
    path: request.output,
    sha256: sha256Of(bytes),
    size: bytes.length,
    arch,
    kernelVersion: version,
    busybox: busybox.path,
    compress: request.compress,
    files: content.names(),
    modules: paths.map((path) => basename(plainPath(path), '.ko')),
    firmware: [...firmware.found.keys()],
    missingFirmware: firmware.missing,
  }
  await writeFileAtomic(request.output, bytes, 0o644)
  await writeFileAtomic(`${request.output}.json`, `${JSON.stringify(report, undefined, 1)}\n`, 0o644)
  return report
}

/** Kernel packages of EL link modules of other kernels by absolute paths (weak-updates): those of the image are meant. */
async function readModule(rootimg: string, rel: string): Promise<Buffer> {
  const real = await resolveInside(rootimg, rel)
  if (real === undefined || !(await lstatOrMissing(join(rootimg, real)))?.isFile())
    throw new ImageError('image-modules', `${rel} is in modules.dep, but not in the image: run depmod -b ${rootimg}`)
  return await readPlain(join(rootimg, real))
}

/** Files by name; the directories above them appear by themselves. */
class InitrdContent {
  readonly #entries = new Map<string, CpioEntry>()

  add(entry: CpioEntry): void {
    for (let cut = entry.name.lastIndexOf('/'); cut > 0; cut = entry.name.lastIndexOf('/', cut - 1)) {
      const name = entry.name.slice(0, cut)
      if (!this.#entries.has(name)) this.#entries.set(name, { name, kind: 'dir', mode: 0o755 })
    }
    this.#entries.set(entry.name, entry)
  }

  addFile(name: string, data: Buffer, mode: number): void {
    this.add({ name, kind: 'file', mode, data })
  }

  entries(): CpioEntry[] {
    return [...this.#entries.values()]
  }

  names(): string[] {
    return [...this.#entries.keys()].sort()
  }
}

async function chooseModuleTree(rootimg: string, wanted: string | undefined) {
  const trees = await moduleTrees(rootimg)
  const kernels = new Set((await findKernels(rootimg)).map(({ version }) => version))
  const usable: string[] = []
  for (const tree of trees) if ((await lstatOrMissing(join(rootimg, tree, 'modules.dep')))?.isFile()) usable.push(tree)
  // A tree may be left over from a kernel that is gone; one with its kernel goes first.
  const tree =
    wanted === undefined
      ? (usable.find((candidate) => kernels.has(basename(candidate))) ?? usable[0])
      : usable.find((candidate) => basename(candidate) === wanted)
  if (tree !== undefined) return { tree, version: basename(tree) }
  const undone = trees.find((candidate) => wanted === undefined || basename(candidate) === wanted)
  throw new ImageError(
    'image-modules',
    undone === undefined
      ? `no modules of a kernel ${wanted ?? ''} in ${rootimg}/lib/modules: install a kernel package in the image`
      : `${rootimg}/${undone} has no modules.dep: run depmod -b ${rootimg} ${basename(undone)}`,
  )
}

async function readModuleIndex(rootimg: string, tree: string, version: string): Promise<ModuleIndex> {
  const text = async (name: string, isNeeded: boolean) => {
    try {
      return await readFile(join(rootimg, tree, name), 'utf8')
    } catch (error) {
      if (!isNeeded && errnoOf(error) === 'ENOENT') return ''
      throw new ImageError('image-modules', `${tree}/${name} cannot be read: run depmod -b ${rootimg} ${version}`)
    }
  }
  return parseModuleIndex({
    dep: await text('modules.dep', true),
    alias: await text('modules.alias', true),
    builtin: await text('modules.builtin', false),
    softdep: await text('modules.softdep', false),
  })
}

/** `/init`, `/liteboot/steps/*.sh`, and whatever else stands in `lean` as `/liteboot/<name>`. */
async function addScripts(content: InitrdContent, scripts: string): Promise<void> {
  const files = async (directory: string) => {
    const path = join(scripts, directory)
    if (!(await lstatOrMissing(path))?.isDirectory())
      throw new ImageError('image-scripts', `${path} is missing: the liteboot installation is incomplete`)
    const names = (await readdir(path, { withFileTypes: true })).filter((entry) => entry.isFile())
    return names.map(({ name }) => ({ name, path: join(path, name) }))
  }
  for (const { name, path } of await files('lean'))
    content.addFile(name === 'init' ? 'init' : `liteboot/${name}`, await readFile(path), 0o755)
  if (!content.names().includes('init'))
    throw new ImageError('image-scripts', `${scripts}/lean/init is missing: the liteboot installation is incomplete`)
  for (const { name, path } of await files('steps'))
    content.addFile(`liteboot/steps/${name}`, await readFile(path), 0o644)
  // The units that say `booted` and what was written; the statelite script itself is in the image.
  for (const { name, path } of await files('node'))
    if (/\.(service|sh)$/.test(name)) content.addFile(`liteboot/${name}`, await readFile(path), 0o644)
}

function addSkeleton(content: InitrdContent, busybox: Buffer): void {
  for (const name of [
    'bin',
    'dev',
    'etc',
    'lib',
    'lib/firmware',
    'proc',
    'root',
    'run',
    'sbin',
    'sys',
    'sysroot',
    'usr',
  ])
    content.add({ name, kind: 'dir', mode: 0o755 })
  content.add({ name: 'tmp', kind: 'dir', mode: 0o1777 })
  content.addFile('bin/busybox', busybox, 0o755)
  for (const [name, target] of [
    ['bin/sh', 'busybox'],
    // Called by the kernel itself (request_module).
    ['sbin/modprobe', '../bin/busybox'],
    ['usr/bin', '../bin'],
    ['usr/sbin', '../sbin'],
  ] as const)
    content.add({ name, kind: 'symlink', mode: 0o777, data: Buffer.from(target) })
  // The kernel opens /dev/console for init before devtmpfs is mounted.
  content.add({ name: 'dev/console', kind: 'char', mode: 0o600, device: [5, 1] })
  content.add({ name: 'dev/null', kind: 'char', mode: 0o666, device: [1, 3] })
  content.addFile('etc/passwd', Buffer.from('root:x:0:0:root:/root:/bin/sh\n'), 0o644)
  content.addFile('etc/group', Buffer.from('root:x:0:\n'), 0o644)
}

async function compressBytes(bytes: Buffer, how: InitrdCompression): Promise<Buffer> {
  switch (how) {
    case 'none':
      return bytes
    case 'gzip':
      return await promisify(gzip)(bytes, { level: 6 })
    case 'zstd':
      return await promisify(zstdCompress)(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 9 } })
  }
}
