/**
 * Takes entries back. Each step looks at what is there and can be repeated after a crash.
 *
 * A link entry's content is moved home; a non-link entry's original was never touched, so only the mirror and a
 * placeholder that is still empty go away.
 */
import { readlink } from 'node:fs/promises'
import { lstatOrMissing } from './confined.ts'
import { linkTargets, parentOf } from './entry.ts'
import { DEFAULT_DIR, isOurLink, locate, TMPFS_DIR } from './locate.ts'
import type { ManifestEntry } from './manifest.ts'
import { type LiteRun, saveAside } from './run.ts'
import { isEmptyObject, markTree } from './tree-mark.ts'

export async function revertEntry(run: LiteRun, rel: string, entry: ManifestEntry): Promise<void> {
  if (entry.role === 'move') await revertMoved(run, rel, entry)
  else await removePlaceholder(run, rel, entry)
  if (entry.role === 'copy') await removeMirror(run, rel, entry)
}

async function revertMoved(run: LiteRun, rel: string, entry: ManifestEntry): Promise<void> {
  const { edit } = run
  const content = `${DEFAULT_DIR}/${rel}`
  const stat = await lstatOrMissing(edit.path(rel))
  const isOurs = stat !== undefined && (await isOurLink(run.root, rel, stat, rel))
  const contentStat = await lstatOrMissing(edit.path(content))
  if (stat !== undefined && !isOurs) {
    // Something (a package upgrade) put a real object in the place of our link: that one counts.
    if (contentStat !== undefined)
      await saveAside(run, content, rel, 'it was replaced in the image after liteimg had moved it')
  } else if (contentStat === undefined) {
    if (isOurs) await edit.removeFile(rel)
    if (entry.existed) run.warnings.push(`/${rel}: its content was removed from /${DEFAULT_DIR}`)
  } else if (!entry.existed && (await isEmptyObject(edit.path(content)))) {
    if (isOurs) await edit.removeFile(rel)
    await removeObject(run, content)
  } else {
    // rename(2) replaces the link by a file at once; a directory needs the link out of the way.
    if (isOurs && contentStat.isDirectory()) await edit.removeFile(rel)
    await edit.makeDirs(parentOf(rel))
    await edit.move(content, rel)
    keepCreatedDir(run, rel, entry, contentStat.isDirectory())
  }
  const link = `${TMPFS_DIR}/${rel}`
  const linkStat = await lstatOrMissing(edit.path(link))
  // The link itself, never through it.
  if (linkStat?.isSymbolicLink() && (await readlink(edit.path(link))) === linkTargets(rel).tmpfs)
    await edit.removeFile(link)
}

async function removePlaceholder(run: LiteRun, rel: string, entry: ManifestEntry): Promise<void> {
  if (entry.existed) return
  const place = await locate(run.root, run.manifest, rel)
  if (place.kind === 'blocked' || place.stat === undefined || place.stat.isSymbolicLink()) return
  if (await isEmptyObject(run.edit.path(place.rel))) await removeObject(run, place.rel)
  else keepCreatedDir(run, rel, entry, place.stat.isDirectory())
}

/** A placeholder directory that is not empty now may become so: it goes with the last thing in it. */
function keepCreatedDir(run: LiteRun, rel: string, entry: ManifestEntry, isDirectory: boolean): void {
  if (!entry.existed && isDirectory && !run.manifest.createdDirs.includes(rel)) run.manifest.createdDirs.push(rel)
}

async function removeMirror(run: LiteRun, rel: string, entry: ManifestEntry): Promise<void> {
  const copy = `${DEFAULT_DIR}/${rel}`
  if ((await lstatOrMissing(run.edit.path(copy))) === undefined) return
  if (await wasEditedByHand(run, rel, entry))
    await saveAside(run, copy, rel, 'its copy in /.default was edited by hand')
  else await run.edit.removeTree(copy)
}

export async function wasEditedByHand(run: LiteRun, rel: string, entry: ManifestEntry): Promise<boolean> {
  if (entry.state !== 'applied' || entry.copyDigest === undefined) return false
  const mark = await markTree(run.edit.path(`${DEFAULT_DIR}/${rel}`), false)
  return mark !== undefined && mark !== entry.copyDigest
}

async function removeObject(run: LiteRun, rel: string): Promise<void> {
  const stat = await lstatOrMissing(run.edit.path(rel))
  if (stat?.isDirectory()) await run.edit.removeEmptyDir(rel)
  else if (stat !== undefined) await run.edit.removeFile(rel)
}
