/**
 * What a run of liteimg will do, decided from the manifest and the entries alone. Pure; `--dry-run` prints it.
 */
import { compareByComponent, type RoledEntry } from './entry.ts'
import type { Manifest, ManifestEntry } from './manifest.ts'

export interface LitePlan {
  /** Entries to take back, deepest first. */
  readonly revert: readonly { readonly rel: string; readonly entry: ManifestEntry; readonly why: string }[]
  /** Entries to carry out, parents first. */
  readonly apply: readonly RoledEntry[]
  /** Entries that stand as they should; mirrors are still compared with the image. Parents first. */
  readonly keep: readonly RoledEntry[]
}

export function decidePlan(manifest: Manifest, roled: readonly RoledEntry[]): LitePlan {
  const wanted = new Map(roled.map((entry) => [entry.rel, entry]))
  const revert: { rel: string; entry: ManifestEntry; why: string }[] = []
  for (const [rel, entry] of Object.entries(manifest.entries)) {
    const next = wanted.get(rel)
    if (next === undefined) revert.push({ rel, entry, why: 'no longer listed' })
    else if (next.role !== entry.role) revert.push({ rel, entry, why: `${entry.option} becomes ${next.option}` })
    else if (!entry.existed && next.wantsDirectory !== entry.path.endsWith('/'))
      revert.push({ rel, entry, why: `the placeholder becomes ${next.wantsDirectory ? 'a directory' : 'a file'}` })
  }
  const reverted = new Set(revert.map(({ rel }) => rel))
  const isNew = (entry: RoledEntry): boolean => {
    const before = manifest.entries[entry.rel]
    return before === undefined || before.state === 'applying' || reverted.has(entry.rel)
  }
  revert.sort((a, b) => compareByComponent(b.rel, a.rel))
  return { revert, apply: roled.filter(isNew), keep: roled.filter((entry) => !isNew(entry)) }
}

export function renderPlan(plan: LitePlan): string[] {
  const column = (entry: { readonly option: string; readonly path: string }) =>
    `${entry.option.padEnd(13)} ${entry.path}`
  return [
    ...plan.revert.map(({ entry, why }) => `revert ${column(entry)} (${why})`),
    ...plan.apply.map((entry) => `apply  ${column(entry)}`),
    ...plan.keep.map((entry) => `keep   ${column(entry)}`),
  ]
}
