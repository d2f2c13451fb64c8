import { z } from 'zod'
import { changing, flag, word, words } from '../../param-shapes.ts'

export const IMAGE_PARAMS = {
  /**
   * `keepCurrent`: the new generation is made and not promoted. `inPlace`: the current one is changed instead; `force`: the
   * noderange of the running nodes that may see files vanish then.
   */
  'image.liteimg': changing({
    image: z.string(),
    verbose: flag,
    force: word,
    inPlace: flag,
    keepCurrent: flag,
    /** Of a ramdisk image; left out: as it was packed before. */
    method: z.enum(['cpio', 'squashfs']).optional(),
    compressor: z.enum(['gzip', 'pigz', 'xz', 'zstd']).optional(),
  }),
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
  /** `file` is absolute, a file or a directory; `extra`: FILE or FILE:DIRECTORY; `node`: whose postscripts go along. */
  'image.export': changing({
    image: z.string(),
    file: z.string(),
    extra: words,
    node: word,
    generation: z.int().positive().optional(),
  }),
  /** `bundle` is absolute; `nodes` get its postscripts; `statelite`: its statelite rows are taken. */
  'image.import': changing({ bundle: z.string(), nodes: word, profile: word, name: word, statelite: flag }),
} as const
