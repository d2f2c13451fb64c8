/** Advice that names what was probably meant. */
import { nearestName } from '../tables/nearest-name.ts'
import { OPERATOR_ERRORS, OperatorError, type OperatorErrorCode } from './errors.ts'

/** An error about a name that does not exist; the general advice is led by the nearest one that does. */
export function unknownName(
  code: OperatorErrorCode,
  message: string,
  name: string,
  candidates: Iterable<string>,
): OperatorError {
  const near = nearestName(name, candidates)
  return new OperatorError(code, message, near && `Did you mean '${near}'? ${OPERATOR_ERRORS[code]}`)
}
