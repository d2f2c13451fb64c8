/** A call that came over the socket: the method's name and parameters, or why there is no such call. */
import { z } from 'zod'
import { OperatorError } from './errors.ts'
import { type MethodName, type MethodParams, PARAMS } from './params.ts'

/** @throws OperatorError LB_NO_METHOD, LB_USAGE */
export function checkParams(
  method: string,
  params: unknown,
): { readonly method: MethodName; readonly params: MethodParams[MethodName] } {
  if (!isMethod(method)) throw new OperatorError('LB_NO_METHOD', `there is no method ${method}`)
  const parsed = PARAMS[method].safeParse(params)
  if (parsed.success) return { method, params: parsed.data }
  throw new OperatorError('LB_USAGE', `${method}: ${z.prettifyError(parsed.error)}`)
}

function isMethod(name: string): name is MethodName {
  return Object.hasOwn(PARAMS, name)
}
