/**
 * Regular expressions in tables are Perl's; JavaScript's differ in a few places that administrators really use. Those
 * are rewritten; what cannot be is refused, so that a wrong reading never passes for a right one.
 */

import { BoundedRegExp, costExponent } from './bounded-regexp.ts'

export type Compiled = { readonly regex: RegExp } | { readonly fault: string }

const POSIX_CLASSES: Readonly<Record<string, string>> = {
  alpha: 'A-Za-z',
  digit: '0-9',
  alnum: 'A-Za-z0-9',
  upper: 'A-Z',
  lower: 'a-z',
  space: '\\s',
  xdigit: '0-9A-Fa-f',
  word: '\\w',
  punct: '!-\\/:-@\\[-`{-~',
}

const ESCAPES: Readonly<Record<string, string>> = {
  A: '^',
  z: '$',
  Z: '$',
  h: '[ \\t]',
  H: '[^ \\t]',
  e: '\\x1b',
  a: '\\x07',
}
const ESCAPES_IN_CLASS: Readonly<Record<string, string>> = { h: ' \\t', e: '\\x1b', a: '\\x07' }
const UNSUPPORTED = /\(\?(?:>|&|\(|P|R|\d|\||#)|\\[GKRXQE]|[*+?}]\+/

/** `whole`: the text has to match from end to end. */
export function compilePerlRegex(source: string, { whole = false } = {}): Compiled {
  const [, inline = '', body = source] = /^\(\?([a-z]+)\)(.*)$/s.exec(source) ?? []
  if (/[^ims]/.test(inline)) return { fault: `regular expression ${source}: the flags (?${inline}) are not supported` }
  // Escaped characters and classes cannot be part of a construct: hide them from the search.
  const constructs = body.replace(/\\[^A-Za-z]/g, '__').replace(/\[\^?\]?[^\]]*\]/g, '_')
  const unsupported = UNSUPPORTED.exec(constructs)
  if (unsupported) return { fault: `regular expression ${source}: ${unsupported[0]} is not supported` }
  try {
    const translated = translate(body)
    const wanted = whole ? `^(?:${translated})$` : translated
    const flags = [...new Set(inline)].join('')
    const exponent = costExponent(translated)
    return { regex: exponent < 2 ? new RegExp(wanted, flags) : new BoundedRegExp(wanted, flags, exponent, source) }
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^.*: /, '') : String(error)
    return { fault: `regular expression ${source}: ${reason}` }
  }
}

function translate(source: string): string {
  let out = ''
  let inClass = false
  for (let at = 0; at < source.length; at++) {
    const char = source[at] as string
    if (char === '\\') {
      const next = source[++at] ?? ''
      out += (inClass ? ESCAPES_IN_CLASS : ESCAPES)[next] ?? `\\${next}`
    } else if (!inClass && char === '[') {
      inClass = true
      out += char
      if (source[at + 1] === '^') out += source[++at]
      // Perl takes a "]" in the first place for itself, JavaScript for the end of an empty class.
      if (source[at + 1] === ']') out += `\\${source[++at]}`
    } else if (inClass && char === '[' && source[at + 1] === ':') {
      const [whole, name = ''] = /^\[:([a-z]+):\]/.exec(source.slice(at)) ?? []
      const set = POSIX_CLASSES[name]
      if (whole === undefined || set === undefined) out += '\\['
      else {
        out += set
        at += whole.length - 1
      }
    } else {
      if (char === ']') inClass = false
      out += char
    }
  }
  return out
}
