/** A transaction's view of the tables: copies a table's row list when it is first changed, rows themselves never. */
import { cell, type Row, renderRowKey, type TablesView } from '../tables/row.ts'
import { LOG_TABLES, TABLES, type TableSchema } from '../tables/schema.ts'
import { placeRows, RowHoles } from './row-places.ts'
import { type RowChange, type RowValues, StoreFault, type Transaction } from './store.ts'

/** Where a store writes what a transaction does, in order. */
export interface RowWriter {
  insert(table: TableSchema, row: Row): void
  update(table: TableSchema, before: Row, after: Row): void
  delete(table: TableSchema, row: Row): void
  clear(table: TableSchema): void
}

interface DraftTable {
  readonly schema: TableSchema
  /** Removed rows leave a hole until the table is read, so that positions in `byKey` hold. */
  rows: (Row | undefined)[]
  holes: RowHoles
  byKey: Map<string, number>
  frozen: readonly Row[] | undefined
}

export interface Draft extends Transaction {
  /** Row lists of the tables that were changed. */
  changedTables(): ReadonlyMap<string, readonly Row[]>
}

export function createDraft(base: TablesView, writer: RowWriter): Draft {
  const drafts = new Map<string, DraftTable>()
  const changes: RowChange[] = []

  function draftOf(name: string): DraftTable {
    let draft = drafts.get(name)
    if (!draft) {
      const schema = schemaOf(name)
      const rows = [...base.read(name)]
      draft = { schema, rows, holes: new RowHoles(), byKey: indexByKey(schema, rows), frozen: undefined }
      drafts.set(name, draft)
    }
    return draft
  }

  function matching(draft: DraftTable, keys: RowValues): number[] {
    const columns = Object.keys(keys)
    const { key } = draft.schema
    if (columns.length === key.length && key.every((column) => columns.includes(column))) {
      const position = draft.byKey.get(keyText(draft.schema, keys))
      return position === undefined ? [] : [position]
    }
    const found: number[] = []
    draft.rows.forEach((row, position) => {
      if (row && columns.every((column) => cell(row, column) === (keys[column] ?? ''))) found.push(position)
    })
    return found
  }

  function insert(draft: DraftTable, row: Row): void {
    const key = keyText(draft.schema, row)
    if (draft.byKey.has(key))
      throw new StoreFault(
        'key-taken',
        `table ${draft.schema.name} has a row ${renderRowKey(row, draft.schema.key)} already`,
      )
    draft.byKey.set(key, draft.rows.push(row) - 1)
    draft.frozen = undefined
    writer.insert(draft.schema, row)
    changes.push({ table: draft.schema.name, before: undefined, after: row })
  }

  function update(draft: DraftTable, position: number, values: RowValues): void {
    const before = draft.rows[position] as Row
    const after = makeRow(draft.schema, { ...before, ...values })
    if (draft.schema.columns.every(({ name }) => before[name] === after[name])) return
    const oldKey = keyText(draft.schema, before)
    const newKey = keyText(draft.schema, after)
    if (newKey !== oldKey) {
      if (draft.byKey.has(newKey))
        throw new StoreFault(
          'key-taken',
          `table ${draft.schema.name} has a row ${renderRowKey(after, draft.schema.key)} already`,
        )
      draft.byKey.delete(oldKey)
      draft.byKey.set(newKey, position)
    }
    draft.rows[position] = after
    draft.frozen = undefined
    writer.update(draft.schema, before, after)
    changes.push({ table: draft.schema.name, before, after })
  }

  function arrange(draft: DraftTable, rows: readonly Row[]): void {
    draft.rows = [...rows]
    draft.byKey = indexByKey(draft.schema, draft.rows)
    draft.holes = new RowHoles()
    draft.frozen = undefined
  }

  function read(name: string): readonly Row[] {
    const draft = drafts.get(name)
    if (!draft) {
      schemaOf(name)
      return base.read(name)
    }
    if (!draft.frozen) {
      if (draft.holes.count > 0)
        arrange(
          draft,
          draft.rows.filter((row) => row !== undefined),
        )
      draft.frozen = [...(draft.rows as Row[])]
    }
    return draft.frozen
  }

  return {
    changes,
    read,
    setRows(table, keys, values) {
      const draft = draftOf(table)
      checkColumns(draft.schema, keys, values)
      const found = matching(draft, keys)
      for (const position of found) update(draft, position, values)
      if (found.length > 0) return found.length
      if (Object.values(values).every((value) => value === null || value === '')) return 0
      insert(draft, makeRow(draft.schema, { ...keys, ...values }))
      return 1
    },
    insertRow(table, values) {
      const draft = draftOf(table)
      checkColumns(draft.schema, values)
      insert(draft, makeRow(draft.schema, values))
    },
    deleteRows(table, keys) {
      const draft = draftOf(table)
      checkColumns(draft.schema, keys)
      const found = matching(draft, keys)
      for (const position of found) {
        const row = draft.rows[position] as Row
        const behind = draft.holes.before(draft.rows, position)
        draft.rows[position] = undefined
        draft.holes.count += 1
        draft.frozen = undefined
        draft.byKey.delete(keyText(draft.schema, row))
        writer.delete(draft.schema, row)
        changes.push({ table, before: row, after: undefined, behind })
      }
      return found.length
    },
    replaceTable(table, rows) {
      const draft = draftOf(table)
      checkColumns(draft.schema, ...rows)
      const coming = rows.map((row) => makeRow(draft.schema, row))
      const stays = new Set(coming.map((row) => keyText(draft.schema, row)))
      let behind: Row | undefined
      for (const row of draft.rows) {
        if (!row) continue
        changes.push({ table, before: row, after: undefined, behind })
        if (stays.has(keyText(draft.schema, row))) behind = row
      }
      arrange(draft, [])
      writer.clear(draft.schema)
      for (const row of coming) insert(draft, row)
    },
    moveRows(table, places) {
      const draft = draftOf(table)
      const rows = read(table)
      const moved = placeRows(rows, places, (key) => draft.byKey.get(keyText(draft.schema, key)))
      if (!moved) return
      arrange(draft, moved)
      writer.clear(draft.schema)
      for (const row of moved) writer.insert(draft.schema, row)
    },
    changedTables() {
      const touched = new Set(changes.map(({ table }) => table))
      return new Map([...touched].map((table) => [table, read(table)]))
    },
  }
}

function schemaOf(name: string): TableSchema {
  const schema = TABLES.get(name)
  if (!schema) throw noSuchTable(name)
  return schema
}

export function noSuchTable(name: string): StoreFault {
  if (!LOG_TABLES.has(name)) return new StoreFault('no-such-table', `No such table: ${name}`)
  return new StoreFault('is-log', `${name} is a log: its rows cannot be changed, only removed with tabprune`)
}

function checkColumns(schema: TableSchema, ...records: readonly RowValues[]): void {
  const known = new Set(schema.columns.map(({ name }) => name))
  for (const record of records) {
    const unknown = Object.keys(record).find((column) => !known.has(column))
    if (unknown !== undefined)
      throw new StoreFault('no-such-column', `No column "${unknown}" in table "${schema.name}"`)
  }
}

/** Every column in schema order; unset is null, but '' in the primary key. Required columns are there. */
export function makeRow(schema: TableSchema, values: RowValues): Row {
  const row: Record<string, string | null> = {}
  for (const { name } of schema.columns) {
    const value = values[name] ?? ''
    row[name] = value !== '' || schema.key.includes(name) ? value : null
  }
  const missing = schema.required.find((column) => cell(row, column) === '')
  if (missing !== undefined) {
    const which = renderRowKey(row, schema.key)
    throw new StoreFault('required', `table ${schema.name}, row ${which}: column ${missing} must not be empty`)
  }
  return Object.freeze(row)
}

/** JSON keeps ("a","b") and ("a,b","") apart. */
function keyText(schema: TableSchema, values: RowValues): string {
  const [only, second] = schema.key
  if (only !== undefined && second === undefined) return values[only] ?? ''
  return JSON.stringify(schema.key.map((column) => values[column] ?? ''))
}

function indexByKey(schema: TableSchema, rows: readonly (Row | undefined)[]): Map<string, number> {
  const index = new Map<string, number>()
  rows.forEach((row, position) => {
    if (row) index.set(keyText(schema, row), position)
  })
  return index
}
