/** Faults of the image room, and files that cannot be read or written, as errors an operator is shown. */
import { errnoOf, ImageError } from '../../../image/image-error.ts'
import { OperatorError } from '../../errors.ts'

export async function asOperatorErrors<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (error instanceof ImageError) throw new OperatorError('LB_IMAGE', error.message)
    const code = errnoOf(error)
    if (code !== undefined && error instanceof Error && /^E[A-Z]+$/.test(code))
      throw new OperatorError('LB_FILE', error.message)
    throw error
  }
}
