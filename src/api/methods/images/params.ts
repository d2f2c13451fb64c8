import { z } from 'zod'
import { changing, flag, word } from '../../param-shapes.ts'

export const IMAGE_PARAMS = {
  /**
   * `keepCurrent`: the new generation is made and not promoted. `inPlace`: the current one is changed instead; `force`: the
   * noderange of the running nodes that may see files vanish then.
   */
  'image.liteimg': changing({ image: z.string(), verbose: flag, force: word, inPlace: flag, keepCurrent: flag }),
  /** `media` and `path` are absolute. `inspect`: say what they are; `skipKnown`: leave out what was copied before. */
  'image.copycds': changing({
    media: z.array(z.string()),
    name: word,
    arch: word,
    path: word,
    inspect: flag,
    noImages: flag,
    skipKnown: flag,
  }),
} as const
