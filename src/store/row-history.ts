/** From what a transaction did, step by step, to what it changed: one entry a row, and none for what came back to be as it was. */
import { cell, type Row } from '../tables/row.ts'
import { TABLES } from '../tables/schema.ts'
import type { RecordedChange } from './history.ts'
import type { RowChange, RowValues } from './store.ts'

type Cells = Record<string, string | null>

/** One row on its way; `undefined` keys: not there. Cells never hold the key's columns. */
interface RowPath {
  readonly table: string
  readonly startKey: RowValues | undefined
  endKey: RowValues | undefined
  /** Was removed once: `before` is the whole row, and a column that is not in it was unset. */
  isWhole: boolean
  before: Cells
  after: Cells
  behind: RowValues | undefined
}

export interface ChangeFold {
  /** Changes that follow those added before, all made at once: rows may have taken each other's keys. */
  add(changes: readonly RecordedChange[]): void
  changes(): RecordedChange[]
}

export function recordChanges(steps: readonly RowChange[]): RecordedChange[] {
  const fold = foldChanges()
  for (const step of steps) fold.add([recordStep(step)])
  return fold.changes()
}

export function foldChanges(): ChangeFold {
  const paths: RowPath[] = []
  const present = new Map<string, RowPath>()
  /** Rows of the beginning that were removed, by the key they had then. */
  const removed = new Map<string, RowPath>()

  function pathOf(change: RecordedChange): RowPath {
    const { table, key, before } = change
    const at = identity(table, key)
    const index = before ? present : removed
    const known = index.get(at)
    index.delete(at)
    if (known) return known
    const path: RowPath = {
      table,
      startKey: before && key,
      endKey: undefined,
      isWhole: false,
      before: {},
      after: {},
      behind: undefined,
    }
    paths.push(path)
    return path
  }

  function lead(path: RowPath, { table, key, before, after, behind }: RecordedChange): void {
    const keyColumns = keyOf(table)
    // What is known of the beginning is never overwritten.
    if (before && path.startKey && !path.isWhole) path.before = { ...without(before, keyColumns), ...path.before }
    if (!after) {
      path.endKey = undefined
      path.isWhole = true
      path.behind = behind
      path.after = {}
      if (path.startKey) removed.set(identity(table, path.startKey), path)
      return
    }
    path.after = { ...path.after, ...without(after, keyColumns) }
    path.endKey = pick({ ...key, ...after }, keyColumns)
    present.set(identity(table, path.endKey), path)
  }

  return {
    add(changes) {
      const found = changes.map((change) => [pathOf(change), change] as const)
      for (const [path, change] of found) lead(path, change)
    },
    changes: () => paths.flatMap(changeOf),
  }
}

function changeOf({ table, startKey, endKey, before, after, behind }: RowPath): RecordedChange[] {
  if (!startKey) return endKey ? [{ table, key: endKey, before: undefined, after: set(after) }] : []
  if (!endKey) return [{ table, key: startKey, before: set(before), after: undefined, ...(behind ? { behind } : {}) }]
  const was: Cells = {}
  const is: Cells = {}
  const compare = (column: string, left: string | null, right: string | null) => {
    if (left === right) return
    was[column] = left
    is[column] = right
  }
  for (const column of Object.keys(startKey)) compare(column, startKey[column] ?? '', endKey[column] ?? '')
  for (const column of Object.keys({ ...before, ...after }))
    compare(column, before[column] ?? null, after[column] ?? null)
  return Object.keys(was).length === 0 ? [] : [{ table, key: startKey, before: was, after: is }]
}

function recordStep({ table, before, after, behind }: RowChange): RecordedChange {
  const keyColumns = keyOf(table)
  const row = before ?? after ?? {}
  const keyIn = (of: Row) => Object.fromEntries(keyColumns.map((column) => [column, cell(of, column)]))
  const key = keyIn(row)
  if (!after) return { table, key, before: before && set(before), after, behind: behind ? keyIn(behind) : {} }
  if (!before) return { table, key, before, after: set(after) }
  const was: Cells = {}
  const is: Cells = {}
  for (const column in after) {
    if (before[column] === after[column]) continue
    was[column] = before[column] ?? null
    is[column] = after[column] ?? null
  }
  return { table, key, before: was, after: is }
}

function keyOf(table: string): readonly string[] {
  return TABLES.get(table)?.key ?? []
}

function identity(table: string, key: RowValues): string {
  return `${table} ${JSON.stringify(Object.values(key))}`
}

function pick(values: RowValues, columns: readonly string[]): Cells {
  return Object.fromEntries(columns.map((column) => [column, values[column] ?? '']))
}

function without(values: RowValues, columns: readonly string[]): Cells {
  const rest: Cells = {}
  for (const column in values) if (!columns.includes(column)) rest[column] = values[column] ?? null
  return rest
}

/** The columns that hold something. */
function set(values: RowValues): Cells {
  const cells: Cells = {}
  for (const column in values) if (values[column]) cells[column] = values[column]
  return cells
}
