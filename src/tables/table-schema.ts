/** The shape of a table description. */
import { isDisableWord } from './row.ts'
import type { ValueCheck } from './values.ts'

export interface ColumnSchema {
  readonly name: string
  readonly description: string
  readonly check?: ValueCheck
}

export interface TableSchema {
  readonly name: string
  readonly description: string
  /** In the order of `tabdump`; `comments` and `disable` are the last two of every table. */
  readonly columns: readonly ColumnSchema[]
  readonly key: readonly string[]
  /** Must not be unset. */
  readonly required: readonly string[]
  /** Keyed by `node`, which holds a node name or a group name; cells may be patterns. */
  readonly nodeTable: boolean
}

export function column(name: string, description: string, check?: ValueCheck): ColumnSchema {
  return check ? { name, description, check } : { name, description }
}

const HOUSEKEEPING: readonly ColumnSchema[] = [
  column('comments', 'Free text of the administrator.'),
  column('disable', 'yes or 1: the row is as if it were not there.', (value) =>
    isDisableWord(value)
      ? undefined
      : 'is not yes or no: 1, y, yes, true disable the row; 0, n, no, false or nothing enable it',
  ),
]

interface Definition {
  readonly name: string
  readonly description: string
  readonly key: readonly string[]
  readonly required?: readonly string[]
  readonly columns: readonly ColumnSchema[]
}

export function table({ name, description, key, required = [], columns }: Definition): TableSchema {
  const all = [...columns, ...HOUSEKEEPING]
  return { name, description, key, required, columns: all, nodeTable: columns[0]?.name === 'node' }
}
