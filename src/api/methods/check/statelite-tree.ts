/** Whether liteimg has prepared the tree for the litefile rows of now, and every path is where the node will mount it. */
import { readFile, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { openGenerationStates } from '../../../image/generations/states.ts'
import { errnoOf, ImageError } from '../../../image/image-error.ts'
import { assignRoles, type RoledEntry } from '../../../image/liteimg/entry.ts'
import { locate } from '../../../image/liteimg/locate.ts'
import { emptyManifest, type Manifest, readManifest } from '../../../image/liteimg/manifest.ts'
import { precheckEntries } from '../../../image/liteimg/precheck.ts'
import { checkedEntriesOf } from '../../../statelite/compile.ts'
import { hasErrors } from '../../../statelite/finding.ts'
import { chosenEntries } from '../../../statelite/generations.ts'
import type { ImageCase } from './images.ts'

export async function checkStateliteTree({ image, snapshot, rootimg, say }: ImageCase): Promise<void> {
  const { entries, revision, findings } = checkedEntriesOf(image, snapshot.litefile)
  // Said of the rows already; liteimg refuses until they are right.
  if (hasErrors(findings)) return
  const { roled } = assignRoles(entries)
  const run = `liteimg ${image.name}`
  const root = await realpath(rootimg)
  const prepared = await readRevision(root)
  const manifest = (await readManifest(root)) ?? emptyManifest()
  if (prepared === undefined) {
    const isHalf = Object.keys(manifest.entries).length > 0
    say('error', 'no-liteimg', isHalf ? 'liteimg was interrupted' : 'liteimg has not been run', run)
  } else if (isChosen(image.rootimgdir, revision))
    say(
      'warning',
      'old-generation',
      `the current generation was prepared for other litefile rows (${prepared}; they are ${revision} now) and is booted as it was`,
      `liteboot image promote ${image.name} <a later one>, or undo the edits of litefile`,
    )
  else if (prepared !== revision)
    say(
      'error',
      'stale-liteimg',
      `liteimg was run for other litefile rows (${prepared}; they are ${revision} now)`,
      run,
    )
  await checkPaths(root, manifest, roled, say)
  if (prepared === revision) for (const entry of roled) await checkPresent(root, manifest, entry, run, say)
}

/** A later generation was prepared for the rows of now: this one was gone back to. */
function isChosen(rootimgdir: string, revision: string): boolean {
  return chosenEntries(revision, openGenerationStates()(rootimgdir)) !== undefined
}

async function readRevision(root: string): Promise<string | undefined> {
  try {
    return (await readFile(join(root, '.statelite/revision'), 'utf8')).trim()
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return undefined
    throw error
  }
}

/** What liteimg would refuse. */
async function checkPaths(
  root: string,
  manifest: Manifest,
  roled: readonly RoledEntry[],
  say: ImageCase['say'],
): Promise<void> {
  try {
    const { warnings } = await precheckEntries(root, manifest, roled)
    for (const warning of warnings) say('warning', 'bad-path', warning, 'correct the litefile row')
  } catch (error) {
    if (!(error instanceof ImageError)) throw error
    for (const problem of error.problems) say('error', 'bad-path', problem, 'correct the litefile row')
  }
}

/** liteimg leaves a mount point or a link for every entry: without it the node's boot stops there. */
async function checkPresent(
  root: string,
  manifest: Manifest,
  entry: RoledEntry,
  run: string,
  say: ImageCase['say'],
): Promise<void> {
  const place = await locate(root, manifest, entry.rel)
  if (place.kind === 'at' && place.stat === undefined)
    say('error', 'no-path', `${entry.path} is gone from the image since liteimg was run`, run)
}
