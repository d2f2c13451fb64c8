/** chtab: rows written column by column, as every xCAT writer does: change all rows that match, else add one. */
import type { Transaction } from '../../../store/store.ts'
import { cell, type Row } from '../../../tables/row.ts'
import { columnNames, findColumn, TABLE_NAMES, tableSchema } from '../../../tables/schema.ts'
import { OperatorError } from '../../errors.ts'
import { type CommandResult, commandResult } from '../../protocol.ts'
import { unknownName } from '../../suggest.ts'
import type { Method, MethodContext } from '../context.ts'
import { edit } from '../edit.ts'

export const change: Method<'tables.change'> = (context, params) => {
  const [first, ...others] = params.words
  if (first === undefined) throw new OperatorError('LB_USAGE', 'chtab needs a key and what to change.')
  return params.delete ? deleteRows(context, parseKeys(first), others) : setRows(context, first, others)
}

/** Deleting nothing is success: the row is not there, which is what was asked for. */
async function deleteRows(context: MethodContext, keys: Keys, tables: readonly string[]): Promise<CommandResult> {
  if (tables.length === 0) throw new OperatorError('LB_USAGE', 'Name the table to delete from.')
  for (const table of tables) requireColumns(table, Object.keys(keys))
  const { result, snapshot, warnings } = await edit(context, (transaction) =>
    tables.map((table) => transaction.deleteRows(table, keys)).reduce((sum, count) => sum + count, 0),
  )
  return commandResult([], { changes: result, snapshot }, warnings)
}

async function setRows(context: MethodContext, first: string, others: readonly string[]): Promise<CommandResult> {
  // Without a key the words describe a new row.
  const isNew = parseAssignment(first) !== undefined
  const keys = isNew ? {} : parseKeys(first)
  const byTable = Map.groupBy((isNew ? [first, ...others] : others).map(requireAssignment), ({ table }) => table)
  for (const table of byTable.keys()) requireColumns(table, Object.keys(keys))
  if (byTable.size === 0) throw new OperatorError('LB_USAGE', 'Nothing to change: write table.column=value.')
  const { changes, snapshot, warnings } = await edit(context, (transaction) => {
    for (const [table, assignments] of byTable) {
      if (isNew) transaction.insertRow(table, valuesFor(undefined, assignments))
      else setTable(transaction, table, keys, assignments)
    }
  })
  return commandResult([], { changes, snapshot }, warnings)
}

type Keys = Readonly<Record<string, string>>

interface Assignment {
  readonly table: string
  readonly column: string
  /** `+=`: items are added to the list that is there. */
  readonly isSplice: boolean
  readonly value: string
}

function setTable(transaction: Transaction, table: string, keys: Keys, assignments: readonly Assignment[]): void {
  const hasSplice = assignments.some(({ isSplice }) => isSplice)
  const matches = (row: Row) => Object.entries(keys).every(([column, value]) => cell(row, column) === value)
  const matching = hasSplice ? transaction.read(table).filter(matches) : []
  if (matching.length === 0) transaction.setRows(table, keys, valuesFor(undefined, assignments))
  // Every row has a list of its own.
  const primary = tableSchema(table)?.key ?? []
  for (const row of matching) {
    const rowKey = Object.fromEntries(primary.map((column) => [column, cell(row, column)]))
    transaction.setRows(table, rowKey, valuesFor(row, assignments))
  }
}

function valuesFor(row: Row | undefined, assignments: readonly Assignment[]): Record<string, string> {
  const values = assignments.map(({ column, value, isSplice }) => {
    const present = isSplice && row ? cell(row, column) : ''
    return [column, isSplice ? splice(present, value) : value] as const
  })
  return Object.fromEntries(values)
}

function splice(present: string, items: string): string {
  const list = present === '' ? [] : present.split(',')
  for (const item of items.split(',')) if (!list.includes(item)) list.push(item)
  return list.join(',')
}

/** `a=b,c=d` → columns; a key value has no comma in it. */
function parseKeys(word: string): Keys {
  const keys: Record<string, string> = {}
  for (const item of word.split(',')) {
    const at = item.indexOf('=')
    if (at < 1) throw new OperatorError('LB_USAGE', `Incorrect argument "${item}".`)
    keys[item.slice(0, at).trim()] = item.slice(at + 1)
  }
  return keys
}

function parseAssignment(word: string): Assignment | undefined {
  const [, table, column, operator, value = ''] = /^([A-Za-z_]+)\.([A-Za-z_-]+)(\+?=)(.*)$/s.exec(word) ?? []
  if (table === undefined || column === undefined) return undefined
  return { table, column, isSplice: operator === '+=', value }
}

function requireAssignment(word: string): Assignment {
  const assignment = parseAssignment(word)
  if (!assignment) throw new OperatorError('LB_USAGE', `Incorrect argument "${word}".`)
  const { table, column } = assignment
  const schema = tableSchema(table)
  if (schema && !findColumn(table, column)) {
    const message = `${table}.${column} not a valid table.column description`
    throw unknownName('LB_BAD_INPUT', message, column, columnNames(schema))
  }
  requireColumns(table, [])
  return assignment
}

function requireColumns(table: string, columns: readonly string[]): void {
  const schema = tableSchema(table)
  if (!schema) throw unknownName('LB_NO_TABLE', `Table ${table} does not exist.`, table, TABLE_NAMES)
  const unknown = columns.find((column) => !findColumn(table, column))
  if (unknown !== undefined)
    throw unknownName('LB_BAD_INPUT', `No column "${unknown}" in table "${table}"`, unknown, columnNames(schema))
}
