/** Conditions `name==value`, `name!=value`, `name=~regex`, `name!~regex`: in node ranges, -w options, dynamic groups. */
import { compilePerlRegex } from './perl-regexp.ts'

export interface Condition {
  readonly name: string
  readonly operator: '==' | '!=' | '=~' | '!~'
  readonly operand: string
  /** An unset value is the empty string. */
  matches(value: string): boolean
}

const FORM = /^([^=!~]+?)(==|=~|!=|!~|=)(.*)$/s

/** `=` means `==`. undefined: not a condition at all. */
export function parseCondition(text: string): Condition | { readonly fault: string } | undefined {
  const [, name, written, operand = ''] = FORM.exec(text) ?? []
  if (name === undefined || written === undefined) return undefined
  const operator = written === '=' ? '==' : (written as Condition['operator'])
  const common = { name: name.trim(), operator, operand }
  if (operator === '==') return { ...common, matches: (value) => value === operand }
  if (operator === '!=') return { ...common, matches: (value) => value !== operand }
  const source = operand.length > 1 && operand.startsWith('/') && operand.endsWith('/') ? operand.slice(1, -1) : operand
  const compiled = compilePerlRegex(source)
  if ('fault' in compiled) return compiled
  const wanted = operator === '=~'
  return { ...common, matches: (value) => compiled.regex.test(value) === wanted }
}
