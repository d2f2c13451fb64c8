import { z } from 'zod'
import { changing, flag } from '../../param-shapes.ts'

const files = z.array(z.strictObject({ table: z.string(), source: z.string(), text: z.string() }))

export const MIGRATION_PARAMS = {
  'migration.import': changing({
    files,
    /** What the command was given, for history. */
    path: z.string(),
    /** What happens to tables that have rows; left out: then nothing is imported. */
    mode: z.enum(['replace', 'merge']).optional(),
    /** The answer brings every line of the report, nothing folded. */
    account: flag,
  }),
  'migration.dump': z.strictObject({}),
  'migration.restore': changing({ files, path: z.string(), replace: flag, withFaults: flag }),
} as const
