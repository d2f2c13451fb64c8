/** Carries entries out: moves, links, placeholders (parents first), then the mirrors. */
import { readlink } from 'node:fs/promises'
import { ImageError } from '../image-error.ts'
import { lstatOrMissing } from './confined.ts'
import { linkTargets, parentOf, type RoledEntry } from './entry.ts'
import { DEFAULT_DIR, isOurLink, locate, TMPFS_DIR } from './locate.ts'
import type { ManifestEntry, ObjectKind } from './manifest.ts'
import { wasEditedByHand } from './revert.ts'
import { type LiteRun, saveAside } from './run.ts'
import { isSameTree } from './same-tree.ts'
import { isSkeleton, markTree } from './tree-mark.ts'

/** Names of copies in the making; what is left of them after a crash is removed by the next run. */
export const WORK_PREFIX = '.liteboot-'

/**
 * Enters the intention into the manifest (in memory) before anything is done: whether the object existed, and which
 * directories above it will have to be made.
 */
export async function recordIntention(run: LiteRun, entry: RoledEntry, state: ManifestEntry['state']): Promise<void> {
  const { manifest } = run
  const before = manifest.entries[entry.rel]
  const place = await locate(run.root, manifest, entry.rel, true)
  if (place.kind === 'blocked') throw new ImageError('image-path', `${entry.path} is behind /${place.at}`)
  const isOurDir = manifest.createdDirs.includes(entry.rel)
  const isThere = place.stat !== undefined
  const existed = before === undefined ? isThere && !isOurDir : isThere && before.existed
  if (isOurDir) manifest.createdDirs = manifest.createdDirs.filter((dir) => dir !== entry.rel)
  for (const missing of place.missingAbove) {
    if (manifest.entries[missing] === undefined && !manifest.createdDirs.includes(missing))
      manifest.createdDirs.push(missing)
  }
  let kind: ObjectKind = entry.wantsDirectory ? 'dir' : 'file'
  if (place.stat !== undefined) kind = place.stat.isDirectory() ? 'dir' : place.stat.isFile() ? 'file' : 'other'
  const { path, option, role } = entry
  const next: ManifestEntry = { ...before, path, option, role, kind, existed, state }
  manifest.entries[entry.rel] = next
}

/** Content of unknown origin where ours is to stand: kept, before the manifest says the place is ours. */
export async function clearTheWay(run: LiteRun, entry: RoledEntry): Promise<void> {
  if (run.manifest.entries[entry.rel] !== undefined) return
  if (entry.role !== 'move' && entry.role !== 'copy') return
  const content = `${DEFAULT_DIR}/${entry.rel}`
  if (await isSkeleton(run.edit.path(content))) return
  await saveAside(run, content, entry.rel, 'there was a copy in /.default that liteimg had not made')
}

/** Everything but the mirrors. Finds its work done when it is done. */
export async function applyStructure(run: LiteRun, entry: RoledEntry): Promise<void> {
  if (entry.role === 'move') await applyMoved(run, entry)
  else await makePlaceholder(run, entry)
}

async function makePlaceholder(run: LiteRun, entry: RoledEntry): Promise<void> {
  const place = await locate(run.root, run.manifest, entry.rel)
  if (place.kind === 'blocked') throw new ImageError('image-path', `${entry.path} is behind /${place.at}`)
  if (place.stat === undefined) await createObject(run, place.rel, entry.wantsDirectory)
}

async function createObject(run: LiteRun, rel: string, isDirectory: boolean): Promise<void> {
  await run.edit.makeDirs(isDirectory ? rel : parentOf(rel))
  if (!isDirectory) await run.edit.createFile(rel)
}

async function applyMoved(run: LiteRun, entry: RoledEntry): Promise<void> {
  const { edit, root } = run
  const { rel } = entry
  const content = `${DEFAULT_DIR}/${rel}`
  const stat = await lstatOrMissing(edit.path(rel))
  const isOurs = stat !== undefined && (await isOurLink(root, rel, stat, rel))
  const contentStat = await lstatOrMissing(edit.path(content))
  await makeLikeImage(run, DEFAULT_DIR, rel)
  if (stat !== undefined && !isOurs) {
    if (contentStat !== undefined) {
      if (await isSkeleton(edit.path(content))) await edit.removeTree(content)
      else await saveAside(run, content, rel, 'it was replaced in the image after liteimg had moved it')
    }
    await edit.move(rel, content)
  } else if (contentStat === undefined) {
    await createObject(run, content, entry.wantsDirectory)
  }
  await ensureLink(run, `${TMPFS_DIR}/${rel}`, linkTargets(rel).tmpfs, rel)
  if (isOurs) return
  await edit.makeDirs(parentOf(rel))
  await edit.link(rel, linkTargets(rel).image)
}

async function ensureLink(run: LiteRun, link: string, target: string, logical: string): Promise<void> {
  const { edit } = run
  const stat = await lstatOrMissing(edit.path(link))
  if (stat?.isSymbolicLink()) {
    if ((await readlink(edit.path(link))) === target) return
    await edit.removeFile(link)
  } else if (stat !== undefined) {
    if (await isSkeleton(edit.path(link))) await edit.removeTree(link)
    else await saveAside(run, link, logical, 'it stood in the place of a link in /.statelite/tmpfs')
  }
  await edit.makeDirs(parentOf(link))
  await edit.link(link, target)
}

/** The directories above a copy get mode and owner of those in the image: nodes copy them along. */
async function makeLikeImage(run: LiteRun, tree: string, rel: string): Promise<void> {
  const above = parentOf(`${tree}/${rel}`)
  await run.edit.makeDirs(above, async (made) =>
    made === tree ? undefined : run.edit.path(made.slice(tree.length + 1)),
  )
}

/** `rsync --delete` in effect: a complete new copy takes the place of the old one; nothing is done when neither changed. */
export async function applyMirror(run: LiteRun, entry: RoledEntry): Promise<void> {
  const { edit, manifest } = run
  const record = manifest.entries[entry.rel]
  if (record === undefined) return
  const copy = `${DEFAULT_DIR}/${entry.rel}`
  const digest = await markTree(edit.path(entry.rel), true)
  const copyDigest = await markTree(edit.path(copy), false)
  if (digest === undefined) throw new ImageError('image-path', `${entry.path} vanished while liteimg was at work`)
  if (copyDigest !== undefined && record.copyDigest === copyDigest) {
    if (record.digest === digest) return
    // A file that a second generation shares has a new change time and is the same.
    if (await isSameTree(edit.path(entry.rel), edit.path(copy))) {
      manifest.entries[entry.rel] = { ...record, digest }
      return
    }
  }
  await removeWork(run)
  const fresh = `${DEFAULT_DIR}/${WORK_PREFIX}new`
  const stale = `${DEFAULT_DIR}/${WORK_PREFIX}old`
  await edit.copy(edit.path(entry.rel), fresh)
  if (await wasEditedByHand(run, entry.rel, record))
    await saveAside(run, copy, entry.rel, 'its copy in /.default was edited by hand')
  else if (copyDigest !== undefined) await edit.move(copy, stale)
  await makeLikeImage(run, DEFAULT_DIR, entry.rel)
  await edit.move(fresh, copy)
  await edit.removeTree(stale)
  const freshDigest = await markTree(edit.path(copy), false)
  if (freshDigest === undefined) throw new ImageError('image-path', `/${copy} vanished while liteimg was at work`)
  manifest.entries[entry.rel] = { ...record, digest, copyDigest: freshDigest }
}

export async function removeWork(run: LiteRun): Promise<void> {
  for (const name of ['new', 'old']) await run.edit.removeTree(`${DEFAULT_DIR}/${WORK_PREFIX}${name}`)
}
