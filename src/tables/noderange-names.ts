/** The parts of a node range that are about text alone: splitting, brackets, `n1-n5`, `n1+4`. */

/** Bounds memory and time of one request; ten times the largest cluster we serve. */
export const MOST_NAMES = 1_000_000

export class NodeRangeTooLarge extends Error {
  constructor(atom: string) {
    super(`noderange ${atom}: more than ${MOST_NAMES} names`)
  }
}

/** `{1,3}` of a regular expression: its comma separates nothing. */
const REPETITION = /\{\d+,\d*\}/y

/** Splits at a character that stands outside ( ), [ ] and {1,3}. undefined: the parentheses do not match. */
export function splitOutside(text: string, separator: string): string[] | undefined {
  const parts: string[] = []
  let round = 0
  let square = 0
  let from = 0
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    if (char === '(') round++
    else if (char === ')') round--
    else if (char === '[') square++
    else if (char === ']') square = Math.max(0, square - 1)
    else if (char === '{') at = endOfRepetition(text, at)
    else if (char === separator && round === 0 && square === 0) {
      parts.push(text.slice(from, at))
      from = at + 1
    }
    if (round < 0) return undefined
  }
  if (round !== 0) return undefined
  parts.push(text.slice(from))
  return parts
}

function endOfRepetition(text: string, open: number): number {
  REPETITION.lastIndex = open
  return REPETITION.test(text) ? REPETITION.lastIndex - 1 : open
}

/** Numbers from left to right. A left number with a leading zero sets the width; undefined: it does not make a range. */
function expandNumbers(left: string, right: string, atom: string): string[] | undefined {
  const first = Number(left)
  const last = Number(right)
  const width = left.startsWith('0') ? left.length : 0
  if (first > last || right.length < width || !Number.isSafeInteger(last)) return undefined
  if (last - first >= MOST_NAMES) throw new NodeRangeTooLarge(atom)
  return Array.from({ length: last - first + 1 }, (_, offset) => String(first + offset).padStart(width, '0'))
}

/** `r1b1`, `r1b3` → r1b1, r1b2, r1b3: exactly one number may differ. undefined: not a range, or one that runs backwards. */
function expandBetween(left: string, right: string, atom: string): string[] | undefined {
  const lefts = left.split(/(\d+)/)
  const rights = right.split(/(\d+)/)
  if (left === '' || lefts.length !== rights.length) return undefined
  // Odd places are numbers.
  const different = lefts.flatMap((part, at) => (part === rights[at] ? [] : [at]))
  const [place] = different
  if (different.length > 1 || (place !== undefined && place % 2 === 0)) return undefined
  if (place === undefined) return [left]
  const before = lefts.slice(0, place).join('')
  const after = lefts.slice(place + 1).join('')
  return expandNumbers(lefts[place] ?? '', rights[place] ?? '', atom)?.map((number) => before + number + after)
}

/** `left-right` or `left:right`. With dashes in names the middle one separates. */
export function expandDash(atom: string): string[] | undefined {
  const colon = atom.split(':')
  if (colon.length === 2) return expandBetween(colon[0] ?? '', colon[1] ?? '', atom)
  const dashed = atom.split('-')
  if (dashed.length % 2 !== 0) return undefined
  const half = dashed.length / 2
  return expandBetween(dashed.slice(0, half).join('-'), dashed.slice(half).join('-'), atom)
}

/** `n1+3` → n1, n2, n3, n4. */
export function expandPlus(atom: string): string[] | undefined {
  const [, prefix = '', number = '', count = ''] = /^(.*?)(\d+)\+(\d+)$/.exec(atom) ?? []
  if (number === '') return undefined
  const last = String(Number(number) + Number(count))
  const width = number.startsWith('0') ? number.length : 0
  return expandNumbers(number, last.padStart(width, '0'), atom)?.map((text) => prefix + text)
}

/** Brackets in one atom; names have a handful of numbers. */
const MOST_BRACKETS = 20

/** `r[1-2]b[1,3]x`. An empty list: brackets that do not make sense. undefined: no brackets. */
export function expandBrackets(atom: string, allowed = MOST_BRACKETS): string[] | undefined {
  const open = atom.indexOf('[')
  if (open === -1) return undefined
  if (allowed === 0) return []
  const close = atom.indexOf(']', open)
  if (close === -1) return []
  const rest = atom.slice(close + 1)
  const tails = rest.includes('[') ? expandBrackets(rest, allowed - 1) : [rest]
  const items = atom
    .slice(open + 1, close)
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
    .map((item) => (/[-:]/.test(item) ? expandDash(item) : [item]))
  if (!tails || tails.length === 0 || items.length === 0 || items.includes(undefined)) return []
  const heads = items.flatMap((names) => names ?? [])
  if (heads.length * tails.length > MOST_NAMES) throw new NodeRangeTooLarge(atom)
  const prefix = atom.slice(0, open)
  return heads.flatMap((head) => tails.map((tail) => prefix + head + tail))
}
