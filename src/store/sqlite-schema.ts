/** SQL of the embedded store, made from the schema; and how an older file is brought up to it. */
import type { DatabaseSync } from 'node:sqlite'
import { columnNames, LOG_TABLES, TABLES, type TableSchema } from '../tables/schema.ts'
import { openHistory } from './sqlite-history.ts'
import { createLogSql } from './sqlite-logs.ts'
import { StoreFault } from './store.ts'

/** Counts up when the layout changes in a way that adding columns and tables does not cover. */
const FORMAT = 1

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** `liteboot_order` keeps the order in which rows were made: the order tabdump shows. */
function createTableSql(schema: TableSchema): string {
  const columns = columnNames(schema).map(
    (name) => `${quoteName(name)} TEXT${schema.key.includes(name) ? " NOT NULL DEFAULT ''" : ''}`,
  )
  const unique = `UNIQUE (${schema.key.map(quoteName).join(', ')})`
  return `CREATE TABLE ${quoteName(schema.name)} (liteboot_order INTEGER PRIMARY KEY, ${[...columns, unique].join(', ')})`
}

export function migrate(database: DatabaseSync): void {
  const found = Number(database.prepare('PRAGMA user_version').get()?.user_version)
  if (found > FORMAT)
    throw new StoreFault(
      'format',
      `the tables were written by a newer liteboot (format ${found}, this one knows ${FORMAT}); use that version`,
    )
  database.exec('BEGIN IMMEDIATE')
  try {
    database.exec('CREATE TABLE IF NOT EXISTS liteboot_state (revision INTEGER NOT NULL)')
    database.exec('CREATE TABLE IF NOT EXISTS liteboot_tables (name TEXT PRIMARY KEY, revision INTEGER NOT NULL)')
    if (!database.prepare('SELECT 1 FROM liteboot_state').get()) database.exec('INSERT INTO liteboot_state VALUES (0)')
    openHistory(database)
    for (const schema of TABLES.values()) addMissing(database, schema, createTableSql(schema))
    for (const schema of LOG_TABLES.values()) addMissing(database, schema, createLogSql(schema))
    // Written only when it changes: every write makes other processes look for changes.
    if (found !== FORMAT) database.exec(`PRAGMA user_version = ${FORMAT}`)
    database.exec('COMMIT')
  } catch (error) {
    database.exec('ROLLBACK')
    throw error
  }
}

function addMissing(database: DatabaseSync, schema: TableSchema, create: string): void {
  const present = new Set(
    database
      .prepare(`PRAGMA table_info(${quoteName(schema.name)})`)
      .all()
      .map((column) => String(column.name)),
  )
  if (present.size === 0) {
    database.exec(create)
    return
  }
  for (const name of columnNames(schema)) {
    if (!present.has(name)) database.exec(`ALTER TABLE ${quoteName(schema.name)} ADD COLUMN ${quoteName(name)} TEXT`)
  }
}
