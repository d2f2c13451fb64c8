import { OperatorError } from '../../api/errors.ts'

const ROLES = ['viewer', 'operator', 'administrator'] as const

/** @throws OperatorError LB_USAGE */
export function parseRole(text: string): (typeof ROLES)[number] {
  const role = ROLES.find((one) => one === text)
  if (role === undefined) throw new OperatorError('LB_USAGE', `there is no role "${text}": ${ROLES.join(', ')}`)
  return role
}
