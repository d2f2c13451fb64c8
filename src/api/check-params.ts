/** A call that came over the socket: the method's name and parameters, or why there is no such call. */
import { z } from 'zod'
import { OperatorError } from './errors.ts'
import { METHODS } from './methods/index.ts'
import { type MethodName, type MethodParams, PARAMS } from './params.ts'

/** @throws OperatorError LB_NO_METHOD, LB_USAGE */
export function checkParams(
  method: string,
  params: unknown,
): { readonly method: MethodName; readonly params: MethodParams[MethodName] } {
  if (!isMethod(method)) throw new OperatorError('LB_NO_METHOD', `there is no method ${method}`)
  const parsed = PARAMS[method].safeParse(METHODS[method].changes ? params : withoutDryRun(params))
  if (parsed.success) return { method, params: parsed.data }
  throw new OperatorError('LB_USAGE', `${method}: ${z.prettifyError(parsed.error)}`)
}

/** A command that was given `--dry-run` says so with every call; those that only look have nothing to keep from doing. */
function withoutDryRun(params: unknown): unknown {
  if (typeof params !== 'object' || params === null || !('dryRun' in params)) return params
  const { dryRun: _asked, ...others } = params
  return others
}

function isMethod(name: string): name is MethodName {
  return Object.hasOwn(PARAMS, name)
}
