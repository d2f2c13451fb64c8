/**
 * Regular expressions of the policy table, matched against words that come from outside: a pattern that takes too long
 * (nested repetition) must not hold up the server, in whose thread nodes are answered as well.
 */
import { createContext, Script } from 'node:vm'
import { compilePerlRegex } from '../../tables/perl-regexp.ts'
import { API_LIMITS } from '../limits.ts'

// In a context of its own with a time limit: the engine gives a running match up when the time is over.
const MATCH = new Script('pattern.test(text)')
const sandbox: { pattern?: RegExp; text?: string } = {}
let context: ReturnType<typeof createContext> | undefined

/** Unanchored, as in xCAT. A fault: it cannot be said whether the text matches. */
export function matchesWithin(source: string, text: string): boolean | { readonly fault: string } {
  const compiled = compilePerlRegex(source)
  if ('fault' in compiled) return { fault: compiled.fault }
  if (text.length > API_LIMITS.matchedCharacters)
    return { fault: `arguments of more than ${API_LIMITS.matchedCharacters} characters are not matched` }
  context ??= createContext(sandbox)
  sandbox.pattern = compiled.regex
  sandbox.text = text
  try {
    return MATCH.runInContext(context, { timeout: API_LIMITS.matchMs }) === true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error
    return { fault: `parameters "${source}" takes too long to match` }
  }
}

const WORK = new Script('work()')
const workbench: { work?: () => unknown } = {}
let workContext: ReturnType<typeof createContext> | undefined

/** Runs pure work that comes from outside; undefined: it took too long and was given up. */
export function runWithin<T>(limitMs: number, work: () => T): { readonly value: T } | undefined {
  workContext ??= createContext(workbench)
  workbench.work = () => ({ value: work() })
  try {
    return WORK.runInContext(workContext, { timeout: limitMs }) as { readonly value: T }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error
    return undefined
  } finally {
    delete workbench.work
  }
}

/** `(a+)+`, `(a|b)*`: repetition of what repeats or branches can take for ever. Said of more patterns than need be. */
export function hasNestedRepetition(source: string): boolean {
  const groups: { varies: boolean }[] = [{ varies: false }]
  const tokens = source.match(/\\.|\[\^?\]?(?:\\.|[^\]])*\]|\{\d*,?\d*\}|[()|*+]|./gs) ?? []
  let closed: { varies: boolean } | undefined
  for (const token of tokens) {
    const group = groups.at(-1)
    const repeats = token === '*' || token === '+' || /^\{\d*,?\d*\}$/.test(token)
    if (repeats && closed?.varies) return true
    if (group && (repeats || token === '|' || closed?.varies)) group.varies = true
    closed = undefined
    if (token === '(') groups.push({ varies: false })
    else if (token === ')' && groups.length > 1) closed = groups.pop()
  }
  return false
}
