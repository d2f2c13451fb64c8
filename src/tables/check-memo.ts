/** Checks that are as dear as the site is large: done again only when a table they read has changed. */
import { isEnabled, type Row, type TablesView } from './row.ts'

interface Remembered<T> {
  readonly sources: readonly (readonly Row[])[]
  readonly result: T
}

/**
 * Keeps the last two results: the tables before an edit and after it. Row lists are replaced by edits, never changed, so
 * that the same lists mean the same result.
 */
export function rememberCheck<T>(tables: readonly string[], check: (view: TablesView) => T): (view: TablesView) => T {
  let recent: readonly Remembered<T>[] = []
  return (view) => {
    const sources = tables.map((table) => view.read(table))
    const same = (rows: readonly Row[], at: number) =>
      rows === sources[at] || (tables[at] === 'nodelist' && sameMembers(rows, sources[at] ?? []))
    const known = recent.find((each) => each.sources.every(same))
    if (known) return known.result
    const result = check(view)
    recent = [{ sources, result }, ...recent.slice(0, 1)]
    return result
  }
}

/** Booting nodes write their status into nodelist all the time: no check looks at it. */
function sameMembers(some: readonly Row[], others: readonly Row[]): boolean {
  if (some.length !== others.length) return false
  return some.every((row, at) => {
    const other = others[at] as Row
    return (
      row === other || (row.node === other.node && row.groups === other.groups && isEnabled(row) === isEnabled(other))
    )
  })
}
