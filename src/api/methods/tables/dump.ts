/** tabdump: a table as CSV, and what tables and columns are for. */
import { renderCsv } from '../../../tables/csv.ts'
import { cell, isEnabled, type Row, type TablesView } from '../../../tables/row.ts'
import { columnNames, findColumn, LOG_TABLES, SCHEMAS, type TableSchema, tableSchema } from '../../../tables/schema.ts'
import { OperatorError } from '../../errors.ts'
import { commandResult } from '../../protocol.ts'
import { unknownName } from '../../suggest.ts'
import type { Method } from '../context.ts'

const NAMES = SCHEMAS.map(({ name }) => name)

export const dump: Method<'tables.dump'> = async ({ store }, { table, describe, where = [], newest }) => {
  if (table === undefined) {
    if (!describe) return commandResult(NAMES, NAMES)
    return commandResult(renderDescriptions(SCHEMAS), SCHEMAS)
  }
  const schema = tableSchema(table)
  if (!schema)
    throw unknownName(
      'LB_NO_TABLE',
      describe ? `table ${table} does not exist.` : `No such table: ${table}`,
      table,
      NAMES,
    )
  if (describe) return commandResult(renderDescriptions(schema.columns), schema)
  const tests = where.map((text) => parseWhere(schema, text))
  const rows = LOG_TABLES.has(table)
    ? await (await import('../history/log-tables.ts')).readLog(store, table, newest, tests)
    : tableRows(store, table, newest, tests)
  return commandResult(renderCsv(schema, rows).replace(/\n$/, '').split('\n'), rows)
}

function tableRows(view: TablesView, table: string, newest: number | undefined, tests: readonly RowTest[]): Row[] {
  if (newest !== undefined) throw new OperatorError('LB_USAGE', '-n can only be used with auditlog and eventlog.')
  return view.read(table).filter((row) => tests.every((test) => test(row)))
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
  // The one column that holds numbers only.
  const sortable = (value: string) => (column === 'recid' ? value.padStart(20, '0') : value)
  return (row) => isEnabled(row) && test(sortable(cell(row, column)), sortable(operand))
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
