/** The tables as a remote caller sees them who is no administrator and only looks: passwords are there, and unreadable. */
import type { Store } from '../../store/store.ts'
import type { Row } from '../../tables/row.ts'
import { TABLES } from '../../tables/schema.ts'
import { isSecret, MASK } from '../../tables/secrets.ts'

const masked = new WeakMap<readonly Row[], readonly Row[]>()

export function maskedStore(store: Store): Store {
  return new Proxy(store, {
    get(target, property) {
      if (property === 'read') return (table: string) => maskRows(table, target.read(table))
      const value: unknown = Reflect.get(target, property, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

/** The same array for the same rows: what is indexed once stays indexed. */
function maskRows(table: string, rows: readonly Row[]): readonly Row[] {
  const columns = secretColumns(table)
  if (columns.length === 0) return rows
  const known = masked.get(rows)
  if (known) return known
  const result = rows.map((row) => {
    const filled = columns.filter((column) => (row[column] ?? '') !== '' && isSecret(table, column, row))
    return filled.length === 0 ? row : { ...row, ...Object.fromEntries(filled.map((column) => [column, MASK])) }
  })
  masked.set(rows, result)
  return result
}

/** In the table site it is for each row to say. */
function secretColumns(table: string): readonly string[] {
  if (table === 'site') return ['value']
  const columns = TABLES.get(table)?.columns ?? []
  return columns.map(({ name }) => name).filter((name) => isSecret(table, name, {}))
}
