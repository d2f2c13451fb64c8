/**
 * Modification times of the image's directories, kept over a run: with them, removing every entry gives back the
 * original tree, and a mirror's source does not look changed because a placeholder was made in it.
 */
import { ancestorsOf, parentOf } from './entry.ts'
import { locate } from './locate.ts'
import type { LiteRun } from './run.ts'

/** Notes the times of directories that a run over these paths may change. Times of an interrupted run stay. */
export async function noteTimes(run: LiteRun, rels: Iterable<string>): Promise<void> {
  const { manifest } = run
  const wanted = new Set(['', 'etc', 'etc/init.d'])
  for (const rel of [...rels, ...manifest.createdDirs]) {
    for (const above of ancestorsOf(rel)) wanted.add(above)
    wanted.add(parentOf(rel))
  }
  for (const logical of wanted) {
    if (manifest.pendingTimes[logical] !== undefined || manifest.createdDirs.includes(logical)) continue
    const place = await locate(run.root, manifest, logical, true)
    if (place.kind === 'at' && place.stat?.isDirectory()) manifest.pendingTimes[logical] = place.stat.mtimeNs.toString()
  }
}

export async function restoreTimes(run: LiteRun): Promise<void> {
  for (const [logical, text] of Object.entries(run.manifest.pendingTimes)) {
    const place = await locate(run.root, run.manifest, logical, true)
    if (place.kind !== 'at' || !place.stat?.isDirectory()) continue
    const mtimeNs = BigInt(text)
    if (place.stat.mtimeNs !== mtimeNs) await run.edit.setModifiedTime(place.rel, mtimeNs)
  }
}

/** Directories liteimg made above placeholders go when the last thing in them has gone. */
export async function pruneCreatedDirs(run: LiteRun): Promise<void> {
  const { manifest } = run
  const deepestFirst = [...manifest.createdDirs].sort((a, b) => b.split('/').length - a.split('/').length)
  for (const logical of deepestFirst) {
    const place = await locate(run.root, manifest, logical)
    const isGone = place.kind === 'blocked' || (await run.edit.removeEmptyDir(place.rel))
    if (isGone) manifest.createdDirs = manifest.createdDirs.filter((dir) => dir !== logical)
  }
}
