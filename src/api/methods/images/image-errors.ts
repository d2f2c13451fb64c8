/** What the image room refuses, as an operator's error. */
import { ImageError } from '../../../image/image-error.ts'
import { OperatorError } from '../../errors.ts'

/** @throws OperatorError LB_IMAGE */
export async function inImage<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof ImageError) throw new OperatorError('LB_IMAGE', error.message)
    throw error
  }
}
