/** What the parameter schemas of the areas are made of. */
import { z } from 'zod'

export const flag = z.boolean().optional()
export const word = z.string().optional()
export const words = z.array(z.string()).optional()
export const ranged = z.strictObject({ noderange: z.string() })

/** Parameters of a method that changes something: every one of them can be asked what it would do. */
export function changing<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject({ ...shape, dryRun: flag })
}
