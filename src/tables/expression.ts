/**
 * The integer expressions in the parentheses of a value pattern: `($1-1)*14+$2`, `sprintf('%02d',$1)`,
 * `$1>9 ? 2 : 1`. A small language with its own parser: nothing from a table is ever run as code.
 */
import { HELPERS } from './expression-helpers.ts'
import { checked, ExpressionFault, toInteger, type Value } from './expression-value.ts'

export type Expression = (captures: readonly string[]) => Value

const TOKEN = /\s*(?:(\d+)|\$(\d+)|'((?:[^'\\]|\\.)*)'|([A-Za-z_]\w*)|(==|!=|<=|>=|[-+*/%<>?:(),]))/y
/** Long enough for any sane cell; keeps nesting, and so recursion, bounded. */
const LONGEST_EXPRESSION = 1000

interface Token {
  readonly kind: 'number' | 'capture' | 'text' | 'name' | 'sign' | 'end'
  readonly text: string
}

function tokenize(source: string): Token[] {
  if (source.length > LONGEST_EXPRESSION) throw new ExpressionFault(`longer than ${LONGEST_EXPRESSION} characters`)
  const tokens: Token[] = []
  const text = source.trimEnd()
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < text.length) {
    const start = TOKEN.lastIndex
    const match = TOKEN.exec(text)
    if (!match) throw new ExpressionFault(`"${text.slice(start).trim()}" is not understood`)
    const [, number, capture, quoted, name, sign] = match
    if (number !== undefined) tokens.push({ kind: 'number', text: number })
    else if (capture !== undefined) tokens.push({ kind: 'capture', text: capture })
    else if (quoted !== undefined) tokens.push({ kind: 'text', text: quoted.replace(/\\([\\'])/g, '$1') })
    else if (name !== undefined) tokens.push({ kind: 'name', text: name })
    else tokens.push({ kind: 'sign', text: sign as string })
  }
  tokens.push({ kind: 'end', text: '' })
  return tokens
}

const COMPARISONS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '>': (a, b) => a > b,
  '<=': (a, b) => a <= b,
  '>=': (a, b) => a >= b,
}

const ARITHMETIC: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => Math.trunc(divide(a, b, a / b)),
  '%': (a, b) => divide(a, b, a % b),
}

function divide(_a: number, b: number, result: number): number {
  if (b === 0) throw new ExpressionFault('division by zero')
  return result
}

/** Throws `ExpressionFault` when the text is not an expression. */
export function parseExpression(source: string): Expression {
  const tokens = tokenize(source)
  let at = 0
  const peek = () => tokens[at] as Token
  const isSign = (...signs: string[]) => peek().kind === 'sign' && signs.includes(peek().text)
  const expect = (sign: string) => {
    if (!isSign(sign))
      throw new ExpressionFault(`"${sign}" expected${peek().text ? ` before "${peek().text}"` : ' at the end'}`)
    at++
  }

  function conditional(): Expression {
    const test = binary(0)
    if (!isSign('?')) return test
    at++
    const yes = conditional()
    expect(':')
    const no = conditional()
    // As in Perl, '', '0' and 0 are false.
    return (captures) => (['', '0', 0].includes(test(captures)) ? no(captures) : yes(captures))
  }

  const LEVELS = [
    ['==', '!='],
    ['<', '>', '<=', '>='],
    ['+', '-'],
    ['*', '/', '%'],
  ]
  function binary(level: number): Expression {
    const signs = LEVELS[level]
    if (!signs) return unary()
    let left = binary(level + 1)
    while (isSign(...signs)) {
      const sign = (tokens[at++] as Token).text
      const first = left
      const second = binary(level + 1)
      const compare = COMPARISONS[sign]
      const compute = ARITHMETIC[sign]
      left = (captures) => {
        const a = toInteger(first(captures))
        const b = toInteger(second(captures))
        if (compare) return compare(a, b) ? 1 : ''
        return checked((compute as (a: number, b: number) => number)(a, b))
      }
    }
    return left
  }

  function unary(): Expression {
    if (isSign('-', '+')) {
      const negative = (tokens[at++] as Token).text === '-'
      const operand = unary()
      return (captures) => checked(toInteger(operand(captures)) * (negative ? -1 : 1))
    }
    return primary()
  }

  function primary(): Expression {
    const token = peek()
    at++
    if (token.kind === 'number') {
      const value = toInteger(token.text)
      return () => value
    }
    if (token.kind === 'text') return () => token.text
    if (token.kind === 'capture') {
      const index = Number(token.text) - 1
      return (captures) => captures[index] ?? ''
    }
    if (token.kind === 'name') return call(token.text)
    at--
    expect('(')
    const inner = conditional()
    expect(')')
    return inner
  }

  function call(name: string): Expression {
    const helper = HELPERS.get(name)
    if (!helper) throw new ExpressionFault(`there is no function ${name}; there are ${[...HELPERS.keys()].join(', ')}`)
    expect('(')
    const parameters: Expression[] = []
    while (!isSign(')')) {
      parameters.push(conditional())
      if (!isSign(')')) expect(',')
    }
    expect(')')
    return (captures) => helper(parameters.map((parameter) => parameter(captures)))
  }

  const whole = conditional()
  if (peek().kind !== 'end') throw new ExpressionFault(`"${peek().text}" is too much`)
  return whole
}
