/** tabdump, tabrestore, chtab. */
import { z } from 'zod'
import { parseCsv, renderCsv } from '../../tables/csv.ts'
import { cell, isEnabled, type Row } from '../../tables/row.ts'
import { findColumn, TABLE_NAMES, TABLES, type TableSchema, tableSchema } from '../../tables/schema.ts'
import { OperatorError } from '../errors.ts'
import { type CommandResult, commandResult } from '../protocol.ts'
import { edit, live, method, warningsOf } from './context.ts'

function schemaOf(name: string): TableSchema {
  const schema = tableSchema(name)
  if (!schema) throw new OperatorError('LB_NO_TABLE', `No such table: ${name}`)
  return schema
}

/** `name:<TAB>text` blocks; short names get a second tab, so that the texts line up. */
function describe(items: readonly { readonly name: string; readonly description: string }[]): string[] {
  return items.flatMap(({ name, description }) => [`${name}:${name.length < 7 ? '\t\t' : '\t'}${description}`, ''])
}

type RowTest = (row: Row) => boolean

/** tabdump -w: `=~` and `!~` take % wildcards, as in SQL LIKE; disabled rows are left out. */
function parseWhere(schema: TableSchema, text: string): RowTest {
  const match = /^([A-Za-z_-]+)(==|!=|=~|!~|>=|<=|>|<)(.*)$/s.exec(text)
  if (!match) throw new OperatorError('LB_BAD_INPUT', `Unsupported operator:${text} on -w flag input`)
  const [, column = '', operator = '', operand = ''] = match
  if (!findColumn(schema.name, column)) {
    throw new OperatorError('LB_BAD_INPUT', `No column "${column}" in table "${schema.name}"`)
  }
  const like = new RegExp(
    `^${operand
      .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
      .replaceAll('%', '.*')
      .replaceAll('_', '.')}$`,
    'is',
  )
  const tests: Record<string, (value: string) => boolean> = {
    '==': (value) => value === operand,
    '!=': (value) => value !== operand,
    '=~': (value) => like.test(value),
    '!~': (value) => !like.test(value),
    '>': (value) => value > operand,
    '>=': (value) => value >= operand,
    '<': (value) => value < operand,
    '<=': (value) => value <= operand,
  }
  const test = tests[operator]
  return (row) => isEnabled(row) && test?.(cell(row, column)) === true
}

export const dump = method(
  z.object({ table: z.string().optional(), describe: z.boolean(), where: z.array(z.string()) }),
  ({ store }, { table, describe: described, where }) => {
    if (table === undefined) {
      return described
        ? commandResult(describe([...TABLES.values()]), Object.fromEntries(TABLES))
        : commandResult(TABLE_NAMES, TABLE_NAMES)
    }
    const schema = schemaOf(table)
    if (described) return commandResult(describe(schema.columns), schema)
    const tests = where.map((text) => parseWhere(schema, text))
    const rows = store.read(table).filter((row) => tests.every((test) => test(row)))
    return commandResult(renderCsv(schema, rows).trimEnd().split('\n'), rows)
  },
)

export const restore = method(
  z.object({ table: z.string(), csv: z.string(), append: z.boolean() }),
  async (context, params) => {
    const schema = tableSchema(params.table)
    if (!schema) return commandResult([], null, [`Error: Unable to open ${params.table}`], 4)
    const parsed = parseCsv(schema, params.csv)
    if ('fault' in parsed) return commandResult([], null, [`Error: ${parsed.fault}`], parsed.exitStatus)
    const outcome = edit(context, (transaction) => {
      if (!params.append) transaction.replaceTable(params.table, parsed.rows)
      else for (const row of parsed.rows) transaction.insertRow(params.table, row)
    })
    await live(context, outcome)
    return commandResult([], { rows: parsed.rows.length }, warningsOf(outcome))
  },
)

/** `a=b,c=d` → columns; a key value has no comma in it. */
function parseKeys(word: string): Record<string, string> {
  const keys: Record<string, string> = {}
  for (const item of word.split(',')) {
    const at = item.indexOf('=')
    if (at < 1)
      throw new OperatorError(
        'LB_USAGE',
        `Incorrect argument "${item}".`,
        'Write the key as column=value[,column=value].',
      )
    keys[item.slice(0, at).trim()] = item.slice(at + 1)
  }
  return keys
}

interface Assignment {
  readonly table: string
  readonly column: string
  readonly splice: boolean
  readonly value: string
}

function parseAssignment(word: string): Assignment | undefined {
  const match = /^([A-Za-z_]+)\.([A-Za-z_-]+)(\+?=)(.*)$/s.exec(word)
  if (!match) return undefined
  const [, table = '', column = '', operator, value = ''] = match
  schemaOf(table)
  if (!findColumn(table, column))
    throw new OperatorError('LB_BAD_INPUT', `${table}.${column} not a valid table.column description`)
  return { table, column, splice: operator === '+=', value }
}

function splice(present: string, items: string): string {
  const list = present === '' ? [] : present.split(',')
  for (const item of items.split(',')) if (!list.includes(item)) list.push(item)
  return list.join(',')
}

export const change = method(
  z.object({ words: z.array(z.string()), delete: z.boolean() }),
  async (context, params): Promise<CommandResult> => {
    const [first, ...others] = params.words
    if (first === undefined) throw new OperatorError('LB_USAGE', 'chtab needs a key and what to change')
    if (params.delete) {
      if (others.length === 0) throw new OperatorError('LB_USAGE', 'name the table to delete from')
      const keys = parseKeys(first)
      const outcome = edit(context, (transaction) =>
        others
          .map((table) => transaction.deleteRows(schemaOf(table).name, keys))
          .reduce((sum, count) => sum + count, 0),
      )
      await live(context, outcome)
      return commandResult([], { deleted: outcome.result }, warningsOf(outcome))
    }
    // Without a key the words describe a new row.
    const keyless = parseAssignment(first) !== undefined
    const keys = keyless ? {} : parseKeys(first)
    const assignments = (keyless ? params.words : others).map((word) => {
      const assignment = parseAssignment(word)
      if (!assignment)
        throw new OperatorError('LB_USAGE', `Incorrect argument "${word}".`, 'Write it as table.column=value.')
      return assignment
    })
    if (assignments.length === 0) throw new OperatorError('LB_USAGE', 'nothing to change: write table.column=value')
    const outcome = edit(context, (transaction) => {
      for (const table of new Set(assignments.map((assignment) => assignment.table))) {
        const present = transaction
          .read(table)
          .find((row) => Object.entries(keys).every(([name, value]) => cell(row, name) === value))
        const values: Record<string, string> = {}
        for (const { column, splice: spliced, value } of assignments.filter(
          (assignment) => assignment.table === table,
        )) {
          values[column] = spliced ? splice(present ? cell(present, column) : '', value) : value
        }
        if (keyless) transaction.insertRow(table, values)
        else transaction.setRows(table, keys, values)
      }
    })
    await live(context, outcome)
    return commandResult([], { changes: outcome.changes.length }, warningsOf(outcome))
  },
)
