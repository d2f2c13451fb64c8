/** Adding rows to a table so that no check has a word to say: the entries there are, and whether one more fits. */
import type { LitefileRow } from '../cluster/model.ts'
import { type Entry, type ImageSelector, litefileRowName, selectEntries } from './entries.ts'
import { renderFinding } from './finding.ts'
import { checkEntries } from './matrix.ts'
import type { EntryOption } from './options.ts'
import { ancestorsOf, withoutTrailingSlash } from './paths.ts'

/** Entries by path without the slash. */
export type EntriesByPath = ReadonlyMap<string, Entry>

const READ_ONLY: readonly EntryOption[] = ['ro', 'link,ro']

function nearestEntry(path: string, entries: EntriesByPath): Entry | undefined {
  for (const each of [path, ...ancestorsOf(path)]) {
    const entry = entries.get(withoutTrailingSlash(each))
    if (entry !== undefined) return entry
  }
  return undefined
}

/** An entry takes what is written there. */
export function isCovered(path: string, entries: EntriesByPath): boolean {
  const entry = nearestEntry(path, entries)
  return entry !== undefined && !READ_ONLY.includes(entry.option)
}

/** Somebody decided that it is not to be written. */
export function isRefusedByRow(path: string, entries: EntriesByPath): string | undefined {
  const entry = nearestEntry(path, entries)
  return entry !== undefined && READ_ONLY.includes(entry.option)
    ? `read-only on purpose (${litefileRowName(entry.row)})`
    : undefined
}

export interface RowSet {
  entries(): EntriesByPath
  rows(): readonly LitefileRow[]
  /** The row, if the entries of the image stay without fault; else nothing changes. */
  add(path: string, option: EntryOption): LitefileRow | undefined
}

export function openRowSet(image: ImageSelector, rows: readonly LitefileRow[], imageCell: string): RowSet {
  let current = rows
  const look = (all: readonly LitefileRow[]) => {
    const { entries, findings } = selectEntries(image, all)
    const errors = [...findings, ...checkEntries(entries)].filter(({ severity }) => severity === 'error')
    return { entries, faults: new Set(errors.map(renderFinding)) }
  }
  let known = look(current)
  let byPath: EntriesByPath = indexed(known.entries)
  return {
    entries: () => byPath,
    rows: () => current,
    add(path, option) {
      if (byPath.has(withoutTrailingSlash(path))) return undefined
      const row = { image: imageCell, file: path, options: option }
      const next = look([...current, row])
      // Faults that are there already are not ours.
      if ([...next.faults].some((fault) => !known.faults.has(fault))) return undefined
      if (!next.entries.some((entry) => entry.row === row)) return undefined
      current = [...current, row]
      known = next
      byPath = indexed(next.entries)
      return row
    },
  }
}

function indexed(entries: readonly Entry[]): EntriesByPath {
  return new Map(entries.map((entry) => [withoutTrailingSlash(entry.path), entry]))
}
