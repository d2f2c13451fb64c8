/** tabdump: a table as CSV, and what tables and columns are for. */
import { renderCsv } from '../../../tables/csv.ts'
import { cell, isEnabled, type Row } from '../../../tables/row.ts'
import { columnNames, findColumn, TABLE_NAMES, TABLES, type TableSchema, tableSchema } from '../../../tables/schema.ts'
import { OperatorError } from '../../errors.ts'
import { commandResult } from '../../protocol.ts'
import { unknownName } from '../../suggest.ts'
import type { Method } from '../context.ts'

export const dump: Method<'tables.dump'> = ({ store }, { table, describe, where = [] }) => {
  if (table === undefined) {
    if (!describe) return commandResult(TABLE_NAMES, TABLE_NAMES)
    return commandResult(renderDescriptions([...TABLES.values()]), [...TABLES.values()])
  }
  const schema = tableSchema(table)
  if (!schema)
    throw unknownName(
      'LB_NO_TABLE',
      describe ? `table ${table} does not exist.` : `No such table: ${table}`,
      table,
      TABLE_NAMES,
    )
  if (describe) return commandResult(renderDescriptions(schema.columns), schema)
  const tests = where.map((text) => parseWhere(schema, text))
  const rows = store.read(table).filter((row) => tests.every((test) => test(row)))
  return commandResult(renderCsv(schema, rows).replace(/\n$/, '').split('\n'), rows)
}

/** `name:<TAB>text` blocks; short names get a second tab, so that the texts line up. */
function renderDescriptions(items: readonly { readonly name: string; readonly description: string }[]): string[] {
  return items.flatMap(({ name, description }) => [`${name}:${name.length < 7 ? '\t\t' : '\t'}${description}`, ''])
}

type RowTest = (row: Row) => boolean

const TESTS: Readonly<Record<string, (value: string, operand: string) => boolean>> = {
  '==': (value, operand) => value === operand,
  '!=': (value, operand) => value !== operand,
  '>': (value, operand) => value > operand,
  '>=': (value, operand) => value >= operand,
  '<': (value, operand) => value < operand,
  '<=': (value, operand) => value <= operand,
}

/** tabdump -w: `=~` and `!~` take wildcards, as SQL's LIKE does; disabled rows are left out. */
function parseWhere(schema: TableSchema, text: string): RowTest {
  const match = /^([A-Za-z_-]+)(==|!=|=~|!~|>=|<=|>|<)(.*)$/s.exec(text)
  if (!match) throw new OperatorError('LB_BAD_INPUT', `Unsupported operator:${text} on -w flag input`)
  const [, column = '', operator = '', operand = ''] = match
  if (!findColumn(schema.name, column)) {
    throw unknownName('LB_BAD_INPUT', `No column "${column}" in table "${schema.name}"`, column, columnNames(schema))
  }
  const test = TESTS[operator] ?? like(operand, operator === '=~')
  return (row) => isEnabled(row) && test(cell(row, column), operand)
}

/** `%` any text, `_` any one character, upper and lower case alike. */
function like(pattern: string, wanted: boolean): (value: string) => boolean {
  const source = pattern
    .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll('%', '.*')
    .replaceAll('_', '.')
  const expression = new RegExp(`^${source}$`, 'isu')
  return (value) => expression.test(value) === wanted
}
