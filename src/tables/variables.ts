/**
 * Variables in litetree.directory and statelite.statemnt: `$node`, `$table.column`, `$site.key`, and the same in braces
 * (`${node}-state`) where text follows at once. A missing value is a fault that names it, never a word in the result.
 * Commands (`#CMD=…#`) are refused: whoever may edit a table would run code as root on the server.
 */
import { nearestName } from './nearest-name.ts'
import { columnNames, findColumn, NODE_TABLE_NAMES, TABLES } from './schema.ts'

export interface VariableLookup {
  readonly node: string
  attribute(table: string, column: string): string | undefined
  site(key: string): string | undefined
}

export type Substituted =
  | { readonly value: string }
  /** `missing`: the attribute that has no value, when that is why: `noderes.nfsdir`, `site.domain`. */
  | { readonly fault: string; readonly missing?: string }

class VariableFault extends Error {
  readonly missing: string | undefined
  constructor(message: string, missing?: string) {
    super(message)
    this.missing = missing
  }
}

const BRACED = /\$\{([^}]*)\}/g
/** A bare variable ends at "#", a blank, another "$", or with the component. */
const BARE = /\$[^#\s]*/g

export function substituteVariables(text: string, lookup: VariableLookup): Substituted {
  try {
    return { value: substitute(text, lookup) }
  } catch (error) {
    if (!(error instanceof VariableFault)) throw error
    return error.missing === undefined ? { fault: error.message } : { fault: error.message, missing: error.missing }
  }
}

function substitute(text: string, lookup: VariableLookup): string {
  if (text.includes('#CMD')) throw new VariableFault('#CMD: commands in tables are not run; write the value itself')
  const replaced = text.includes('$')
    ? text
        .split(/(\/|:)/)
        .map((component) => substituteComponent(component, lookup))
        .join('')
    : text
  const collapsed = replaced.replace(/\/{2,}/g, '/')
  return collapsed.length > 1 && !collapsed.endsWith(':/') ? collapsed.replace(/\/$/, '') : collapsed
}

/** Braced variables stand for themselves; between them the bare forms of xCAT apply. */
function substituteComponent(component: string, lookup: VariableLookup): string {
  if (!component.includes('$')) return component
  let result = ''
  let from = 0
  for (const match of component.matchAll(BRACED)) {
    result +=
      substituteBare(component.slice(from, match.index), lookup) + variableValue(match[1] ?? '', match[0], lookup)
    from = match.index + match[0].length
  }
  return result + substituteBare(component.slice(from), lookup)
}

/** `prefix$one$two suffix`: the values of several variables are joined by a dot, as xCAT does. */
function substituteBare(text: string, lookup: VariableLookup): string {
  return text.replace(BARE, (variables) =>
    variables
      .slice(1)
      .split('$')
      .map((name) => variableValue(name, `$${name}`, lookup))
      .join('.'),
  )
}

function variableValue(name: string, written: string, lookup: VariableLookup): string {
  if (name === 'node') return lookup.node
  const [, table = '', column = ''] = /^([A-Za-z_]\w*)\.([A-Za-z_]\w*)$/.exec(name) ?? []
  if (table === '') {
    const [known] = /^(node|[A-Za-z_]\w*\.[A-Za-z_]\w*)(?=\W)/.exec(name) ?? []
    const remedy =
      known === undefined
        ? 'there are $node, $table.column and $site.key'
        : `write \${${known}}${name.slice(known.length)}`
    throw new VariableFault(`${written} is not a variable: ${remedy}`)
  }
  if (table === 'site')
    return lookup.site(column) || missing(`site.${column}`, written, lookup, `no site row key=${column}`)
  const schema = TABLES.get(table)
  if (!schema) throw new VariableFault(`${written}: there is no table ${table}${near(table, NODE_TABLE_NAMES)}`)
  if (!schema.nodeTable) throw new VariableFault(`${written}: table ${table} does not say anything about a node`)
  if (!findColumn(table, column))
    throw new VariableFault(`${written}: table ${table} has no column ${column}${near(column, columnNames(schema))}`)
  const groups = table === 'nodelist' ? '' : ' or of its groups'
  const rows = `no ${table} row of the node${groups} has it`
  return lookup.attribute(table, column) || missing(`${table}.${column}`, written, lookup, rows)
}

/** @param rows where the value would come from */
function missing(attribute: string, written: string, lookup: VariableLookup, rows: string): never {
  throw new VariableFault(`${attribute} is not set for ${lookup.node} (${written}): ${rows}`, attribute)
}

function near(name: string, candidates: readonly string[]): string {
  const found = nearestName(name, candidates)
  return found === undefined ? '' : `; did you mean ${found}?`
}
