/** The tables as they will be after the import, while it is worked out: every change of a row is accounted for. */
import { cell, isEnabled, type Row, renderRowKey, type TablesView } from '../row.ts'
import { TABLES, type TableSchema } from '../schema.ts'
import { isSecret } from '../secrets.ts'
import type { EntryKind, ImportEntry, ImportReport, TableCount } from './import-report.ts'
import type { Dump } from './read-dump.ts'

/** What happens to the rows that the tables of the dump have here already. */
export type ImportMode = 'replace' | 'merge'

export interface ImportedRow {
  readonly schema: TableSchema
  /** As it stands in the dump; undefined: made by the import. */
  readonly original: Row | undefined
  /** Of the current row, and of the last one when it is not kept. */
  key: string
  /** undefined: not kept. */
  current: Row | undefined
  fate: 'kept' | 'translated' | 'in part' | 'not kept'
}

export class ImportedTables implements TablesView {
  readonly entries: ImportEntry[]
  readonly mode: ImportMode
  /** As the tables are before the import. */
  readonly base: TablesView
  readonly #dump: Dump
  readonly #rows = new Map<string, ImportedRow[]>()
  readonly #byKey = new Map<string, Map<string, ImportedRow>>()
  readonly #views = new Map<string, readonly Row[]>()
  readonly #standing = new Map<string, ReadonlyMap<string, Row>>()

  constructor(dump: Dump, base: TablesView, mode: ImportMode) {
    this.#dump = dump
    this.base = base
    this.mode = mode
    this.entries = [...dump.entries]
    for (const { schema, rows } of dump.tables) {
      const imported = rows.map((row): ImportedRow => {
        const key = renderRowKey(row, schema.key)
        return { schema, original: row, key, current: row, fate: 'kept' }
      })
      this.#rows.set(schema.name, imported)
      this.#byKey.set(schema.name, new Map(imported.map((row) => [row.key, row])))
    }
  }

  /** Tables that the dump has, or that the import added rows to. */
  get tables(): readonly string[] {
    return [...this.#rows.keys()]
  }

  rows(table: string): readonly ImportedRow[] {
    return this.#rows.get(table) ?? []
  }

  row(table: string, key: string): ImportedRow | undefined {
    return this.#byKey.get(table)?.get(key)
  }

  /** Rows that are kept and not disabled. */
  enabled(table: string): readonly (ImportedRow & { readonly current: Row })[] {
    return this.rows(table).filter(
      (row): row is ImportedRow & { readonly current: Row } => row.current !== undefined && isEnabled(row.current),
    )
  }

  read(table: string): readonly Row[] {
    let view = this.#views.get(table)
    if (!view) {
      view = this.#merged(table)
      this.#views.set(table, view)
    }
    return view
  }

  #merged(table: string): readonly Row[] {
    const imported = this.#rows.get(table)
    if (!imported) return this.base.read(table)
    const rows = imported.flatMap(({ current }) => (current ? [current] : []))
    if (this.mode === 'replace' && this.#dump.tables.some(({ schema }) => schema.name === table)) return rows
    const base = this.base.read(table)
    const schema = TABLES.get(table)
    if (!schema) return base
    const merged = new Map(base.map((row) => [renderRowKey(row, schema.key), row]))
    for (const row of rows) {
      const key = renderRowKey(row, schema.key)
      const before = merged.get(key)
      merged.set(key, before ? overlay(before, row) : row)
    }
    return [...merged.values()]
  }

  /** The row that stands here already and stays. */
  standing(table: string, key: string): Row | undefined {
    if (this.mode === 'replace' && this.#dump.tables.some(({ schema }) => schema.name === table)) return undefined
    let rows = this.#standing.get(table)
    if (!rows) {
      const { key: columns = [] } = TABLES.get(table) ?? {}
      rows = new Map(this.base.read(table).map((row) => [renderRowKey(row, columns), row]))
      this.#standing.set(table, rows)
    }
    return rows.get(key)
  }

  note(table: string, row: string, what: string, why: string): void {
    this.#say('note', table, row, what, why)
  }

  /** Nodes see no difference. */
  translate(row: ImportedRow, values: Readonly<Record<string, string | null>>, what: string, why: string): void {
    this.#say('translated', row.schema.name, row.key, what, why)
    if (row.fate === 'kept') row.fate = 'translated'
    this.#set(row, values)
  }

  /** Had no effect on nodes, and has none now: kept for the administrator. */
  setAside(row: ImportedRow, why: string): void {
    if (this.standing(row.schema.name, row.key)) {
      this.translate(row, {}, 'left out', `${why}; the row that is here stays as it is`)
      row.current = undefined
      this.#views.delete(row.schema.name)
    } else this.translate(row, withComment(row, { disable: '1' }, why), 'kept disabled', why)
  }

  /** Counts no more. A row that stands here under the same key is left as it is. */
  disable(row: ImportedRow, why: string): void {
    if (this.standing(row.schema.name, row.key)) {
      this.drop(row, `${why}; the row that is here stays as it is`)
      return
    }
    this.#say('lost', row.schema.name, row.key, 'kept disabled', why)
    row.fate = 'in part'
    this.#set(row, withComment(row, { disable: '1' }, why))
  }

  /** @param instead what stands in the cell from now on */
  loseCell(row: ImportedRow, column: string, why: string, instead: string | null = null): void {
    const isOwn = row.current !== undefined && cell(row.current, column) !== ''
    const value = row.current && isOwn ? shownCell(row.schema.name, column, row.current) : 'of its groups'
    const what = instead === null ? `${column} ${value} left out` : `${column} ${value} → "${instead}"`
    this.#say('lost', row.schema.name, row.key, what, why)
    row.fate = 'in part'
    this.#set(row, { [column]: instead })
  }

  drop(row: ImportedRow, why: string): void {
    this.#say('lost', row.schema.name, row.key, 'left out', why)
    row.fate = 'not kept'
    row.current = undefined
    this.#views.delete(row.schema.name)
  }

  /** A disabled row has to make room for one that counts. */
  empty(row: ImportedRow, why: string): void {
    this.#say('lost', row.schema.name, row.key, 'the disabled row is emptied', why)
    row.fate = 'in part'
    const { columns, key } = row.schema
    this.#set(row, Object.fromEntries(columns.flatMap(({ name }) => (key.includes(name) ? [] : [[name, null]]))))
  }

  /** A row that no dump has. Says nothing: the caller knows what it is for. */
  add(table: string, values: Readonly<Record<string, string>>): ImportedRow {
    const schema = TABLES.get(table)
    if (!schema) throw new Error(`no table ${table}`)
    const row = Object.freeze(Object.fromEntries(schema.columns.map(({ name }) => [name, values[name] ?? null])))
    const imported: ImportedRow = {
      schema,
      original: undefined,
      key: renderRowKey(row, schema.key),
      current: row,
      fate: 'translated',
    }
    const rows = this.#rows.get(table)
    if (rows) rows.push(imported)
    else this.#rows.set(table, [imported])
    this.#index(imported)
    this.#views.delete(table)
    return imported
  }

  report(): ImportReport {
    const counts = this.#dump.tables.map(({ schema, source, read }): TableCount => {
      const fates = this.rows(schema.name).filter(({ original }) => original !== undefined)
      const count = (fate: ImportedRow['fate']) => fates.filter((row) => row.fate === fate).length
      const stored = { kept: count('kept'), translated: count('translated'), inPart: count('in part') }
      const notKept = read - stored.kept - stored.translated - stored.inPart
      return { table: schema.name, source, read, ...stored, notKept }
    })
    const unknown = this.#dump.unknown.map(
      ({ table, source, read }): TableCount => ({
        table,
        source,
        read,
        kept: 0,
        translated: 0,
        inPart: 0,
        notKept: read,
      }),
    )
    const tables = [...counts, ...unknown].filter(({ read }) => read > 0).sort((a, b) => (a.table < b.table ? -1 : 1))
    return { tables, entries: this.entries }
  }

  #set(row: ImportedRow, values: Readonly<Record<string, string | null>>): void {
    if (!row.current) return
    row.current = Object.freeze({ ...row.current, ...values })
    this.#views.delete(row.schema.name)
    const key = renderRowKey(row.current, row.schema.key)
    if (key === row.key) return
    this.#byKey.get(row.schema.name)?.delete(row.key)
    row.key = key
    this.#index(row)
  }

  #index(row: ImportedRow): void {
    const rows = this.#byKey.get(row.schema.name) ?? new Map<string, ImportedRow>()
    rows.set(row.key, row)
    this.#byKey.set(row.schema.name, rows)
  }

  #say(kind: EntryKind, table: string, row: string, what: string, why: string): void {
    this.entries.push({ kind, table, row, what, why })
  }
}

/** A cell for the report. */
export function shownCell(table: string, column: string, row: Row): string {
  return isSecret(table, column, row) ? '(a password)' : `"${cell(row, column)}"`
}

function withComment(
  { current }: ImportedRow,
  values: Readonly<Record<string, string>>,
  why: string,
): Record<string, string> {
  const before = current ? cell(current, 'comments') : ''
  const comment = `import-xcat: ${why}`
  return { ...values, comments: before === '' ? comment : `${before}; ${comment}` }
}

/** --merge: what the dump says counts, what it leaves blank stays. */
export function overlay(before: Row, row: Row): Row {
  const values = Object.entries(row).filter(([, value]) => value !== null && value !== '')
  return Object.freeze({ ...before, ...Object.fromEntries(values) })
}
