import { z } from 'zod'
import { changing, flag, word, words } from '../../param-shapes.ts'

const count = z.number().int().nonnegative().optional()

export const HISTORY_PARAMS = {
  /** `filters`: tables, and names that stand in the keys of rows. `since`: a date, or `2h` ago. */
  'history.list': z.strictObject({ filters: words, since: word, number: count }),
  /** Revisions as typed; nothing: the last transaction; one: that transaction; two: the tables then and then. */
  'history.diff': z.strictObject({ revisions: words }),
  'history.undo': changing({ revisions: z.array(z.string()), force: flag }),
  'history.prune': changing({
    table: z.string(),
    all: flag,
    number: count,
    percent: z.number().int().min(0).max(100).optional(),
    recid: count,
    days: count,
    verbose: flag,
  }),
} as const
