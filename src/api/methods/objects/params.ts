import { z } from 'zod'
import { changing, flag, word, words } from '../../param-shapes.ts'

const objectChange = changing({
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
  /** An object or a template to start from. */
  template: word,
  /** -u: the attributes of an osimage that can be worked out. */
  fill: flag,
  verbose: flag,
})

export const OBJECT_PARAMS = {
  'objects.describe': z.strictObject({ type: z.string(), attributes: word }),
  'objects.templates': z.strictObject({ name: word, type: word, all: flag, attributes: word, stanza: flag }),
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
    nics: flag,
    /** The objects as values too: costs as much as the text. */
    data: flag,
  }),
  'objects.explain': z.strictObject({
    noderange: z.string(),
    /** Attribute, table.column, path, or kcmdline; absent: every attribute that is set. */
    what: word,
  }),
  'objects.make': objectChange,
  'objects.change': objectChange,
  'objects.remove': changing({
    names: word,
    type: word,
    all: flag,
    force: flag,
    verbose: flag,
    /** Do nothing when the names of groups stand for their nodes: say so instead (`data.nodes`). */
    ask: flag,
  }),
} as const
