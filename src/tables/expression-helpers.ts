/** The functions of the expression language in value patterns. */
import { ExpressionFault, toInteger, type Value } from './expression-value.ts'

type Helper = (parameters: readonly Value[]) => Value

function integerAt(parameters: readonly Value[], index: number): number {
  return toInteger(parameters[index] ?? 0)
}

/** Position of a letter in the alphabet, a = `first`. */
function letterIndex(first: number): Helper {
  return ([letter = '']) => {
    const code = String(letter).toLowerCase().charCodeAt(0)
    if (!(code >= 97 && code <= 122)) throw new ExpressionFault(`"${letter}" is not a letter`)
    return code - 97 + first
  }
}

/** Sum of the bytes. */
const mknum: Helper = ([text = '']) => Buffer.from(String(text)).reduce((sum, byte) => sum + byte, 0)

/** dim2idx(v1, size2, v2, size3, v3, …): place in a grid, counted from 1. */
const dim2idx: Helper = (parameters) => {
  let index = integerAt(parameters, 0) - 1
  for (let at = 1; at + 1 < parameters.length; at += 2)
    index = index * integerAt(parameters, at) + integerAt(parameters, at + 1) - 1
  return index + 1
}

/** skip(i, 'start[:count],…'): i less the skipped places before it; -1 when i itself is skipped. */
const skip: Helper = ([index = 0, list = '']) => {
  const wanted = toInteger(index)
  let skipped = 0
  for (const item of String(list).split(',')) {
    const [first = '', count = '1'] = item.split(':')
    const start = toInteger(first)
    const end = start + toInteger(count)
    if (wanted >= start && wanted < end) return -1
    if (wanted >= end) skipped += end - start
  }
  return wanted - skipped
}

/** ipadd(o1,o2,o3,o4,add,skipstart,skipend): the last octet never takes its first `skipstart` or last `skipend` values. */
const ipadd: Helper = (parameters) => {
  const [first, second, third, fourth, add, skipStart, skipEnd] = [0, 1, 2, 3, 4, 5, 6].map((at) =>
    integerAt(parameters, at),
  ) as [number, number, number, number, number, number, number]
  const usable = 256 - skipStart - skipEnd
  if (usable < 1) throw new ExpressionFault('ipadd: no value of the last octet is left')
  const place = fourth - skipStart + add
  const octets = [first, second, third + Math.floor(place / usable), skipStart + (((place % usable) + usable) % usable)]
  if (octets.some((octet) => octet < 0 || octet > 255))
    throw new ExpressionFault(`ipadd: ${octets.join('.')} is not an address`)
  return octets.join('.')
}

const CONVERSION = /%([-0+ ]*)(\d*)(?:\.(\d+))?([%disuxXoc])/g
/** No host name or address needs more. */
const WIDEST_FIELD = 255

/** sprintf with %d %i %u %s %x %X %o %c %%, flags `-0+ `, width and precision. */
const sprintf: Helper = ([format = '', ...values]) => {
  let used = 0
  return String(format).replace(
    CONVERSION,
    (_, flags: string, width: string, precision: string | undefined, kind: string) => {
      if (kind === '%') return '%'
      const value = values[used++] ?? ''
      if (Number(width) > WIDEST_FIELD || Number(precision ?? 0) > WIDEST_FIELD)
        throw new ExpressionFault('sprintf: field too wide')
      return pad(
        kind === 's' ? text(value, precision) : number(value, kind, flags, precision),
        flags,
        Number(width),
        kind,
        precision,
      )
    },
  )
}

function text(value: Value, precision: string | undefined): string {
  return precision === undefined ? String(value) : String(value).slice(0, Number(precision))
}

function number(value: Value, kind: string, flags: string, precision: string | undefined): string {
  const integer = toInteger(value)
  if (kind === 'c') return integer >= 0 && integer <= 0x10ffff ? String.fromCodePoint(integer) : ''
  const base = kind === 'o' ? 8 : kind === 'x' || kind === 'X' ? 16 : 10
  const digits = Math.abs(integer)
    .toString(base)
    .padStart(Number(precision ?? 0), '0')
  const sign = integer < 0 ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : ''
  return sign + (kind === 'X' ? digits.toUpperCase() : digits)
}

function pad(shown: string, flags: string, width: number, kind: string, precision: string | undefined): string {
  if (flags.includes('-')) return shown.padEnd(width)
  if (!flags.includes('0') || kind === 's' || kind === 'c' || precision !== undefined) return shown.padStart(width)
  const sign = /^[-+ ]/.exec(shown)?.[0] ?? ''
  return sign + shown.slice(sign.length).padStart(width - sign.length, '0')
}

export const HELPERS: ReadonlyMap<string, Helper> = new Map([
  ['sprintf', sprintf],
  ['a2idx', letterIndex(1)],
  ['a2zidx', letterIndex(0)],
  ['mknum', mknum],
  ['dim2idx', dim2idx],
  ['skip', skip],
  ['ipadd', ipadd],
])
