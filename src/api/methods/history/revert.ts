/**
 * Takes a transaction's changes back, as far as nobody has changed the same cells since. A row that was removed comes back
 * to its place; when the row before it is not there any more, to the end of its table. What stands in the way is reported, and then nothing is done, unless it is forced.
 */
import type { RecordedChange } from '../../../store/history.ts'
import type { RowPlace, RowValues, Transaction } from '../../../store/store.ts'
import { cell, type Row } from '../../../tables/row.ts'
import { tableSchema } from '../../../tables/schema.ts'

export interface Conflict {
  readonly change: RecordedChange
  /** undefined: the row is not there. */
  readonly row: Row | undefined
  /** Cells that are neither as the transaction left nor as it found them. */
  readonly columns: readonly string[]
}

/** Of nodelist, written by the server as nodes boot: what stands there since then is nobody's edit. */
const STATUS_COLUMNS: ReadonlySet<string> = new Set([
  'status',
  'statustime',
  'appstatus',
  'appstatustime',
  'updatestatus',
  'updatestatustime',
])

interface Plan {
  readonly conflicts: Conflict[]
  readonly removals: { readonly table: string; readonly key: RowValues }[]
  readonly updates: { readonly table: string; readonly key: RowValues; readonly values: RowValues }[]
  /** Rows to come back; whether their keys are free is known when all removals are. */
  readonly returns: RecordedChange[]
  readonly additions: { readonly table: string; readonly values: RowValues; readonly place?: RowPlace }[]
  readonly leaving: Set<Row>
  /** Rows that get their old key back, where they stand. */
  readonly renamed: Map<Row, { readonly table: string; readonly key: RowValues }>
  readonly find: FindRow
  /** Also over later changes; a row that is gone stays gone. */
  readonly force: boolean
}

/** Returns what stands in the way; without `force`, nothing was done then. */
export function revertChanges(
  transaction: Transaction,
  changes: readonly RecordedChange[],
  force: boolean,
): readonly Conflict[] {
  const find = createRowFinder(transaction)
  const plan: Plan = {
    conflicts: [],
    removals: [],
    updates: [],
    returns: [],
    additions: [],
    leaving: new Set(),
    renamed: new Map(),
    find,
    force,
  }
  for (const change of changes) {
    if (!change.after) plan.returns.push(change)
    else if (!change.before) planRemoval(plan, change)
    else planUpdate(plan, change)
  }
  for (const change of plan.returns) planReturn(plan, change)
  if (plan.conflicts.length > 0 && !force) return plan.conflicts
  const places = placesOf(plan, transaction)
  // Keys are free before they are taken again, however rows were renamed.
  for (const { table, key } of plan.removals) transaction.deleteRows(table, key)
  for (const { table, key, values } of plan.updates) transaction.setRows(table, key, values)
  for (const { table, values } of plan.additions) transaction.insertRow(table, values)
  for (const [table, rows] of places) transaction.moveRows(table, rows)
  return plan.conflicts
}

/** The row was added. Gone again: that is what is wanted. */
function planRemoval(plan: Plan, change: RecordedChange): void {
  const { table, key, after = {} } = change
  const row = plan.find(table, key)
  if (!row) return
  const columns = differing(table, row, after).filter((column) => !isStatus(table, column))
  if (columns.length > 0) plan.conflicts.push({ change, row, columns })
  remove(plan, table, key, row)
}

function planUpdate(plan: Plan, change: RecordedChange): void {
  const { table, key, before = {}, after = {} } = change
  const keyNow = keyAfter(change)
  const moved = Object.keys(key).some((column) => column in after)
  const row = plan.find(table, keyNow)
  if (!row) {
    // Also when a row of the old name is there again: whether it is the same one, nobody knows.
    plan.conflicts.push({ change, row, columns: [] })
    return
  }
  const isOthers = (column: string) => !same(row, after, column) && !same(row, before, column)
  const columns = Object.keys(after).filter(
    (column) => !(column in key || (isStatus(table, column) && isOthers(column))),
  )
  const conflicting = columns.filter(isOthers)
  if (conflicting.length > 0) plan.conflicts.push({ change, row, columns: conflicting })
  const values = Object.fromEntries(columns.map((column) => [column, before[column] ?? null]))
  if (!moved) {
    plan.updates.push({ table, key: keyNow, values })
    return
  }
  remove(plan, table, keyNow, row)
  plan.renamed.set(row, { table, key })
  plan.returns.push({ table, key, before: { ...row, ...values, ...key }, after: undefined })
}

/** The row was removed, or had this key. */
function planReturn(plan: Plan, change: RecordedChange): void {
  const { table, key, before = {} } = change
  const row = plan.find(table, key)
  if (row && !plan.leaving.has(row)) {
    const columns = differing(table, row, before)
    if (columns.length === 0) return
    plan.conflicts.push({ change, row, columns })
    remove(plan, table, key, row)
  }
  const place = change.behind && { place: { key, behind: change.behind } }
  plan.additions.push({ table, values: { ...before, ...key }, ...place })
}

/** Where rows come to stand that are made anew: those of a new name where they are, and those that were removed. */
function placesOf({ renamed, leaving, additions }: Plan, transaction: Transaction): Map<string, RowPlace[]> {
  const places = new Map<string, RowPlace[]>()
  for (const table of new Set([...renamed.values(), ...additions].map(({ table }) => table))) {
    const found: RowPlace[] = []
    let behind: RowValues = {}
    for (const row of transaction.read(table)) {
      const key = renamed.get(row)?.key
      if (key) found.push({ key, behind })
      else if (!leaving.has(row)) behind = keyOf(table, row)
    }
    // The last that went comes back first: then each finds the row that stayed when it went.
    found.reverse()
    for (const { table: its, place } of additions.toReversed()) if (place && its === table) found.push(place)
    places.set(table, found)
  }
  return places
}

function keyOf(table: string, row: Row): RowValues {
  return Object.fromEntries((tableSchema(table)?.key ?? []).map((column) => [column, cell(row, column)]))
}

function isStatus(table: string, column: string): boolean {
  return table === 'nodelist' && STATUS_COLUMNS.has(column)
}

function remove(plan: Plan, table: string, key: RowValues, row: Row): void {
  plan.leaving.add(row)
  plan.removals.push({ table, key })
}

export function keyAfter({ key, after }: RecordedChange): RowValues {
  return Object.fromEntries(Object.keys(key).map((column) => [column, after?.[column] ?? key[column] ?? '']))
}

function same(row: Row, values: RowValues, column: string): boolean {
  return cell(row, column) === (values[column] ?? '')
}

/** Columns outside the key in which the row is not as it was left. */
function differing(table: string, row: Row, values: RowValues): string[] {
  const key = tableSchema(table)?.key ?? []
  return Object.keys(row).filter((column) => !key.includes(column) && !same(row, values, column))
}

type FindRow = (table: string, key: RowValues) => Row | undefined

/** Rows as they are before anything is taken back, each table looked through once. */
function createRowFinder(transaction: Transaction): FindRow {
  const tables = new Map<string, ReadonlyMap<string, Row>>()
  const identity = (table: string, key: RowValues) =>
    JSON.stringify((tableSchema(table)?.key ?? []).map((column) => key[column] ?? ''))
  return (table, key) => {
    let rows = tables.get(table)
    if (!rows) {
      rows = new Map(transaction.read(table).map((row) => [identity(table, row), row]))
      tables.set(table, rows)
    }
    return rows.get(identity(table, key))
  }
}
