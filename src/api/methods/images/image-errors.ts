/** Faults of the image room, and files that cannot be read or written, as errors an operator is shown. */
import { errnoOf, ImageError } from '../../../image/image-error.ts'
import { interruptible } from '../../../image/interruption.ts'
import { OperatorError } from '../../errors.ts'
import type { MethodContext } from '../context.ts'

/** What the image room refuses. @throws OperatorError LB_IMAGE */
export async function inImage<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof ImageError) throw new OperatorError('LB_IMAGE', error.message)
    throw error
  }
}

/** Ends with the call, when its caller has gone. @throws OperatorError LB_IMAGE, LB_FILE */
export async function inCalledImage<T>({ signal }: MethodContext, work: () => Promise<T>): Promise<T> {
  return await inImageFiles(() => interruptible(signal, work))
}

/** For work on files an operator named: what the system refuses is theirs to mend too. @throws OperatorError LB_IMAGE, LB_FILE */
export async function inImageFiles<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await inImage(work)
  } catch (error) {
    const code = errnoOf(error)
    if (code !== undefined && error instanceof Error && /^E[A-Z]+$/.test(code))
      throw new OperatorError('LB_FILE', error.message)
    throw error
  }
}
