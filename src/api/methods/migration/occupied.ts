/** Tables that have rows already: a whole site is never loaded over another one without being told to. */
import type { Row, TablesView } from '../../../tables/row.ts'
import { OperatorError } from '../../errors.ts'

interface Arriving {
  readonly schema: { readonly name: string }
  readonly rows: readonly Row[]
}

/** @throws OperatorError naming the tables */
export function refuseOccupied(view: TablesView, arriving: readonly Arriving[], advice: string): void {
  const occupied = arriving
    .filter(({ schema, rows }) => rows.length > 0 && view.read(schema.name).length > 0)
    .filter(({ schema, rows }) => !sameRows(rows, view.read(schema.name)))
    .map(({ schema }) => schema.name)
  if (occupied.length === 0) return
  const names = occupied.length === 1 ? `table ${occupied[0]} has` : `tables ${occupied.join(', ')} have`
  throw new OperatorError('LB_BAD_INPUT', `${names} rows already; nothing was changed`, advice)
}

function sameRows(some: readonly Row[], others: readonly Row[]): boolean {
  return some.length === others.length && some.every((row, at) => sameRow(row, others[at] ?? {}))
}

function sameRow(row: Row, other: Row): boolean {
  return Object.keys({ ...row, ...other }).every((column) => (row[column] || '') === (other[column] || ''))
}
