import { OperatorError } from '../../api/errors.ts'

/** @throws OperatorError LB_USAGE */
export function wholeNumber(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^[1-9][0-9]{0,8}$/.test(text)) throw new OperatorError('LB_USAGE', `${option} takes a number, not "${text}".`)
  return Number(text)
}
