import { z } from 'zod'
import { changing, flag, word, words } from '../../param-shapes.ts'

export const TABLE_PARAMS = {
  'tables.dump': z.strictObject({
    table: word,
    describe: flag,
    where: words,
    newest: z.number().int().nonnegative().optional(),
  }),
  /** `dumped`: SHA-256 of what tables.dump printed; refused when the table is another one by now. */
  'tables.restore': changing({ table: z.string(), csv: z.string(), append: flag, dumped: word }),
  /** `keys`: `key=value[,key=value…]`. */
  'tables.get': z.strictObject({ keys: z.string(), columns: z.array(z.string()), withFieldname: flag }),
  'tables.change': changing({ words: z.array(z.string()), delete: flag }),
  /** Names that begin with the prefix. `type`: of objects and attributes, default node; `table`: of columns. */
  'tables.names': z.strictObject({
    of: z.enum(['node', 'object', 'type', 'attribute', 'table', 'node-table', 'column', 'key']),
    prefix: word,
    type: word,
    table: word,
  }),
} as const
