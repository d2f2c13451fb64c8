import { z } from 'zod'
import { changing, flag, word, words } from '../../param-shapes.ts'

export const IMAGE_PARAMS = {
  'image.pack': changing({
    image: z.string(),
    method: z.enum(['cpio', 'tar', 'squashfs']).optional(),
    compressor: z.enum(['gzip', 'pigz', 'xz', 'zstd']).optional(),
    noSyncFiles: flag,
  }),
  /** `target`: an image, or the absolute path of a file. */
  'image.initrdList': z.strictObject({ target: z.string() }),
  'image.initrdShow': z.strictObject({ target: z.string(), path: z.string() }),
  /**
   * `keepCurrent`: the new generation is made and not promoted. `inPlace`: the current one is changed instead; `force`: the
   * noderange of the running nodes that may see files vanish then.
   */
  'image.liteimg': changing({
    image: z.string(),
    verbose: flag,
    force: word,
    inPlace: flag,
    /** Left out: as the one before. */
    initrd: z.enum(['lean', 'dracut']).optional(),
    keepCurrent: flag,
    /** Instead of osimage.rootfstype, which becomes this when the image is prepared. */
    rootfstype: z.enum(['nfs', 'ramdisk']).optional(),
    /** Of a ramdisk image; left out: as it was packed before. */
    method: z.enum(['cpio', 'squashfs']).optional(),
    compressor: z.enum(['gzip', 'pigz', 'xz', 'zstd']).optional(),
  }),
  /**
   * An image, or its OS, architecture and profile. What is given of an image's attributes is saved when it is built, unless
   * `noSave`. `explain`: how the lists are read; nothing is built.
   */
  'image.genimage': changing({
    image: word,
    osvers: word,
    arch: word,
    profile: word,
    bootInterface: word,
    otherInterfaces: word,
    drivers: word,
    kernelVersion: word,
    rpmKernelVersion: word,
    kernelDir: word,
    rootLimit: word,
    tmpSize: word,
    permission: word,
    onlyInitrd: flag,
    noUpdate: flag,
    noSave: flag,
    explain: flag,
    cross: z.enum(['emulate', 'refuse']).optional(),
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
  /** Left out: of all images, without sizes. */
  'image.list': z.strictObject({ image: word }),
  'image.promote': changing({ image: z.string(), generation: z.int().positive() }),
  'image.rollback': changing({ image: z.string() }),
  /** `keep`: so many of the newest stay. */
  'image.gc': changing({ image: z.string(), keep: z.int().nonnegative().optional() }),
  /** Answers the program that does it, to be started by who asked, at its terminal. `force`: see image.liteimg. */
  'image.edit': changing({ image: z.string(), live: flag, discard: flag, keepCurrent: flag, force: word }),
  /** Another name, the same rows, a copy of the tree. */
  'image.copy': changing({ from: z.string(), to: z.string(), generation: z.int().positive().optional() }),
  /** `from` and `to`: `<image>` or `<image>@<generation>`; `limit`: lines of each kind. */
  'image.diff': z.strictObject({ from: z.string(), to: z.string(), limit: z.int().positive().max(100_000).optional() }),
} as const
