/**
 * Regular expressions that a table or a command line brings in, with an end to how long one match may take: nested
 * repetition can cost more steps than the universe has seconds, and nodes are answered in the same thread.
 */
import { createContext, Script } from 'node:vm'

/** The match was given up. The text names the expression. */
export class SlowMatch extends Error {}

/** A match that takes longer is given up; a sane one takes microseconds. */
const LONGEST_MS = 50
/** The watch looks at the clock of the wall: on a busy machine all of that time may have been others'. */
const MOST_TRIES = 20
/** Each part that may be left out doubles the ways to match. */
const MOST_OPTIONAL = 10
/** Steps that need no watch: some ten milliseconds. */
const MOST_STEPS = 1e6

/**
 * How the cost grows with the text: 0 linear, 2 with its square, … `Infinity`: no bound. An estimate on the safe side:
 * repeated classes count as ambiguous unless neighbours cannot match the same characters, as `\D+(\d+)`.
 */
export function costExponent(source: string): number {
  const groups: { repeats: boolean; choice: boolean }[] = [{ repeats: false, choice: false }]
  let exponent = 0
  let before = ''
  let optional = 0
  for (let at = 0; at < source.length; ) {
    const atom = atomAt(source, at)
    at += atom.length
    if (atom === '(') {
      groups.push({ repeats: false, choice: false })
      continue
    }
    const top = groups.at(-1) as { repeats: boolean; choice: boolean }
    if (atom === '|') {
      top.choice = true
      continue
    }
    const quantifier = /^(?:[*+?]|\{\d*,?\d*\})[?+]?/.exec(source.slice(at))?.[0] ?? ''
    at += quantifier.length
    // What may be left out is a choice as well.
    if (/^(?:\?|\{0?,)/.test(quantifier)) {
      if (atom !== ')') top.choice = true
      if (++optional > MOST_OPTIONAL) return Number.POSITIVE_INFINITY
    }
    const unbounded = /^(?:[*+]|\{\d*,\})/.test(quantifier) || repeatsOften(quantifier)
    if (/^\\[1-9]/.test(atom) && unbounded) return Number.POSITIVE_INFINITY
    if (atom === ')') {
      const inner = groups.length > 1 ? groups.pop() : undefined
      const outer = groups.at(-1) as { repeats: boolean; choice: boolean }
      if (unbounded && inner && (inner.repeats || inner.choice)) return Number.POSITIVE_INFINITY
      if (inner?.repeats || unbounded) outer.repeats = true
      if (unbounded) exponent++
      if (inner?.choice || /^(?:\?|\{0?,)/.test(quantifier)) outer.choice = true
      continue
    }
    const kind = kindOf(atom)
    if (unbounded) {
      top.repeats = true
      if (kind === 'any' || kind === before) exponent++
      before = kind
    } else if (quantifier === '') before = ''
  }
  return exponent
}

/** `{2,1000}` is as good as unbounded. */
function repeatsOften(quantifier: string): boolean {
  const [, least = '', most = ''] = /^\{(\d*),?(\d*)\}/.exec(quantifier) ?? []
  return Math.max(Number(least), Number(most)) > 4
}

/** One character, escape, class, or the opening of a group with its `?:`. */
function atomAt(source: string, at: number): string {
  const rest = source.slice(at)
  if (rest.startsWith('\\')) return rest.slice(0, 2)
  if (rest.startsWith('[')) return /^\[\^?\]?(?:\\.|\[:\w+:\]|[^\]\\])*\]?/s.exec(rest)?.[0] ?? '['
  return rest[0] ?? ''
}

function kindOf(atom: string): 'digit' | 'other' | 'any' {
  if (/^(?:\\d|\[0-9\]|\[\[:digit:\]\]|[0-9])$/.test(atom)) return 'digit'
  if (/^(?:\\D|\[\^0-9\]|\[(?:a-z|A-Z|-|_)+\]|\[\[:alpha:\]\]|[A-Za-z_-])$/.test(atom)) return 'other'
  return 'any'
}

const MATCH = new Script('pattern.exec(text)')
const sandbox: { pattern?: RegExp; text?: string } = {}
let context: ReturnType<typeof createContext> | undefined

/** A regular expression that gives up: `exec` and `test` throw `SlowMatch`, and after the first time they do so at once. */
export class BoundedRegExp extends RegExp {
  readonly #plain: RegExp
  readonly #exponent: number
  readonly #shown: string
  #gaveUp = false

  constructor(source: string, flags: string, exponent: number, shown: string) {
    super(source, flags)
    this.#plain = new RegExp(source, flags)
    this.#exponent = exponent
    this.#shown = shown
  }

  override exec(text: string): RegExpExecArray | null {
    if (text.length ** this.#exponent <= MOST_STEPS) return this.#plain.exec(text)
    if (!this.#gaveUp) {
      const before = process.threadCpuUsage()
      for (let tried = 0; tried < MOST_TRIES; tried++) {
        const found = this.#watched(text)
        if (found !== 'too long') return found
        const { user, system } = process.threadCpuUsage(before)
        if ((user + system) / 1000 >= LONGEST_MS) break
      }
      this.#gaveUp = true
    }
    throw new SlowMatch(`regular expression ${this.#shown} takes too long: avoid repeating what repeats, as in (a+)+`)
  }

  #watched(text: string): RegExpExecArray | null | 'too long' {
    context ??= createContext(sandbox)
    sandbox.pattern = this.#plain
    sandbox.text = text
    try {
      return MATCH.runInContext(context, { timeout: LONGEST_MS }) as RegExpExecArray | null
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return 'too long'
      throw error
    }
  }
}
