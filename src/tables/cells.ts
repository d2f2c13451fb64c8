/**
 * Value patterns: cells of node tables that say how a value follows from the node's name.
 *
 * `/regex/text/` replaces the first match of regex in the node name by text. `|regex|text|` does the same and works out
 * what stands in parentheses in text. `|text|` is the easy form: $1, $2, … are the numbers in the node name.
 */
import { SlowMatch } from './bounded-regexp.ts'
import { type Expression, parseExpression } from './expression.ts'
import { ExpressionFault } from './expression-value.ts'
import { compilePerlRegex } from './perl-regexp.ts'

export interface CellValue {
  /** '' when the pattern comes to nothing: the column is then unset, and groups are not asked. */
  readonly value: string
  readonly fault?: string
}

export type CellForm = 'plain' | 'slash' | 'bar' | 'easy'

export interface CompiledCell {
  readonly form: CellForm
  /** Of the pattern as a whole: it stands for every node. */
  readonly fault?: string
  evaluate(nodeName: string): CellValue
  /** The same, with what was found on the way. */
  trace(nodeName: string): CellTrace
}

export interface CellTrace {
  readonly form: CellForm
  /** Of the easy form: as made from the node name. */
  readonly regex?: string
  /** Part of the name that is replaced; absent: the regular expression does not match, and the value is the name. */
  readonly matched?: string
  /** $1, $2, … */
  readonly captures: readonly string[]
  readonly expressions: readonly { readonly source: string; readonly value: string; readonly fault?: string }[]
}

const SLASH_FORM = /^\/([^/]*)\/([^/]*)\/$/
const BAR_FORM = /^\|(.*)\|$/s

/** The cell that satisfies a column with nothing, so that no group is asked. */
export const BLOCKING_CELL = '|^.*$||'

export function cellForm(cell: string): CellForm {
  const first = cell[0]
  if (first === '/' && SLASH_FORM.test(cell)) return 'slash'
  if (first !== '|') return 'plain'
  const inner = BAR_FORM.exec(cell)?.[1]
  if (inner === undefined) return 'plain'
  return inner.includes('|') ? 'bar' : 'easy'
}

export function compileCell(cell: string): CompiledCell {
  const form = cellForm(cell)
  if (form === 'plain') {
    return { form, evaluate: () => ({ value: cell }), trace: () => ({ form, captures: [], expressions: [] }) }
  }
  if (form === 'slash') {
    const [, regex = '', text = ''] = SLASH_FORM.exec(cell) ?? []
    return compileReplacement(form, regex, [text])
  }
  const inner = cell.slice(1, -1)
  if (form === 'easy') return compileEasy(inner)
  const bar = inner.indexOf('|')
  return compileReplacement(form, inner.slice(0, bar), parseText(inner.slice(bar + 1)))
}

/** Text of a pattern: literal pieces and the expressions of its parentheses. */
type Piece =
  | string
  | { readonly source: string; readonly evaluate: Expression }
  | { readonly source: string; readonly fault: string }

function parseText(text: string): Piece[] {
  const pieces: Piece[] = []
  let literalFrom = 0
  for (let at = text.indexOf('('); at !== -1; at = text.indexOf('(', at)) {
    const end = closingParenthesis(text, at)
    if (end === -1) break
    if (at > literalFrom) pieces.push(text.slice(literalFrom, at))
    pieces.push(parsePiece(text.slice(at + 1, end)))
    literalFrom = at = end + 1
  }
  if (literalFrom < text.length) pieces.push(text.slice(literalFrom))
  return pieces
}

function parsePiece(source: string): Piece {
  try {
    return { source, evaluate: parseExpression(source) }
  } catch (error) {
    if (error instanceof ExpressionFault) return { source, fault: error.message }
    throw error
  }
}

function closingParenthesis(text: string, open: number): number {
  let depth = 0
  for (let at = open; at < text.length; at++) {
    if (text[at] === '(') depth++
    else if (text[at] === ')' && --depth === 0) return at
  }
  return -1
}

function compileReplacement(form: CellForm, source: string, pieces: readonly Piece[]): CompiledCell {
  const compiled = compilePerlRegex(source)
  // A broken expression has no value; the node name would pass for one.
  if ('fault' in compiled) {
    return {
      form,
      fault: compiled.fault,
      evaluate: () => ({ value: '', fault: compiled.fault }),
      trace: () => ({ form, regex: source, captures: [], expressions: [] }),
    }
  }
  const fault = pieceFault(pieces)
  return {
    form,
    ...(fault === undefined ? {} : { fault }),
    evaluate: (name) => withinTime(() => replaceMatch(name, compiled.regex, pieces)),
    trace: (name) => traceMatch(form, name, compiled.regex, source, pieces),
  }
}

function pieceFault(pieces: readonly Piece[]): string | undefined {
  for (const piece of pieces) {
    if (typeof piece !== 'string' && 'fault' in piece) return `expression (${piece.source}): ${piece.fault}`
  }
  return undefined
}

function replaceMatch(name: string, regex: RegExp, pieces: readonly Piece[]): CellValue {
  const match = regex.exec(name)
  if (!match) return { value: name }
  const captures = match.slice(1).map((capture) => capture ?? '')
  let text = ''
  let fault: string | undefined
  for (const piece of pieces) {
    if (typeof piece === 'string') text += piece
    else {
      const result = evaluatePiece(piece, captures)
      text += result.value
      fault ??= result.fault
    }
  }
  const value = name.slice(0, match.index) + text + name.slice(match.index + match[0].length)
  return fault === undefined ? { value } : { value, fault }
}

/** A match that was given up has no value, and says why. */
function withinTime(evaluate: () => CellValue): CellValue {
  try {
    return evaluate()
  } catch (error) {
    if (error instanceof SlowMatch) return { value: '', fault: error.message }
    throw error
  }
}

function traceMatch(form: CellForm, name: string, regex: RegExp, source: string, pieces: readonly Piece[]): CellTrace {
  let match: RegExpExecArray | null = null
  try {
    match = regex.exec(name)
  } catch (error) {
    if (!(error instanceof SlowMatch)) throw error
  }
  if (!match) return { form, regex: source, captures: [], expressions: [] }
  const captures = match.slice(1).map((capture) => capture ?? '')
  const expressions = pieces.flatMap((piece) =>
    typeof piece === 'string' ? [] : [{ source: piece.source, ...evaluatePiece(piece, captures) }],
  )
  return { form, regex: source, matched: match[0], captures, expressions }
}

function evaluatePiece(piece: Exclude<Piece, string>, captures: readonly string[]): CellValue {
  if ('fault' in piece) return { value: '', fault: `expression (${piece.source}): ${piece.fault}` }
  try {
    return { value: String(piece.evaluate(captures)) }
  } catch (error) {
    if (!(error instanceof ExpressionFault)) throw error
    return { value: '', fault: `expression (${piece.source}): ${error.message}` }
  }
}

/** One regular expression for each count of numbers in a name; the last one is kept, neighbours look alike. */
function compileEasy(text: string): CompiledCell {
  const pieces = parseText(text)
  const fault = pieceFault(pieces)
  let count = -1
  let regex = /.*$/
  const regexFor = (name: string): RegExp => {
    const numbers = name.match(/[\D0]*\d+/g)?.length ?? 0
    if (numbers !== count) {
      count = numbers
      regex = new RegExp(`${'[\\D0]*(\\d+)'.repeat(numbers)}.*$`)
    }
    return regex
  }
  return {
    form: 'easy',
    ...(fault === undefined ? {} : { fault }),
    evaluate: (name) => replaceMatch(name, regexFor(name), pieces),
    trace: (name) => traceMatch('easy', name, regexFor(name), regexFor(name).source, pieces),
  }
}
