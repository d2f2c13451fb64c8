import { z } from 'zod'
import { changing, flag, word } from '../../param-shapes.ts'

/** Behind the noderange, as typed. */
const words = z.array(z.string())

export const NODE_PARAMS = {
  'nodes.list': z.strictObject({
    /** Left out: all nodes. */
    noderange: word,
    /** `table.column`, short names, tables, conditions. */
    columns: words,
    blame: flag,
    withFieldname: flag,
    hidden: flag,
    /** The nodes as values too: costs as much as the text. */
    data: flag,
  }),
  'nodes.expand': z.strictObject({ noderange: z.string(), fold: flag }),
  'nodes.tables': z.strictObject({ noderange: z.string() }),
  'nodes.add': changing({ noderange: z.string(), words }),
  'nodes.change': changing({ noderange: z.string(), words, delete: flag }),
  'nodes.remove': changing({ noderange: z.string() }),
} as const
