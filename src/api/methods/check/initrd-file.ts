/** The initrd that nodes of an image are given: whole, for the image's kernel, with what a boot over the network needs. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { isStateless } from '../../../cluster/images.ts'
import { imageFilePath } from '../../../image/image-files.ts'
import type { CpioEntry } from '../../../image/initrd/cpio.ts'
import { moduleTrees } from '../../../image/initrd/kernel.ts'
import { moduleName } from '../../../image/initrd/module-index.ts'
import { readInitrd } from '../../../image/initrd/read.ts'
import type { PackRecord } from '../../../image/pack/record.ts'
import type { ImageCase } from './images.ts'
import type { Severity } from './report.ts'

const SCRIPTS = join(import.meta.dirname, '../../../../initrd-scripts')

/** Without them no root is mounted. */
const NFS_MODULES = ['nfs', 'nfsv3', 'sunrpc']
const SQUASHFS_MODULES = ['loop', 'squashfs', 'overlay']
/** busybox unpacks the others itself. */
const ZSTD = 'liteboot/zstd/zstd'

/** Parts of drivers, of no use alone. */
const NOT_DRIVERS = /\/drivers\/net\/(phy|mdio|pcs)\//

export async function checkInitrdFile(
  subject: ImageCase,
  kernelVersion: string | undefined,
  hasTree: boolean,
  packed: PackRecord | undefined,
): Promise<void> {
  const { image, run, say } = subject
  const path = join(image.rootimgdir, basename(imageFilePath(image, 'initrd')))
  if (!(await stat(path).catch(() => undefined))?.isFile())
    return say('error', 'no-initrd', `the initrd ${path} does not exist`, run)
  const entries = new Map((await readInitrd(path)).map((entry) => [entry.name, entry]))
  if (!entries.has('init')) return say('error', 'bad-initrd', `the initrd ${path} has no /init`, run)
  if (!(await hasOurScripts(entries)))
    say('warning', 'stale-initrd', 'the initrd was made by another version of liteboot', run)
  const modules = [...entries.keys()].filter((name) => name.endsWith('.ko'))
  const versions = [...new Set(modules.map((name) => name.split('/')[2] ?? ''))]
  if (kernelVersion !== undefined && versions.length > 0 && !versions.includes(kernelVersion))
    say(
      'error',
      'wrong-modules',
      `the kernel is ${kernelVersion}, the initrd has modules of ${versions.join(' ')}`,
      run,
    )
  if (packed?.format === 'cpio.zst' && !entries.has(ZSTD))
    say('error', 'no-unpacker', 'the root is packed with zstd, which the initrd cannot unpack', run)
  await checkModules(subject, modules, await builtinModules(subject, hasTree, kernelVersion), packed, run)
  await noteFirmware(path, say)
}

async function checkModules(
  { image, say }: ImageCase,
  modules: readonly string[],
  builtin: ReadonlySet<string> | undefined,
  packed: PackRecord | undefined,
  run: string,
): Promise<void> {
  const names = new Set(modules.map(moduleName))
  // Without a tree nobody can say what the kernel brings itself.
  const has = (name: string) => names.has(name.replaceAll('-', '_')) || builtin?.has(name.replaceAll('-', '_'))
  const lack = (wanted: readonly string[], severity: Severity, what: string) => {
    const lost = builtin === undefined ? [] : wanted.filter((name) => !has(name))
    if (lost.length > 0) say(severity, 'no-module', `the initrd cannot mount ${what}: it lacks ${lost.join(' ')}`, run)
  }
  // A root in memory needs NFS for persistent entries and litetree only.
  if (!isStateless(image)) lack(NFS_MODULES, image.rootfstype === 'ramdisk' ? 'warning' : 'error', 'NFS')
  if (packed?.format === 'squashfs') lack(SQUASHFS_MODULES, 'error', 'the packed root')
  const wanted = (image.attribute('netdrivers') ?? '')
    .split(',')
    .map((name) => name.trim().replace(/\.ko$/, ''))
    .filter((name) => name !== '' && name !== 'allupdate')
  for (const name of wanted)
    if (!has(name))
      say('error', 'no-driver', `the initrd lacks the network driver ${name} of linuximage.netdrivers`, run)
  const drivers = modules.filter((name) => name.includes('/drivers/net/') && !NOT_DRIVERS.test(name))
  if (wanted.length === 0 && drivers.length === 0)
    say(
      'warning',
      'no-driver',
      'the initrd has no network driver as a module: only what the kernel has built in works',
      run,
    )
}

async function builtinModules(
  { rootimg }: ImageCase,
  hasTree: boolean,
  kernelVersion: string | undefined,
): Promise<ReadonlySet<string> | undefined> {
  if (!hasTree) return undefined
  const tree = (await moduleTrees(rootimg)).find(
    (each) => kernelVersion === undefined || basename(each) === kernelVersion,
  )
  if (tree === undefined) return undefined
  const text = await readFile(join(rootimg, tree, 'modules.builtin'), 'utf8').catch(() => '')
  return new Set(
    text
      .split('\n')
      .filter((line) => line !== '')
      .map(moduleName),
  )
}

/** The steps that nodes carry out must be those that this server's plans are made for. */
async function hasOurScripts(entries: ReadonlyMap<string, CpioEntry>): Promise<boolean> {
  for (const [directory, place] of [
    ['lean', 'liteboot'],
    ['steps', 'liteboot/steps'],
  ] as const) {
    const files = (await readdir(join(SCRIPTS, directory), { withFileTypes: true })).filter((entry) => entry.isFile())
    for (const { name } of files) {
      const inside = entries.get(directory === 'lean' && name === 'init' ? 'init' : `${place}/${name}`)
      const own = await readFile(join(SCRIPTS, directory, name))
      if (inside?.data === undefined || !own.equals(inside.data)) return false
    }
  }
  return true
}

/** As noted when the initrd was made: a driver may do without. */
async function noteFirmware(path: string, say: ImageCase['say']): Promise<void> {
  let missing: unknown
  try {
    missing = (JSON.parse(await readFile(`${path}.json`, 'utf8')) as { missingFirmware?: unknown }).missingFirmware
  } catch {
    return
  }
  if (!Array.isArray(missing) || missing.length === 0) return
  const some = `${missing.slice(0, 3).join(' ')}${missing.length > 3 ? ' …' : ''}`
  say(
    'info',
    'no-firmware',
    `${missing.length} firmware files that drivers name are not in the image: ${some}`,
    'install them if a card needs one',
  )
}
