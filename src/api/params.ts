/**
 * The methods of the API and their parameters. Whatever comes from outside is checked against these schemas; commands that
 * open the tables directly are checked by the compiler alone, and never load this file.
 */
import { z } from 'zod'

const flag = z.boolean().optional()
const word = z.string().optional()
const words = z.array(z.string()).optional()

const ranged = z.strictObject({ noderange: z.string() })

const objectChange = z.strictObject({
  /** Words without `=`: a noderange, or the name of an object. */
  operands: z.array(z.string()),
  /** `attribute=value` words. */
  assignments: z.array(z.string()),
  objects: word,
  type: word,
  force: flag,
  plus: flag,
  minus: flag,
  newName: word,
  dynamic: flag,
  where: words,
  /** The text of a stanza file. */
  stanzas: word,
  verbose: flag,
})

export const PARAMS = {
  'server.ping': z.strictObject({}),
  'tables.dump': z.strictObject({ table: word, describe: flag, where: words }),
  'tables.restore': z.strictObject({ table: z.string(), csv: z.string(), append: flag }),
  'tables.change': z.strictObject({ words: z.array(z.string()), delete: flag }),
  'objects.describe': z.strictObject({ type: z.string() }),
  'objects.show': z.strictObject({
    names: word,
    type: word,
    attributes: word,
    long: flag,
    short: flag,
    all: flag,
    compact: flag,
    where: words,
    stanza: flag,
    hidden: flag,
    verbose: flag,
    osimage: flag,
    /** The objects as values too: costs as much as the text. */
    data: flag,
  }),
  'objects.make': objectChange,
  'objects.change': objectChange,
  'objects.remove': z.strictObject({ names: word, type: word, all: flag, force: flag, verbose: flag }),
  'statelite.litefile': ranged,
  'statelite.ilitefile': z.strictObject({ image: z.string() }),
  'statelite.litetree': ranged,
  'statelite.lslite': z.strictObject({ noderange: word, image: word, verbose: flag }),
  'statelite.plan': z.strictObject({ node: z.string() }),
  /** `force`: the noderange of the running nodes that may see files vanish. */
  'image.liteimg': z.strictObject({ image: z.string(), dryRun: flag, verbose: flag, force: word }),
  'timeline.show': z.strictObject({ node: z.string(), all: flag }),
  'exports.list': z.strictObject({}),
  'leases.list': z.strictObject({}),
  'vm.describe': z.strictObject({ node: z.string() }),
} as const

export type MethodName = keyof typeof PARAMS
export type MethodParams = { readonly [M in MethodName]: z.infer<(typeof PARAMS)[M]> }
