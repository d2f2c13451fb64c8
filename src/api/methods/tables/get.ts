/** gettab: one row as it is written, without groups and value patterns. */
import { nearestName } from '../../../tables/nearest-name.ts'
import { cell, isEnabled, type Row } from '../../../tables/row.ts'
import { columnNames, findColumn, LOG_TABLES, TABLE_NAMES, tableSchema } from '../../../tables/schema.ts'
import { OperatorError } from '../../errors.ts'
import { commandResult } from '../../protocol.ts'
import type { Method } from '../context.ts'

interface WantedColumn {
  readonly label: string
  readonly table: string
  readonly column: string
}

/** The first enabled row that has all the keys; no such row prints nothing. */
export const get: Method<'tables.get'> = async ({ store }, { keys: written, columns, withFieldname }) => {
  const keys = parseKeys(written)
  const wanted = columns.map(parseColumn)
  for (const { table } of wanted) requireKeys(table, keys)
  const rows = new Map<string, Row | undefined>()
  for (const { table } of wanted)
    if (!rows.has(table)) {
      const matches = (row: Row) => isEnabled(row) && keys.every(([key, value]) => cell(row, key) === value)
      const found = LOG_TABLES.has(table)
        ? (await (await import('../history/log-tables.ts')).readLog(store, table, undefined, [matches]))[0]
        : store.read(table).find(matches)
      rows.set(table, found)
    }
  const found = wanted.filter(({ table }) => rows.get(table))
  const labelled = withFieldname || wanted.length > 1
  const output = found.map(({ table, column, label }) => {
    const value = cell(rows.get(table) as Row, column)
    return labelled ? `${label}: ${value}` : value
  })
  const values = wanted.map(({ table, column, label }) => [label, rows.get(table)?.[column] || null])
  return commandResult(output, Object.fromEntries(values))
}

function parseKeys(written: string): (readonly [key: string, value: string])[] {
  return written.split(',').map((item) => {
    const at = item.indexOf('=')
    if (at < 1) throw new OperatorError('LB_USAGE', `Incorrect argument "${item}".`)
    return [item.slice(0, at).trim(), item.slice(at + 1)]
  })
}

function parseColumn(label: string): WantedColumn {
  const [table = '', column = '', ...rest] = label.split('.')
  if (rest.length === 0 && findColumn(table, column)) return { label, table, column }
  const schema = tableSchema(table)
  const near = nearestName(schema ? column : table, schema ? columnNames(schema) : TABLE_NAMES)
  const advice = near && `Did you mean ${schema ? `${table}.${near}` : `${near}.${column}`}?`
  throw new OperatorError('LB_BAD_INPUT', `${label} not a valid table.column description`, advice)
}

function requireKeys(table: string, keys: readonly (readonly [string, string])[]): void {
  const unknown = keys.find(([key]) => !findColumn(table, key))
  if (unknown) throw new OperatorError('LB_BAD_INPUT', `Unknown key ${unknown[0]} to ${table}`)
}
