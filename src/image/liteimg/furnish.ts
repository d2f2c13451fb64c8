/**
 * What every statelite image needs besides its entries: mount points, fstab, mtab, the node-side entry point and the
 * postscripts. Existing links of the image (`/etc/init.d -> rc.d/init.d`) are followed inside the image only.
 */
import { readFile, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { errnoOf, ImageError } from '../image-error.ts'
import { lstatOrMissing, resolveInside } from './confined.ts'
import { parentOf } from './entry.ts'
import { isMtabLink } from './precheck.ts'
import { type LiteRun, saveAside } from './run.ts'
import { isSameTree } from './same-tree.ts'

/** Directories that must be there because the initrd and init mount something on them; the root is read-only then. */
const MOUNT_POINTS: readonly (readonly [string, number])[] = [
  ['proc', 0o555],
  ['sys', 0o555],
  ['dev', 0o755],
  ['run', 0o755],
  ['tmp', 0o1777],
  ['.statelite', 0o755],
  ['.statelite/tmpfs', 0o755],
  ['.default', 0o755],
  ['.sllocal', 0o755],
  ['.sllocal/localmnt', 0o755],
]

export interface Furniture {
  /** Content of `/etc/init.d/statelite`. */
  readonly nodeScript: Buffer
  /** Real path of the postscripts, or undefined when there are none. */
  readonly postscripts: string | undefined
  /** First field of the root's fstab line in images that xCAT made: `<profile>_<arch>`. */
  readonly fstabRootName: string | undefined
  /** The root is in memory: its line must not make it read-only. */
  readonly writableRoot: boolean
}

/** Everything from outside the image, looked at before anything is changed. */
export async function checkFurniture(root: string, from: FurnitureSources): Promise<Furniture> {
  const nodeScript = await readFile(from.nodeScript).catch((error: unknown) => {
    throw new ImageError(
      'image-scripts',
      `the node-side script ${from.nodeScript} cannot be read (${errnoOf(error)}): the liteboot installation is incomplete`,
    )
  })
  return {
    nodeScript,
    postscripts: from.postscriptsDir === undefined ? undefined : await checkPostscripts(root, from.postscriptsDir),
    fstabRootName: from.fstabRootName,
    writableRoot: from.writableRoot === true,
  }
}

export interface FurnitureSources {
  readonly nodeScript: string
  readonly postscriptsDir?: string
  readonly fstabRootName?: string
  readonly writableRoot?: boolean
}

async function checkPostscripts(root: string, directory: string): Promise<string | undefined> {
  if ((await lstatOrMissing(directory)) === undefined) return undefined
  const real = await realpath(directory)
  if (!(await lstatOrMissing(real))?.isDirectory())
    throw new ImageError('image-scripts', `${directory} is not a directory: it should hold the postscripts`)
  if (join(real, '/').startsWith(join(root, '/')) || join(root, '/').startsWith(join(real, '/')))
    throw new ImageError(
      'image-scripts',
      `the postscripts ${directory} and the image root contain each other: move one`,
    )
  return real
}

export async function furnish(run: LiteRun, furniture: Furniture): Promise<void> {
  for (const [rel, mode] of MOUNT_POINTS) {
    const real = await resolveInside(run.root, rel)
    if (real === undefined) continue
    const made = await run.edit.makeDirs(real)
    if (made.includes(real) && mode !== 0o755) await run.edit.setMode(real, mode)
  }
  if (furniture.writableRoot) await restoreFstab(run, furniture.fstabRootName)
  else await rewriteFstab(run, furniture.fstabRootName)
  await replaceMtab(run)
  await installNodeScript(run, furniture.nodeScript)
  await installPostscripts(run, furniture.postscripts)
}

/** The line of the root file system says `ro`: some distributions remount `/` by it. A missing fstab stays missing. */
async function rewriteFstab(run: LiteRun, rootName: string | undefined): Promise<void> {
  const rel = await resolveInside(run.root, 'etc/fstab')
  const stat = rel === undefined ? undefined : await lstatOrMissing(run.edit.path(rel))
  if (rel === undefined || !stat?.isFile()) return
  const before = await readFile(run.edit.path(rel), 'latin1')
  const after = renderFstab(before, rootName)
  if (after === before) return
  await run.edit.makeDirs('.statelite')
  if ((await lstatOrMissing(run.edit.path('.statelite/fstab.original'))) === undefined)
    await run.edit.writeFile('.statelite/fstab.original', Buffer.from(before, 'latin1'), 0o644)
  await run.edit.writeFile(rel, Buffer.from(after, 'latin1'), Number(stat.mode & 0o7777n))
}

/**
 * A root in memory is writable. What an earlier run for an NFS root wrote is taken back, unless somebody has edited the
 * file since; a line that names this image's root, as genimage writes it, says `rw` in any case.
 */
async function restoreFstab(run: LiteRun, rootName: string | undefined): Promise<void> {
  const original = run.edit.path('.statelite/fstab.original')
  const rel = await resolveInside(run.root, 'etc/fstab')
  const stat = rel === undefined ? undefined : await lstatOrMissing(run.edit.path(rel))
  if (rel === undefined || !stat?.isFile()) return
  const now = await readFile(run.edit.path(rel), 'latin1')
  const isSaved = (await lstatOrMissing(original)) !== undefined
  const before = isSaved ? await readFile(original, 'latin1') : now
  const wanted = renderFstab(renderFstab(before, rootName) === now ? before : now, rootName, 'rw')
  if (wanted !== now) await run.edit.writeFile(rel, Buffer.from(wanted, 'latin1'), Number(stat.mode & 0o7777n))
  if (isSaved) await run.edit.removeTree('.statelite/fstab.original')
}

/** `ro` is for every line of the root; `rw` only for one that names this image's root. */
export function renderFstab(text: string, rootName: string | undefined, access: 'ro' | 'rw' = 'ro'): string {
  const other = access === 'ro' ? 'rw' : 'ro'
  return text
    .split('\n')
    .map((line) => {
      const match = /^(\s*)(\S+)(\s+)(\S+)(\s+\S+\s+)(\S+)(.*)$/.exec(line)
      if (match === null || line.trimStart().startsWith('#')) return line
      const [, indent = '', device = '', gap = '', point = '', middle = '', options = '', rest = ''] = match
      const isNamed = rootName !== undefined && device === rootName
      if (access === 'ro' ? point !== '/' && !isNamed : point !== '/' || !isNamed) return line
      const words = options.split(',')
      if (words.includes(access)) return line
      const changed = words.includes(other) ? words.map((word) => (word === other ? access : word)) : [...words, access]
      return `${indent}${device}${gap}${point}${middle}${changed.join(',')}${rest}`
    })
    .join('\n')
}

/** Old programs wrote /etc/mtab; nobody can on a read-only root. A link into /proc serves every node alike. */
async function replaceMtab(run: LiteRun): Promise<void> {
  const etc = await resolveInside(run.root, 'etc')
  if (etc === undefined || run.manifest.entries['etc/mtab'] !== undefined) return
  if (!(await lstatOrMissing(run.edit.path(etc)))?.isDirectory() || (await isMtabLink(run.root))) return
  const mtab = `${etc}/mtab`
  const stat = await lstatOrMissing(run.edit.path(mtab))
  if (stat !== undefined) await saveAside(run, mtab, 'etc/mtab', 'it is a link to /proc/self/mounts now')
  // Absolute: /etc may itself be moved or copied elsewhere.
  await run.edit.link(mtab, '/proc/self/mounts')
}

async function installNodeScript(run: LiteRun, script: Buffer): Promise<void> {
  const rel = await resolveInside(run.root, 'etc/init.d/statelite')
  if (rel === undefined) throw new ImageError('image-path', '/etc/init.d in the image is a loop of symbolic links')
  await run.edit.makeDirs(parentOf(rel))
  const path = run.edit.path(rel)
  const stat = await lstatOrMissing(path)
  const isCurrent = stat?.isFile() === true && (stat.mode & 0o7777n) === 0o755n && (await readFile(path)).equals(script)
  if (!isCurrent) await run.edit.writeFile(rel, script, 0o755)
}

/** A complete new directory, then a swap: the image never has half of the postscripts. */
async function installPostscripts(run: LiteRun, source: string | undefined): Promise<void> {
  const { edit } = run
  const [fresh, stale] = ['.statelite/xcatpost.new', '.statelite/xcatpost.old']
  await edit.removeTree(fresh)
  await edit.removeTree(stale)
  if (source === undefined || (await isSameTree(source, edit.path('xcatpost')))) return
  await edit.copy(source, fresh)
  if ((await lstatOrMissing(edit.path('xcatpost'))) !== undefined) await edit.move('xcatpost', stale)
  await edit.move(fresh, 'xcatpost')
  await edit.removeTree(stale)
}
