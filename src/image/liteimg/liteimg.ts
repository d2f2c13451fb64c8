/** liteimg: prepares an image root for statelite nodes, and takes back what a changed table no longer asks for. */

import { ImageError } from '../image-error.ts'
import { adoptManifest, LITEFILE_SAVE_REL, renderLitefileSave } from './adopt.ts'
import { applyMirror, applyStructure, clearTheWay, recordIntention, removeWork } from './apply.ts'
import { lstatOrMissing } from './confined.ts'
import { noteTimes, pruneCreatedDirs, restoreTimes } from './directory-times.ts'
import { assignRoles, type LiteEntry, type RoledEntry } from './entry.ts'
import { checkFurniture, type Furniture, furnish } from './furnish.ts'
import { openImageLock } from './lock.ts'
import { emptyManifest, readManifest } from './manifest.ts'
import { decidePlan, type LitePlan, renderPlan } from './plan.ts'
import { checkImageRoot, precheckEntries } from './precheck.ts'
import { revertEntry } from './revert.ts'
import { type LiteRun, sweepSkeletons, writeManifest } from './run.ts'
import { TreeEdit, type TreeStep } from './tree-edit.ts'

const REVISION_REL = '.statelite/revision'

export interface LiteimgRequest {
  /** The tree itself (`<rootimgdir>/rootimg`). */
  readonly rootimg: string
  readonly entries: readonly LiteEntry[]
  /** Digest of the entries, as in the nodes' plans; stored in `/.statelite/revision`. */
  readonly revision: string
  /** The rules for options and for parents and children; one line per fault. */
  readonly validate: (entries: readonly LiteEntry[]) => readonly string[]
  /** `initrd-scripts/node/statelite`, installed as `/etc/init.d/statelite`. */
  readonly nodeScript: string
  /** `<installdir>/postscripts`, copied to `/xcatpost` when it exists. */
  readonly postscriptsDir?: string
  /** `<profile>_<arch>`: names the root's line in an fstab that xCAT wrote. */
  readonly fstabRootName?: string
  /** A root in memory: its fstab line stays, or becomes again, what it was. */
  readonly writableRoot?: boolean
  /** Nodes that run from this root now; liteimg refuses while there are any, unless `force`. */
  readonly inUseBy?: readonly string[]
  readonly force?: boolean
  readonly dryRun?: boolean
  /** The image is locked already, by this descriptor. */
  readonly lockFd?: number
  /**
   * Changes the tree before the entries are looked at, under the same lock (synclists, root's password). Answers warnings;
   * with `dryRun` it changes nothing.
   */
  readonly before?: (edit: TreeEdit, dryRun: boolean) => Promise<readonly string[]>
  /** Called before every single change. A throw stops the run there. */
  readonly onStep?: (step: TreeStep) => void
}

export interface LiteimgReport {
  readonly rootimg: string
  readonly dryRun: boolean
  readonly plan: LitePlan
  readonly skipped: readonly { readonly path: string; readonly reason: string }[]
  readonly warnings: readonly string[]
  /** Changes made to the image, liteimg's own records not counted. */
  readonly changeCount: number
  /** What the command prints. */
  readonly lines: readonly string[]
}

export async function liteimg(request: LiteimgRequest): Promise<LiteimgReport> {
  const assigned = assignRoles(request.entries)
  const problems = [...request.validate(request.entries), ...assigned.problems]
  if (problems.length > 0) throw new ImageError('image-entries', [...new Set(problems)])
  const root = await checkImageRoot(request.rootimg)
  const furniture = await checkFurniture(root, request)
  const users = request.inUseBy ?? []
  if (users.length > 0 && request.force !== true && request.dryRun !== true)
    throw new ImageError(
      'image-busy',
      `${request.rootimg} is the root of running nodes (${users.join(' ')}): they would see files vanish; shut them down, or use --force`,
    )
  if (request.lockFd !== undefined) return await runLocked(request, root, assigned.roled, furniture, request.lockFd)
  const lock = await openImageLock(root)
  try {
    return await runLocked(request, root, assigned.roled, furniture, lock.fd)
  } finally {
    await lock.release()
  }
}

async function runLocked(
  request: LiteimgRequest,
  root: string,
  entries: readonly RoledEntry[],
  furniture: Furniture,
  lockFd: number,
): Promise<LiteimgReport> {
  const isFirst = (await lstatOrMissing(`${root}/.statelite`)) === undefined
  const isOwnDir = (await lstatOrMissing(`${root}/.statelite`))?.isDirectory() === true
  const manifest = isOwnDir ? ((await readManifest(root)) ?? (await adoptManifest(root))) : emptyManifest()
  let changeCount = 0
  const edit = new TreeEdit(
    root,
    (step) => {
      const isOwnRecord = step.rel.startsWith('.statelite/') && (step.verb === 'write' || step.rel === REVISION_REL)
      if (!isOwnRecord) changeCount++
      request.onStep?.(step)
    },
    lockFd,
  )
  const warnings = [...((await request.before?.(edit, request.dryRun === true)) ?? [])]
  const checked = await precheckEntries(root, manifest, entries)
  const plan = decidePlan(manifest, checked.roled)
  const run: LiteRun = { root, edit, manifest, warnings: [...warnings, ...checked.warnings] }
  if (request.dryRun !== true) await carryOut(run, plan, request, furniture)
  const lines = [`Modifying ${request.rootimg} ...`]
  if (isFirst) lines.push(`creating ${request.rootimg}/.statelite`)
  if (request.dryRun === true) lines.push(...renderPlan(plan), `Nothing was changed (dry run).`)
  else lines.push(`Modifying ${request.rootimg} done.`)
  return {
    rootimg: request.rootimg,
    dryRun: request.dryRun === true,
    plan,
    skipped: checked.skipped,
    warnings: run.warnings,
    changeCount,
    lines,
  }
}

async function carryOut(run: LiteRun, plan: LitePlan, request: LiteimgRequest, furniture: Furniture): Promise<void> {
  const { edit, manifest } = run
  const all = [...plan.keep, ...plan.apply]
  await noteTimes(
    run,
    [...plan.revert, ...all].map(({ rel }) => rel),
  )
  await edit.makeDirs('.statelite')
  await edit.makeDirs('.default')
  await removeWork(run)
  // Half-changed images have no revision, so no node accepts them.
  await edit.removeTree(REVISION_REL)
  await writeManifest(run)

  for (const { rel, entry } of plan.revert) await revertEntry(run, rel, entry)
  for (const { rel } of plan.revert) delete manifest.entries[rel]
  await sweepSkeletons(run)
  await pruneCreatedDirs(run)
  for (const entry of plan.apply) await clearTheWay(run, entry)

  for (const entry of plan.keep) await recordIntention(run, entry, 'applied')
  for (const entry of plan.apply) await recordIntention(run, entry, 'applying')
  await writeManifest(run)
  const parentsFirst = all.sort((a, b) => a.rel.split('/').length - b.rel.split('/').length)
  for (const entry of parentsFirst) await applyStructure(run, entry)
  await furnish(run, furniture)
  await pruneCreatedDirs(run)
  await restoreTimes(run)
  for (const entry of parentsFirst) if (entry.role === 'copy') await applyMirror(run, entry)

  for (const [rel, entry] of Object.entries(manifest.entries)) manifest.entries[rel] = { ...entry, state: 'applied' }
  manifest.pendingTimes = Object.create(null)
  await edit.writeFile(LITEFILE_SAVE_REL, renderLitefileSave(request.entries), 0o644)
  await writeManifest(run)
  await edit.writeFile(REVISION_REL, `${request.revision}\n`, 0o644)
}
