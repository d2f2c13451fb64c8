/** A command line that is being typed: its words, and what the last of them is to be. */
import type { Argument, Command, Option } from 'commander'
import type { CliCommand } from '../command.ts'
import { type Expected, expectedArgument, expectedValue } from './value-kinds.ts'

export interface Place {
  readonly expected: Expected | 'options'
  /** What stands before the value in the same word: `--image=`. */
  readonly lead: string
  /** The value as far as it was typed. */
  readonly value: string
  /** Options before it, by their first letter or their name: `-t`, `--osimage`. */
  readonly options: ReadonlyMap<string, string>
  /** Operands before it. */
  readonly operands: readonly string[]
}

/** Words as a shell splits them; the last one is where the cursor is, and may be empty. */
export function splitLine(line: string): string[] {
  const words: string[] = []
  let word: string | undefined
  let quote = ''
  for (let at = 0; at < line.length; at++) {
    const char = line[at] ?? ''
    if (quote === '' && /\s/.test(char)) {
      if (word !== undefined) words.push(word)
      word = undefined
      continue
    }
    word ??= ''
    if (char === '\\' && quote !== "'") word += line[++at] ?? ''
    else if (char === quote) quote = ''
    else if (quote === '' && (char === '"' || char === "'")) quote = char
    else word += char
  }
  return [...words, word ?? '']
}

/** @param words behind the command's name; the last one is where the cursor is */
export function locate(command: CliCommand, program: Command, words: readonly string[]): Place {
  const options = new Map<string, string>()
  const operands: string[] = []
  let pending: Option | undefined
  let literal = false
  const last = words.at(-1) ?? ''
  for (const word of words.slice(0, -1)) {
    if (pending) {
      remember(options, pending, word)
      pending = undefined
    } else if (literal || !word.startsWith('-') || word === '-') operands.push(word)
    else if (word === '--') literal = true
    else pending = readOption(program, word, options)
  }
  const place = (expected: Place['expected'], from = 0): Place => {
    return { expected, lead: last.slice(0, from), value: last.slice(from), options, operands }
  }
  if (pending) return place(expectedValue(command, pending))
  const equals = last.indexOf('=')
  if (!literal && last.startsWith('--') && equals !== -1) {
    const option = findOption(program, last.slice(0, equals))
    return place(option ? expectedValue(command, option) : 'nothing', equals + 1)
  }
  if (!literal && last.startsWith('-')) return place('options')
  const argument = argumentAt(program, operands.length)
  return place(argument ? expectedArgument(command, argument) : 'nothing')
}

/** Returns the option that waits for its value in the next word. */
function readOption(program: Command, word: string, options: Map<string, string>): Option | undefined {
  if (word.startsWith('--')) {
    const [flag = '', ...value] = word.split('=')
    const option = findOption(program, flag)
    if (!option) return undefined
    if (takesValue(option) && value.length === 0) return option
    remember(options, option, value.join('='))
    return undefined
  }
  // `-lt osimage`, `-tosimage`
  for (let at = 1; at < word.length; at++) {
    const option = findOption(program, `-${word[at]}`)
    if (!option) return undefined
    if (takesValue(option)) {
      if (at + 1 === word.length) return option
      remember(options, option, word.slice(at + 1))
      return undefined
    }
    remember(options, option, '')
  }
  return undefined
}

function findOption(program: Command, flag: string): Option | undefined {
  return program.options.find(({ short, long }) => short === flag || long === flag)
}

function takesValue(option: Option): boolean {
  return option.required || option.optional
}

function remember(options: Map<string, string>, option: Option, value: string): void {
  for (const flag of [option.short, option.long]) if (flag !== undefined) options.set(flag, value)
}

function argumentAt(program: Command, index: number): Argument | undefined {
  const { registeredArguments } = program
  const last = registeredArguments.at(-1)
  return registeredArguments[index] ?? (last?.variadic ? last : undefined)
}
