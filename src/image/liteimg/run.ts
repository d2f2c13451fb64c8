/** What the stages of one liteimg run share. */

import { lstatOrMissing } from './confined.ts'
import { parentOf } from './entry.ts'
import { SAVED_DIR } from './locate.ts'
import type { Manifest } from './manifest.ts'
import { MANIFEST_REL, renderManifest } from './manifest.ts'
import type { TreeEdit } from './tree-edit.ts'

export interface LiteRun {
  readonly root: string
  readonly edit: TreeEdit
  readonly manifest: Manifest
  readonly warnings: string[]
}

export async function writeManifest(run: LiteRun): Promise<void> {
  await run.edit.writeFile(MANIFEST_REL, renderManifest(run.manifest), 0o644)
}

/** Content that nobody asked for but somebody may miss goes to `/.statelite/saved`, never away. */
export async function saveAside(run: LiteRun, rel: string, logical: string, why: string): Promise<void> {
  const base = `${SAVED_DIR}/${logical}`
  await run.edit.makeDirs(parentOf(base))
  let number = 1
  while ((await lstatOrMissing(run.edit.path(`${base}.${number}`))) !== undefined) number++
  await run.edit.move(rel, `${base}.${number}`)
  run.warnings.push(`/${logical}: ${why}; it was kept as /${base}.${number}`)
}

/** Removes now empty directories above `rel`, up to and without `stop`. */
export async function pruneAbove(run: LiteRun, rel: string, stop: string): Promise<void> {
  for (let above = parentOf(rel); above !== stop && above !== ''; above = parentOf(above)) {
    if (!(await run.edit.removeEmptyDir(above))) return
  }
}
