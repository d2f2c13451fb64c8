/** Tables for tests: short rows in, a view out. */

import { makeRow } from '../../src/store/draft.ts'
import type { Row, TablesView } from '../../src/tables/row.ts'
import { TABLES } from '../../src/tables/schema.ts'

export type ShortRows = Readonly<Record<string, readonly Readonly<Record<string, string | null>>[]>>

export function viewOf(tables: ShortRows): TablesView {
  const rows = new Map<string, readonly Row[]>()
  for (const [name, short] of Object.entries(tables)) {
    const schema = TABLES.get(name)
    if (!schema) throw new Error(`no table ${name}`)
    rows.set(
      name,
      short.map((values) => makeRow(schema, values)),
    )
  }
  return { read: (table) => rows.get(table) ?? [] }
}
