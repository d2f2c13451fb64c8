/** What the expressions of value patterns work with. */

/** A text or an integer; a text is read as its leading number where a number is needed, as in Perl. */
export type Value = string | number

/** Something that has no value: division by zero, too large a number, a wrong argument. The cell's place stays empty. */
export class ExpressionFault extends Error {}

export function toInteger(value: Value): number {
  if (typeof value === 'number') return value
  const number = Number(/^\s*([+-]?\d+)/.exec(value)?.[1] ?? 0)
  return checked(number)
}

export function checked(number: number): number {
  if (!Number.isSafeInteger(number)) throw new ExpressionFault('the number is too large')
  return number === 0 ? 0 : number
}
