/** Rows of the embedded store: how they are read into memory, and written as a transaction does it. */
import { cell, type Row } from '../tables/row.ts'
import { columnNames, type TableSchema } from '../tables/schema.ts'
import type { RowWriter } from './draft.ts'
import type { Prepare } from './sqlite-history.ts'
import { quoteName } from './sqlite-schema.ts'

export function readRows(prepare: Prepare, schema: TableSchema): readonly Row[] {
  const columns = columnNames(schema)
  const statement = prepare(
    `SELECT ${columns.map(quoteName).join(', ')} FROM ${quoteName(schema.name)} ORDER BY liteboot_order`,
  )
  return statement.all().map((found) => {
    const row: Record<string, string | null> = {}
    for (const column of columns) {
      const value = found[column]
      // A column that another program filled with a number, or with '' for unset, reads as text all the same.
      const text = value === null || value === undefined ? '' : String(value)
      row[column] = text !== '' || schema.key.includes(column) ? text : null
    }
    return Object.freeze(row)
  })
}

export function createRowWriter(prepare: Prepare): RowWriter {
  const keyCondition = ({ key }: TableSchema) => key.map((column) => `${quoteName(column)} = ?`).join(' AND ')
  const keyValues = ({ key }: TableSchema, row: Row) => key.map((column) => cell(row, column))
  return {
    insert: (schema, row) => {
      const columns = columnNames(schema)
      const sql = `INSERT INTO ${quoteName(schema.name)} (${columns.map(quoteName).join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`
      prepare(sql).run(...columns.map((column) => row[column] ?? null))
    },
    update: (schema, before, after) => {
      const columns = columnNames(schema)
      const sql = `UPDATE ${quoteName(schema.name)} SET ${columns.map((column) => `${quoteName(column)} = ?`).join(', ')} WHERE ${keyCondition(schema)}`
      prepare(sql).run(...columns.map((column) => after[column] ?? null), ...keyValues(schema, before))
    },
    delete: (schema, row) => {
      prepare(`DELETE FROM ${quoteName(schema.name)} WHERE ${keyCondition(schema)}`).run(...keyValues(schema, row))
    },
    clear: (schema) => {
      prepare(`DELETE FROM ${quoteName(schema.name)}`).run()
    },
  }
}
