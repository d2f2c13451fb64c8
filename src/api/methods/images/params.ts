import { z } from 'zod'
import { changing, flag, word } from '../../param-shapes.ts'

export const IMAGE_PARAMS = {
  /** `force`: the noderange of the running nodes that may see files vanish. */
  'image.liteimg': changing({ image: z.string(), verbose: flag, force: word }),
} as const
