/** What the stages of one liteimg run share. */

import { readdir } from 'node:fs/promises'
import { lstatOrMissing } from './confined.ts'
import { parentOf } from './entry.ts'
import { DEFAULT_DIR, SAVED_DIR, TMPFS_DIR } from './locate.ts'
import type { Manifest } from './manifest.ts'
import { MANIFEST_REL, renderManifest } from './manifest.ts'
import type { TreeEdit } from './tree-edit.ts'
import { isSkeleton } from './tree-mark.ts'

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

/**
 * Removes directories below `/.default` and `/.statelite/tmpfs` that only led to entries taken back, also those that an
 * interrupted run left. Whatever holds a file or a link stays.
 */
export async function sweepSkeletons(run: LiteRun): Promise<void> {
  for (const tree of [DEFAULT_DIR, TMPFS_DIR]) await sweepBelow(run, tree, '')
}

async function sweepBelow(run: LiteRun, tree: string, logical: string): Promise<void> {
  const directory = logical === '' ? tree : `${tree}/${logical}`
  if (!(await lstatOrMissing(run.edit.path(directory)))?.isDirectory()) return
  for (const name of await readdir(run.edit.path(directory))) {
    const below = logical === '' ? name : `${logical}/${name}`
    const role = run.manifest.entries[below]?.role
    if (role === 'move' || role === 'copy') continue
    const leadsOn = Object.keys(run.manifest.entries).some((rel) => rel.startsWith(`${below}/`))
    const path = `${tree}/${below}`
    if (leadsOn) await sweepBelow(run, tree, below)
    else if (await isSkeleton(run.edit.path(path))) await run.edit.removeTree(path)
  }
}
