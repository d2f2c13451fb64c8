/** Columns of node tables as nodels, nodech and nodeadd name them: `noderes.netboot`, `groups`, `noderes`. */
import { type Condition, parseCondition } from './conditions.ts'
import { nearestName } from './nearest-name.ts'
import { findColumn, NODE_TABLE_NAMES, TABLES } from './schema.ts'

export interface NodeColumn {
  readonly table: string
  readonly column: string
  /** As typed; `table.column` where a whole table was named. */
  readonly label: string
}

/** A column that does not exist, in xCAT's words, and what may have been meant. */
export interface ColumnFault {
  readonly fault: string
  readonly advice?: string
}

const SHORT_NAMES: Readonly<Record<string, string>> = {
  groups: 'nodelist.groups',
  tags: 'nodelist.groups',
  mgt: 'nodehm.mgt',
}

export function parseNodeColumn(word: string): NodeColumn | ColumnFault {
  const [table = '', column = '', ...rest] =
    (Object.hasOwn(SHORT_NAMES, word) ? SHORT_NAMES[word] : word)?.split('.') ?? []
  if (rest.length === 0 && TABLES.get(table)?.nodeTable && findColumn(table, column))
    return { table, column, label: word }
  return { fault: `${word} not a valid table.column description`, ...columnAdvice(word, table, column) }
}

function columnAdvice(word: string, table: string, column: string): { readonly advice?: string } {
  const schema = TABLES.get(table)
  if (schema && !schema.nodeTable) return { advice: `${table} has no rows of nodes: read it with gettab or tabdump.` }
  if (schema && column !== '') {
    const near = nearestName(
      column,
      schema.columns.map(({ name }) => name),
    )
    return { advice: near ? `Did you mean ${table}.${near}?` : `\`tabdump -d ${table}\` lists its columns.` }
  }
  if (column !== '') {
    const near = nearestName(table, NODE_TABLE_NAMES)
    return near && findColumn(near, column) ? { advice: `Did you mean ${near}.${column}?` } : {}
  }
  const holders = NODE_TABLE_NAMES.filter((name) => findColumn(name, word))
  if (word !== 'node' && holders.length > 0 && holders.length < 4)
    return { advice: `Did you mean ${holders.map((name) => `${name}.${word}`).join(' or ')}?` }
  const near = nearestName(word, [...Object.keys(SHORT_NAMES), ...NODE_TABLE_NAMES])
  return near ? { advice: `Did you mean ${near}?` } : {}
}

/** A column, or all columns of a table. */
export function parseNodeColumns(word: string): readonly NodeColumn[] | ColumnFault {
  const schema = TABLES.get(word)
  if (!schema?.nodeTable) {
    const column = parseNodeColumn(word)
    return 'fault' in column ? column : [column]
  }
  return schema.columns.map(({ name }) => ({ table: word, column: name, label: `${word}.${name}` }))
}

export interface ColumnCondition extends NodeColumn {
  readonly condition: Condition
}

/** `nodehm.mgt==ipmi`; undefined: not a condition at all. */
export function parseColumnCondition(word: string): ColumnCondition | ColumnFault | undefined {
  const condition = parseCondition(word)
  if (!condition || 'fault' in condition) return condition
  const column = parseNodeColumn(condition.name)
  return 'fault' in column ? column : { ...column, condition }
}

/** Two conditions on one column are refused, as in xCAT: which of them would count? */
export function repeatedCondition(conditions: readonly ColumnCondition[]): ColumnFault | undefined {
  const seen = new Set<string>()
  for (const { table, column, label } of conditions) {
    if (seen.has(`${table}.${column}`))
      return {
        fault: `There are two conditions on ${label}: give one`,
        advice: `A regular expression can say both, such as ${label}=~a|b.`,
      }
    seen.add(`${table}.${column}`)
  }
  return undefined
}
