import { z } from 'zod'
import { flag, words } from '../../param-shapes.ts'

export const CHECK_PARAMS = {
  /** `targets`: node ranges and image names; none: everything. `severity`: the least that is shown. */
  'check.run': z.strictObject({
    targets: words,
    severity: z.enum(['info', 'warning', 'error']).optional(),
    strict: flag,
  }),
} as const
