/** CSV files of a dump → rows of the tables we know, and an account of what could not be read. */
import { type CsvFault, csvRecords } from '../csv.ts'
import { type Row, renderRowKey } from '../row.ts'
import { columnNames, TABLES, type TableSchema } from '../schema.ts'
import type { ImportEntry } from './import-report.ts'

export interface DumpFile {
  readonly table: string
  /** Where it is, for the report. */
  readonly source: string
  readonly text: string
}

export interface DumpTable {
  readonly schema: TableSchema
  readonly source: string
  readonly rows: readonly Row[]
  /** Records of the file, also those that are in no row. */
  readonly read: number
}

export interface Dump {
  readonly tables: readonly DumpTable[]
  /** Rows of tables that liteboot does not have. */
  readonly unknown: readonly { readonly table: string; readonly source: string; readonly read: number }[]
  readonly entries: readonly ImportEntry[]
}

/** What the old server wrote for itself: nobody misses it, and the new one has its own. */
const OF_THE_OLD_SERVER: ReadonlyMap<string, string> = new Map([
  ['auditlog', 'the log of the old server'],
  ['eventlog', 'the log of the old server'],
  ['token', 'sessions of the old server'],
  ['performance', 'measurements of the old server'],
])

export function readDump(files: readonly DumpFile[]): Dump {
  const tables: DumpTable[] = []
  const unknown: Dump['unknown'][number][] = []
  const entries: ImportEntry[] = []
  for (const file of [...files].sort((a, b) => (a.table < b.table ? -1 : 1))) {
    const own = OF_THE_OLD_SERVER.get(file.table)
    const schema = own === undefined ? TABLES.get(file.table) : undefined
    if (schema) tables.push(readTable(schema, file, entries))
    else {
      const read = countRows(file.text)
      unknown.push({ table: file.table, source: file.source, read })
      if (read === 0) continue
      const what = `${read} ${read === 1 ? 'row stays' : 'rows stay'} in ${file.source}`
      const kind = own === undefined ? 'lost' : 'note'
      entries.push({ kind, table: file.table, row: '', what, why: own ?? 'liteboot has no such table' })
    }
  }
  return { tables, unknown, entries }
}

function countRows(text: string): number {
  const parsed = csvRecords(text)
  return 'fault' in parsed ? 0 : [...parsed.records].length
}

function readTable(schema: TableSchema, { text, source }: DumpFile, entries: ImportEntry[]): DumpTable {
  const lost = (row: string, what: string, why: string) =>
    entries.push({ kind: 'lost', table: schema.name, row, what, why })
  const parsed = csvRecords(text)
  if ('fault' in parsed) {
    lost('', `nothing of ${source} could be read`, parsed.fault)
    return { schema, source, rows: [], read: 0 }
  }
  const known = new Set(columnNames(schema))
  const strange = new Map(parsed.columns.flatMap((name, at) => (known.has(name) ? [] : [strangeColumn(at, name)])))
  const rows = new Map<string, Row>()
  let read = 0
  for (const record of parsed.records) {
    read++
    if ('fault' in record) {
      lost('', 'a row', renderFault(record, source))
      continue
    }
    const row = toRow(schema, parsed.columns, record.fields)
    for (const [at, count] of strange) if ((record.fields[at] ?? '') !== '') count.values++
    const key = renderRowKey(row, schema.key)
    const identity = JSON.stringify(schema.key.map((column) => row[column]))
    if (rows.has(identity)) lost(key, 'a second row with this key', 'the first one is kept')
    else rows.set(identity, row)
  }
  for (const { name, values } of strange.values()) {
    const what = `column ${name}: ${values} ${values === 1 ? 'value stays' : 'values stay'} in ${source}`
    if (values > 0) lost('', what, 'liteboot has no such column')
  }
  return { schema, source, rows: [...rows.values()], read }
}

function strangeColumn(at: number, name: string): [number, { readonly name: string; values: number }] {
  return [at, { name, values: 0 }]
}

function renderFault({ fault }: CsvFault, source: string): string {
  return `${fault} (${source}; lines are counted from 0 after the header)`
}

function toRow(schema: TableSchema, columns: readonly string[], fields: readonly string[]): Row {
  const values = new Map(columns.map((name, at) => [name, fields[at] ?? '']))
  const row: Record<string, string | null> = {}
  for (const { name } of schema.columns) row[name] = values.get(name) || (schema.key.includes(name) ? '' : null)
  return Object.freeze(row)
}
