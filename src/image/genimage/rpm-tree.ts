/** What is done to an RPM tree around its packages: no initrd made by others, the database where its own rpm looks for it. */
import { mkdir, rename, rm, rmdir } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { errnoOf } from '../image-error.ts'
import { lstatOrMissing } from '../liteimg/confined.ts'
import type { OsTools } from './os-tools.ts'
import type { BuildPlaces } from './steps.ts'
import { TreeFiles } from './tree-files.ts'

/** kernel-install(8): a link to /dev/null here masks the plug-in of that name. dracut would run for minutes, for nothing. */
const MASKED = ['50-dracut.install', '51-dracut-rescue.install', '92-crashkernel.install']
const PLUGINS = 'etc/kernel/install.d'

/**
 * Debian's rpm keeps its database in the home directory, and so would put it there in the tree. What is mounted read-only
 * is no package's to change.
 */
export function renderRpmMacros(tools: OsTools): string {
  const path = '/run/liteboot/bin:/sbin:/bin:/usr/sbin:/usr/bin'
  return `%_dbpath /${tools.rpmDatabase ?? 'var/lib/rpm'}\n%_install_script_path ${path}\n%_netsharedpath /sys:/proc\n`
}

/** Some packages' scripts want an fstab. */
export async function prepareRpmTree(root: string, tools: OsTools): Promise<undefined> {
  const tree = new TreeFiles(root)
  await tree.makeDir('etc')
  // zypper writes its locks here.
  if (tools.tool === 'zypper') await tree.makeDir('etc/zypp')
  if (!(await tree.exists('etc/fstab'))) await tree.write('etc/fstab', '# made by genimage\n')
  for (const name of MASKED)
    if (!(await tree.exists(`${PLUGINS}/${name}`))) await tree.link(`${PLUGINS}/${name}`, '/dev/null')
  return undefined
}

export async function unmaskKernelInstall(root: string): Promise<undefined> {
  const tree = new TreeFiles(root)
  for (const name of MASKED) if (await tree.isLink(`${PLUGINS}/${name}`)) await tree.remove(`${PLUGINS}/${name}`)
  for (const directory of [PLUGINS, 'etc/kernel']) await tree.removeEmptyDir(directory)
  return undefined
}

/** @returns warnings */
export async function settleRpmDatabase(root: string, tools: OsTools): Promise<string[]> {
  const tree = new TreeFiles(root)
  const made = tools.rpmDatabase ?? 'var/lib/rpm'
  const wanted = parseDatabasePath((await tree.read('usr/lib/rpm/macros')) ?? '') ?? made
  const warnings: string[] = []
  if (wanted !== made && (await tree.exists(made)) && !(await tree.isLink(made))) {
    await moveDatabase(tree, made, wanted)
    await tree.link(made, relative(dirname(`/${made}`), `/${wanted}`))
    warnings.push(`the image's own rpm keeps its database in /${wanted}: it was moved there`)
  }
  const directory = await tree.target(wanted)
  if (directory !== undefined) await foldJournal(join(directory, 'rpmdb.sqlite'))
  const dnf = await tree.target('var/lib/dnf/history.sqlite')
  if (dnf !== undefined) await foldJournal(dnf)
  if (tools.family === 'el' && tools.major < 9)
    warnings.push(
      `the rpm database is in the format of this machine's rpm (sqlite), which the image's own rpm cannot read: use rpm --root and dnf --installroot from here`,
    )
  return warnings
}

/** `%_dbpath %{_var}/lib/rpm` → `var/lib/rpm`. */
export function parseDatabasePath(macros: string): string | undefined {
  const value = /^%_dbpath\s+(\S+)/m.exec(macros)?.[1]?.replace('%{_var}', '/var').replace('%{_usr}', '/usr')
  return value === undefined || value.includes('%') ? undefined : value.replace(/^\/+/, '').replace(/\/+$/, '')
}

async function moveDatabase(tree: TreeFiles, from: string, to: string): Promise<void> {
  const source = await tree.place(from)
  const target = await tree.place(to)
  await mkdir(dirname(target), { recursive: true })
  if (await tree.isLink(to)) await rm(target)
  // A directory that a package brought, empty.
  else await rmdir(target).catch(() => undefined)
  await rename(source, target)
}

/** One file without a journal beside it: nodes read it from a root that they cannot write. */
async function foldJournal(path: string): Promise<void> {
  if (!(await lstatOrMissing(path))?.isFile()) return
  const database = new DatabaseSync(path)
  try {
    database.exec('PRAGMA journal_mode = DELETE')
  } finally {
    database.close()
  }
  for (const name of [`${path}-wal`, `${path}-shm`, join(dirname(path), '.rpm.lock')])
    await rm(name).catch((error: unknown) => {
      if (errnoOf(error) !== 'ENOENT') throw error
    })
}

/** What the image's own packages may have made empty. */
const OWNED = new Set([
  '/',
  '/home',
  '/media',
  '/mnt',
  '/opt',
  '/root',
  '/srv',
  '/tmp',
  '/usr',
  '/var',
  '/var/lib',
  '/var/tmp',
])

/** zypper puts the paths of its caches below the root as well; and leaves nothing else behind that is not the image's. */
export async function cleanRpmTree({ root, work }: BuildPlaces): Promise<undefined> {
  const tree = new TreeFiles(root)
  await tree.remove(work.slice(1))
  for (let above = dirname(work); !OWNED.has(above); above = dirname(above)) await tree.removeEmptyDir(above.slice(1))
  await dropLocks(tree)
  for (const name of ['var/cache/dnf', 'var/cache/yum', 'var/cache/zypp'])
    for (const below of await tree.names(name)) await tree.remove(`${name}/${below}`)
  // Repositories of the distribution on the internet are not for compute nodes.
  for (const directory of ['etc/yum.repos.d', 'etc/zypp/repos.d'])
    for (const name of await tree.names(directory)) await disableRepository(tree, `${directory}/${name}`)
  return undefined
}

/** Those of the build were taken back; an empty file is left. */
async function dropLocks(tree: TreeFiles): Promise<void> {
  if ((await tree.read('etc/zypp/locks'))?.trim() === '') await tree.remove('etc/zypp/locks')
  await tree.removeEmptyDir('etc/zypp')
}

async function disableRepository(tree: TreeFiles, rel: string): Promise<void> {
  const text = rel.endsWith('.repo') ? await tree.read(rel) : undefined
  const off = text?.replace(/^enabled\s*=\s*1\s*$/gm, 'enabled=0')
  if (off !== undefined && off !== text) await tree.write(rel, off)
}
