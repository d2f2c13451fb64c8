/**
 * Node ranges: `n1-n4,rackA@compute,-n7,/login.*`. This file holds the operators; names and ranges are in
 * noderange-names.ts. The answer is a set; what could not be understood is reported, never silently empty.
 */
import { parseCondition } from './conditions.ts'
import { groupMembers, isNode, nodeNames } from './groups.ts'
import { nearestName } from './nearest-name.ts'
import { foldNodeNames } from './noderange-fold.ts'
import {
  expandBrackets,
  expandDash,
  expandPlus,
  MOST_NAMES,
  NodeRangeTooLarge,
  splitOutside,
} from './noderange-names.ts'
import { compilePerlRegex } from './perl-regexp.ts'
import type { Resolver } from './resolve.ts'
import { cell, indexRows, type TablesView } from './row.ts'
import { findColumn, NODE_TABLE_NAMES, TABLES } from './schema.ts'

export interface NodeRangeContext {
  readonly view: TablesView
  readonly resolver: Resolver
  /** For `^file`; undefined: cannot be read. Without it such atoms are refused. */
  readonly readFile?: (path: string) => string | undefined
}

export interface NodeRangeOptions {
  /** false: names nobody knows are kept as they are (mkdef, chdef, lsdef, rmdef, nodeadd, gennr). */
  readonly verify: boolean
  /** Default true: leave out the nodes of site.excludenodes. */
  readonly applyExcludenodes?: boolean
}

export interface ExpandedNodeRange {
  /** Sorted by byte order, each once. */
  readonly nodes: readonly string[]
  /** Names that are neither node nor group: the request is refused as a whole. */
  readonly unknown: readonly string[]
  /** Anything else that is wrong, worded for the administrator. */
  readonly faults: readonly string[]
}

/** From here on names are folded into ranges: nobody reads a screen of them. */
const MOST_LISTED = 20

export function renderUnknownNodes(unknown: readonly string[]): string {
  const names = unknown.length > MOST_LISTED ? foldNodeNames(unknown) : unknown.join(',')
  return `Invalid nodes and/or groups in noderange: ${names}`
}

/** Parentheses and `^file` within each other. */
const DEEPEST_NESTING = 20

export function expandNodeRange(text: string, context: NodeRangeContext, options: NodeRangeOptions): ExpandedNodeRange {
  const expansion = new Expansion(context, options.verify)
  let nodes = new Set<string>()
  try {
    nodes = expansion.range(text.replace(/['"]/g, ''), 0)
    if (options.applyExcludenodes !== false) expansion.applyExcludenodes(nodes)
  } catch (error) {
    if (!(error instanceof NodeRangeTooLarge)) throw error
    expansion.faults.push(error.message)
  }
  return { nodes: [...nodes].sort(), unknown: [...expansion.unknown].sort(), faults: expansion.faults }
}

/** What may have been meant by `table.column`. */
function hintColumn(table: string, column: string): string {
  const near = TABLES.has(table) ? table : nearestName(table, NODE_TABLE_NAMES)
  const columns = (near === undefined ? undefined : TABLES.get(near))?.columns.map(({ name }) => name) ?? []
  const nearColumn = columns.includes(column) ? column : nearestName(column, columns)
  return nearColumn === undefined ? '' : `; did you mean ${near}.${nearColumn}?`
}

class Expansion {
  readonly unknown = new Set<string>()
  readonly faults: string[] = []
  readonly #context: NodeRangeContext
  readonly #verify: boolean
  #spelled = 0

  constructor(context: NodeRangeContext, verify: boolean) {
    this.#context = context
    this.#verify = verify
  }

  applyExcludenodes(nodes: Set<string>): void {
    const [row] = indexRows(this.#context.view.read('site'), 'key').get('excludenodes') ?? []
    const excluded = row ? cell(row, 'value') : ''
    if (excluded === '') return
    // A fault in the setting is its own, not one of this request.
    const quiet = new Expansion(this.#context, true)
    for (const node of quiet.range(excluded, 0)) nodes.delete(node)
    if (quiet.faults.length > 0) this.faults.push(`site row key=excludenodes: ${quiet.faults[0]}`)
  }

  /** Elements from left to right; exclusions count at the end, wherever they stand. */
  range(text: string, depth: number): Set<string> {
    const included = new Set<string>()
    const excluded = new Set<string>()
    const elements = depth > DEEPEST_NESTING ? undefined : splitOutside(text, ',')
    if (!elements) {
      this.faults.push(
        depth > DEEPEST_NESTING ? 'The noderange is nested too deeply' : 'Unbalanced parentheses in noderange',
      )
      return included
    }
    for (const written of elements) {
      const element = written.trim()
      if (element === '') continue
      const sign = element[0]
      if (sign === '-') for (const node of this.element(element.slice(1), depth)) excluded.add(node)
      else if (sign === '@') {
        const kept = this.element(element.slice(1), depth)
        for (const node of included) if (!kept.has(node)) included.delete(node)
      } else for (const node of this.element(element, depth)) included.add(node)
    }
    for (const node of excluded) included.delete(node)
    return included
  }

  /** `a@b@c`: what all of them have. */
  element(text: string, depth: number): Set<string> {
    if (isNode(this.#context.view, text)) return new Set([text])
    const [first = '', ...others] = splitOutside(text, '@') ?? [text]
    const result = this.atom(first.trim(), depth)
    for (const other of others) {
      // A "-" behind "@" says nothing in xCAT.
      const kept = this.atom(other.trim().replace(/^-/, ''), depth)
      for (const node of result) if (!kept.has(node)) result.delete(node)
    }
    return result
  }

  /** The order of these questions is part of the language. */
  atom(atom: string, depth: number): Set<string> {
    if (atom === '') return new Set()
    const known = this.known(atom)
    if (known) return new Set(known)
    if (atom.startsWith('(') && atom.endsWith(')')) return this.range(atom.slice(1, -1), depth + 1)
    if (atom.startsWith('^')) return this.file(atom.slice(1), depth)
    if (atom.startsWith('~'))
      return this.fault(
        `${atom} is not a noderange: a regular expression is written /${atom.slice(1).replaceAll('/', '')}`,
      )
    if (atom.startsWith('/')) return this.regex(atom)
    if (/[=~]/.test(atom)) return this.selection(atom)
    const names = expandBrackets(atom) ?? expandPlus(atom) ?? expandDash(atom)
    if (!names) return this.names([atom], atom)
    return this.names(names, atom)
  }

  /** A node; else a group; else the number of a node. */
  known(name: string): readonly string[] | undefined {
    const { view, resolver } = this.#context
    if (isNode(view, name)) return [name]
    const members = groupMembers(view, resolver, name)
    if (members) return members
    if (!/^\d+$/.test(name)) return undefined
    const numbered = `node${name}`
    return isNode(view, numbered) ? [numbered] : groupMembers(view, resolver, numbered)
  }

  names(names: readonly string[], written: string): Set<string> {
    const nodes = new Set<string>()
    this.#spelled += names.length
    if (this.#spelled > MOST_NAMES) throw new NodeRangeTooLarge(written)
    if (names.length === 0) this.unknown.add(written)
    for (const name of names) {
      const known = this.known(name)
      if (known) for (const node of known) nodes.add(node)
      else if (this.#verify) this.unknown.add(/^\d+$/.test(name) ? `node${name}` : name)
      else nodes.add(/^\d+$/.test(name) ? `node${name}` : name)
    }
    return nodes
  }

  fault(text: string): Set<string> {
    this.faults.push(text)
    return new Set()
  }

  /** `/n1.*`: whole names. A closing slash is accepted as well. */
  regex(atom: string): Set<string> {
    const source = atom.length > 2 && atom.endsWith('/') ? atom.slice(1, -1) : atom.slice(1)
    const compiled = compilePerlRegex(source, { whole: true })
    if ('fault' in compiled) return this.fault(`noderange ${atom}: ${compiled.fault}`)
    return new Set(nodeNames(this.#context.view).filter((name) => compiled.regex.test(name)))
  }

  /** `nodehm.mgt==ipmi`, with resolved values; unset counts as the empty string. */
  selection(atom: string): Set<string> {
    const condition = parseCondition(atom)
    if (!condition) return this.fault(`noderange ${atom}: a selection is table.column, ==, !=, =~ or !~, value`)
    if ('fault' in condition) return this.fault(`noderange ${atom}: ${condition.fault}`)
    const short: Readonly<Record<string, string>> = {
      groups: 'nodelist.groups',
      tags: 'nodelist.groups',
      mgt: 'nodehm.mgt',
    }
    const [table = '', column = ''] = (short[condition.name] ?? condition.name).split('.')
    if (!TABLES.get(table)?.nodeTable || !findColumn(table, column))
      return this.fault(
        `noderange ${atom}: ${condition.name} not a valid table.column description${hintColumn(table, column)}`,
      )
    const { view, resolver } = this.#context
    return new Set(nodeNames(view).filter((node) => condition.matches(resolver.value(node, table, column) ?? '')))
  }

  /** Each line is a noderange by itself, up to the first ":", blank or tab; they are added up. */
  file(path: string, depth: number): Set<string> {
    const { readFile } = this.#context
    if (!readFile) return this.fault(`noderange ^${path}: files are not read here`)
    const text = readFile(path)
    if (text === undefined) return this.fault(`noderange ^${path}: the file cannot be read`)
    const nodes = new Set<string>()
    for (const line of text.split('\n')) {
      if (/^[#^]/.test(line)) continue
      const [range = ''] = line.split(/[:\s]/)
      for (const node of this.range(range.replace(/['"]/g, ''), depth + 1)) nodes.add(node)
    }
    return nodes
  }
}
