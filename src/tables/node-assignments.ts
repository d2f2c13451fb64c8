/** The words of nodech and nodeadd: `table.column=value`, `,=`, `^=`, `=@`, and the selections `==` `!=` `=~` `!~`. */
import {
  type ColumnCondition,
  type ColumnFault,
  type NodeColumn,
  parseColumnCondition,
  parseNodeColumn,
  repeatedCondition,
} from './node-columns.ts'
import { TABLES } from './schema.ts'

export interface NodeAssignment extends NodeColumn {
  /** `prepend`: items that are missing go to the front of the list; `remove`: items leave it. */
  readonly kind: 'set' | 'prepend' | 'remove'
  readonly value: string
}

export interface NodeChangeWords {
  readonly assignments: readonly NodeAssignment[]
  readonly conditions: readonly ColumnCondition[]
}

const ASSIGNMENT = /^([^=!~,^@]+?)(,=|\^=|=@|=)(.*)$/s
const SELECTION = /^[^=!~,^@]+?(==|!=|=~|!~)/
const KINDS = { '=': 'set', '=@': 'set', ',=': 'prepend', '^=': 'remove' } as const

/** Everything is looked at before anything is written: the first word that is wrong refuses all of them. */
export function parseNodeChangeWords(words: readonly string[]): NodeChangeWords | ColumnFault {
  const assignments: NodeAssignment[] = []
  const conditions: ColumnCondition[] = []
  for (const word of words) {
    const condition = SELECTION.test(word) ? parseColumnCondition(word) : undefined
    if (condition && 'fault' in condition) return condition
    if (condition) {
      conditions.push(condition)
      continue
    }
    const assignment = parseAssignment(word)
    if ('fault' in assignment) return assignment
    assignments.push(assignment)
  }
  return repeatedCondition(conditions) ?? { assignments, conditions }
}

function parseAssignment(word: string): NodeAssignment | ColumnFault {
  const [, name, operator = '=', value = ''] = ASSIGNMENT.exec(word) ?? []
  if (name === undefined) return { fault: `Malformed argument ${word} ignored.`, advice: 'Write table.column=value.' }
  const column = parseNodeColumn(name.trim())
  if ('fault' in column) return column
  if (column.column === 'node')
    return { fault: `${word}: a node cannot be renamed so`, advice: 'Rename a node with `chdef <node> -n <new name>`.' }
  return { ...column, kind: KINDS[operator as keyof typeof KINDS], value }
}

/** Tables of nodech -d. */
export function parseNodeTables(words: readonly string[]): readonly string[] | ColumnFault {
  const wrong = words.find((word) => !TABLES.get(word)?.nodeTable)
  if (wrong === undefined) return words
  const fault = TABLES.has(wrong) ? `${wrong} has no rows of nodes` : `Table ${wrong} does not exist.`
  const { advice } = parseNodeColumn(wrong) as ColumnFault
  return { fault, ...(advice === undefined ? {} : { advice }) }
}
