/**
 * Looks at the image, changes nothing, and says why these entries cannot be carried out. Nothing is modified before
 * this has passed for every entry.
 */
import { readdir, readFile, readlink, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { ImageError } from '../image-error.ts'
import { lstatOrMissing, resolveInside, walkReal } from './confined.ts'
import { parentOf, type RoledEntry } from './entry.ts'
import { DEFAULT_DIR, isOurLink, locate, realPathInImage, TMPFS_DIR } from './locate.ts'
import type { Manifest } from './manifest.ts'
import { isEmptyObject } from './tree-mark.ts'

/** The image root as a real path; refuses what cannot be one. */
export async function checkImageRoot(rootimg: string): Promise<string> {
  const stat = await lstatOrMissing(rootimg)
  if (stat === undefined)
    throw new ImageError('image-root', `${rootimg} does not exist: build the image first, or correct rootimgdir`)
  const root = await realpath(rootimg)
  const real = await lstatOrMissing(root)
  if (!real?.isDirectory()) throw new ImageError('image-root', `${rootimg} is not a directory`)
  const own = await lstatOrMissing('/')
  if (root === '/' || (real.ino === own?.ino && real.dev === own.dev))
    throw new ImageError('image-root', `${rootimg} is this machine's own root file system`)
  const mounts = mountsBelow(await readFile('/proc/self/mountinfo', 'utf8'), root)
  if (mounts.length > 0)
    throw new ImageError(
      'image-root',
      mounts.map((mount) => `${mount} is a mount inside the image root: unmount it first`),
    )
  return root
}

/** Mount points strictly below `root` (proc(5): field 5, octal escapes). */
export function mountsBelow(mountinfo: string, root: string): string[] {
  const prefix = root === '/' ? '/' : `${root}/`
  return mountinfo
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .map((point) =>
      point.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
    )
    .filter((point) => Buffer.from(point, 'latin1').toString('utf8').startsWith(prefix) || point.startsWith(prefix))
}

export interface PrecheckResult {
  /** Entries to carry out: `entries` without those skipped. */
  readonly roled: readonly RoledEntry[]
  readonly skipped: readonly { readonly path: string; readonly reason: string }[]
  readonly warnings: readonly string[]
}

export async function precheckEntries(
  root: string,
  manifest: Manifest,
  entries: readonly RoledEntry[],
): Promise<PrecheckResult> {
  const problems: string[] = []
  const warnings: string[] = []
  const skipped: { path: string; reason: string }[] = []
  const roled: RoledEntry[] = []
  for (const own of [DEFAULT_DIR, '.statelite', TMPFS_DIR]) {
    const walked = await walkReal(root, own)
    if (walked.kind === 'blocked' || (walked.kind === 'found' && !walked.stat.isDirectory()))
      problems.push(`/${own} in the image is not a directory: move it away`)
  }
  for (const entry of entries) {
    if (entry.rel === 'etc/mtab' && (await isMtabLink(root))) {
      skipped.push({ path: entry.path, reason: 'already a symbolic link into /proc' })
      continue
    }
    roled.push(entry)
    const problem = (await placeProblem(root, manifest, entry)) ?? (await ownTreesProblem(root, manifest, entry))
    if (problem !== undefined) problems.push(problem)
    else warnings.push(...(await kindFindings(root, manifest, entry, problems)))
  }
  if (problems.length > 0) throw new ImageError('image-path', problems)
  return { roled, skipped, warnings }
}

export async function isMtabLink(root: string): Promise<boolean> {
  const etc = await resolveInside(root, 'etc')
  if (etc === undefined || !(await lstatOrMissing(join(root, etc, 'mtab')))?.isSymbolicLink()) return false
  const real = await resolveInside(root, `${etc}/mtab`)
  return real?.startsWith('proc/') ?? false
}

/** A listed path that is a symlink or lies behind one would mean another object than its name says. */
async function placeProblem(root: string, manifest: Manifest, entry: RoledEntry): Promise<string | undefined> {
  const place = await locate(root, manifest, entry.rel)
  const real = async () => (await realPathInImage(root, entry.rel)) ?? 'a loop of links'
  if (place.kind === 'blocked') {
    if (await isVanishing(root, manifest, place.at)) return undefined
    if (!place.isSymlink) return `${entry.path}: /${place.at} in the image is not a directory`
    return `${entry.path} lies behind the symbolic link /${place.at} and really is ${await real()}: list that path instead`
  }
  if (!place.stat?.isSymbolicLink()) return undefined
  const known = manifest.entries[entry.rel]?.role === 'move'
  if (known && (await isOurLink(root, place.rel, place.stat, entry.rel))) return undefined
  return `${entry.path} is a symbolic link to ${await real()}: list that path instead`
}

/** A file placeholder of ours that is still empty. Listed below it: so it is not listed as a file any more. */
async function isVanishing(root: string, manifest: Manifest, rel: string): Promise<boolean> {
  const entry = manifest.entries[rel]
  if (entry === undefined || entry.existed || entry.path.endsWith('/')) return false
  return await isEmptyObject(join(root, entry.role === 'move' ? `${DEFAULT_DIR}/${rel}` : rel))
}

async function ownTreesProblem(root: string, manifest: Manifest, entry: RoledEntry): Promise<string | undefined> {
  if (entry.role === 'inside' || entry.role === 'covered') return undefined
  for (const tree of entry.role === 'move' ? [DEFAULT_DIR, TMPFS_DIR] : [DEFAULT_DIR]) {
    const above = parentOf(`${tree}/${entry.rel}`)
    const walked = await walkReal(root, above)
    const at = walked.kind === 'blocked' ? walked.at : above
    const isBad = walked.kind === 'blocked' || (walked.kind === 'found' && !walked.stat.isDirectory())
    // An entry above that is known but not listed any more is taken back before.
    if (isBad && manifest.entries[at.slice(tree.length + 1)] === undefined)
      return `${entry.path}: /${at} in the image is not a directory: move it away`
  }
  return undefined
}

async function kindFindings(
  root: string,
  manifest: Manifest,
  entry: RoledEntry,
  problems: string[],
): Promise<string[]> {
  const place = await locate(root, manifest, entry.rel, true)
  const before = manifest.entries[entry.rel]
  if (place.kind !== 'at') return []
  if (place.stat === undefined)
    return before?.state === 'applied' && before.existed
      ? [`${entry.path} was in the image and is gone: an empty placeholder takes its place`]
      : []
  // What liteimg itself made is taken back first when it is of another kind.
  if (before !== undefined ? !before.existed : manifest.createdDirs.includes(entry.rel)) return []
  const isDirectory = place.stat.isDirectory()
  if (entry.wantsDirectory && !isDirectory)
    problems.push(`${entry.path} is listed as a directory, but is none in the image: list ${entry.path.slice(0, -1)}`)
  const escaping = isDirectory && entry.role === 'move' ? await escapingLinks(join(root, place.rel)) : []
  const linkWarnings = escaping.length === 0 ? [] : [escapingWarning(entry.path, escaping)]
  if (!isDirectory || entry.wantsDirectory) return linkWarnings
  if (entry.option === 'con' || entry.option === 'link,con') {
    problems.push(`${entry.path} is a directory in the image: "${entry.option}" is for files`)
    return []
  }
  return [`${entry.path} is a directory in the image: list it as ${entry.path}/`, ...linkWarnings]
}

function escapingWarning(path: string, links: readonly string[]): string {
  const some = links.slice(0, 3).join(', ') + (links.length > 3 ? `, … (${links.length} in all)` : '')
  return `${path} is moved, and symbolic links in it that lead out of it by a relative path will dangle: ${some}; use tmpfs instead of link, or make them absolute`
}

/** Relative symlinks below `path` that climb above it: they mean another place once the directory has moved. */
async function escapingLinks(path: string): Promise<string[]> {
  const found: string[] = []
  const visit = async (directory: string, depth: number): Promise<void> => {
    for (const item of await readdir(directory, { withFileTypes: true })) {
      const own = join(directory, item.name)
      if (item.isDirectory()) await visit(own, depth + 1)
      if (!item.isSymbolicLink()) continue
      const target = await readlink(own)
      if (!target.startsWith('/') && climb(target) > depth) found.push(`${own.slice(path.length + 1)} -> ${target}`)
    }
  }
  await visit(path, 0)
  return found
}

/** How many directories up the target goes before it comes down again. */
function climb(target: string): number {
  let level = 0
  let lowest = 0
  for (const part of target.split('/')) {
    if (part === '..') level--
    else if (part !== '' && part !== '.') level++
    lowest = Math.min(lowest, level)
  }
  return -lowest
}
