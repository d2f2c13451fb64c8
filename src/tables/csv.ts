/**
 * Tables as CSV, written and read as tabdump and tabrestore do: `#` and the column names, then one line a row; values
 * in double quotes with `"` doubled, unset values as nothing at all. An empty value and an unset one are the same.
 */
import { renderHint } from './nearest-name.ts'
import type { Row } from './row.ts'
import { columnNames, type TableSchema } from './schema.ts'

export function renderCsv(table: TableSchema, rows: readonly Row[]): string {
  const columns = columnNames(table)
  const lines = rows.map((row) => columns.map((column) => renderField(row[column] ?? '')).join(','))
  return [`#${columns.join(',')}`, ...lines, ''].join('\n')
}

function renderField(value: string): string {
  return value === '' ? '' : `"${value.replaceAll('"', '""')}"`
}

/** `exitStatus` is the one tabrestore has for this fault. */
export interface CsvFault {
  readonly fault: string
  readonly exitStatus: number
}

export interface CsvTable {
  readonly rows: readonly Row[]
  readonly columns: readonly string[]
  /** Where each row stands: `line 2: "a","b"`. */
  readonly places: readonly string[]
}

/** Lines are counted from 0, the header not among them. */
export function parseCsv(table: TableSchema, text: string): CsvTable | CsvFault {
  const parsed = csvRecords(text)
  if ('fault' in parsed) return parsed
  const { columns } = parsed
  const known = new Set(columnNames(table))
  const unknown = columns.find((name) => !known.has(name))
  if (unknown !== undefined) {
    const fault = `The header line indicates that column '${unknown}' should exist, which is not defined in the schema for '${table.name}'${renderHint(unknown, known)}`
    return { fault, exitStatus: 1 }
  }
  const rows: Row[] = []
  const places: string[] = []
  for (const record of parsed.records) {
    if ('fault' in record) return record
    rows.push(toRow(table, columns, record.fields))
    places.push(`line ${record.line}: ${record.text}`)
  }
  return { rows, columns, places }
}

export interface CsvRecord {
  readonly fields: readonly string[]
  readonly line: number
  /** As it stands in the file. */
  readonly text: string
}

export interface CsvRecords {
  readonly columns: readonly string[]
  /** Read as they are asked for; after a faulty one, reading goes on with the next line. */
  readonly records: Iterable<CsvRecord | CsvFault>
}

/** A CSV file of any table. */
export function csvRecords(text: string): CsvRecords | CsvFault {
  const start = text.startsWith('\ufeff') ? 1 : 0
  const headerEnd = lineEnd(text, start)
  const header = text.slice(start, headerEnd).trimEnd()
  if (!header.startsWith('#')) return { fault: 'Data missing header line starting with #', exitStatus: 1 }
  const columns = header
    .slice(1)
    .replaceAll('"', '')
    .split(',')
    .map((name) => name.trim())
  const twice = columns.find((name, at) => columns.indexOf(name) !== at)
  if (twice !== undefined) return { fault: `The header line names column '${twice}' twice`, exitStatus: 1 }
  return { columns, records: readRecords(text, headerEnd + 1, columns.length) }
}

function* readRecords(text: string, from: number, width: number): Generator<CsvRecord | CsvFault> {
  const cursor = { text, at: from, line: 0 }
  while (cursor.at < text.length) {
    const { at, line } = cursor
    const fields = parseRecord(cursor, width)
    if (fields === 'blank') continue
    if ('fault' in fields) {
      cursor.at = lineEnd(text, cursor.at) + 1
      cursor.line++
      yield fields
    } else yield { fields, line, text: text.slice(at, cursor.at).trimEnd() }
  }
}

function toRow(table: TableSchema, columns: readonly string[], fields: readonly string[]): Row {
  const row: Record<string, string | null> = {}
  for (const { name } of table.columns) row[name] = table.key.includes(name) ? '' : null
  columns.forEach((name, at) => {
    const value = fields[at] ?? ''
    if (value !== '') row[name] = value
  })
  return row
}

interface Cursor {
  readonly text: string
  at: number
  line: number
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from)
  return end === -1 ? text.length : end
}

/** One record; moves the cursor behind it. White space at the end of a line, outside quotes, does not count. */
function parseRecord(cursor: Cursor, width: number): string[] | 'blank' | CsvFault {
  const { text } = cursor
  const start = cursor.at
  const line = cursor.line
  const fields: string[] = []
  const fault = (what: string, at: number): CsvFault => ({
    fault: `CSV ${what} on line ${line}, character ${at - start}: ${text.slice(start, lineEnd(text, at)).trimEnd()}`,
    exitStatus: 4,
  })
  let at = start
  for (;;) {
    const end = lineEnd(text, at)
    const rest = text.slice(at, end).trimEnd()
    if (rest === '') {
      const blank = fields.length === 0 && text.slice(start, at).trim() === ''
      cursor.at = end + 1
      cursor.line++
      return blank ? 'blank' : fields
    }
    if (fields.length === width) {
      return { fault: `Too many fields on line ${line}: ${text.slice(start, end).trimEnd()} | ${rest}`, exitStatus: 4 }
    }
    if (text[at] !== '"') {
      const comma = rest.indexOf(',')
      const field = comma === -1 ? rest : rest.slice(0, comma)
      if (field.includes('"')) return fault('missing opening " for record with " characters', at)
      fields.push(field)
      at += comma === -1 ? rest.length : comma + 1
      continue
    }
    const close = closingQuote(text, at + 1)
    if (close === -1) return fault('unmatched " in record', at)
    for (
      let newline = text.indexOf('\n', at);
      newline !== -1 && newline < close;
      newline = text.indexOf('\n', newline + 1)
    )
      cursor.line++
    const next = text[close + 1] ?? '\n'
    if (next !== ',' && text.slice(close + 1, lineEnd(text, close + 1)).trim() !== '')
      return fault('unescaped " in record', at)
    fields.push(text.slice(at + 1, close).replaceAll('""', '"'))
    at = next === ',' ? close + 2 : lineEnd(text, close + 1)
  }
}

function closingQuote(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at !== -1; at = text.indexOf('"', at)) {
    if (text[at + 1] !== '"') return at
    at += 2
  }
  return -1
}
