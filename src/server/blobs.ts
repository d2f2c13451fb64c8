/**
 * Kernels and initrds under names that never change their meaning: `/image/<image>/<digest>/kernel`. A file that is
 * rebuilt while a node boots gets a new name; the old name is answered with 404, never with a mixture.
 */
import { createHash } from 'node:crypto'
import { createReadStream, statSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Image } from '../cluster/model.ts'

export const IMAGE_FILES = { kernel: 'kernel', initrd: 'initrd-statelite.gz' } as const
export type ImageFileKind = keyof typeof IMAGE_FILES

export interface ImageFile {
  readonly path: string
  readonly digest: string
}

interface Known {
  readonly stamp: string
  readonly digest: Promise<string>
}

export interface Blobs {
  /** @throws Error naming the missing file and the command that makes it */
  find(image: Image, kind: ImageFileKind): Promise<ImageFile>
}

/** Digests are computed once per file and again when its size, time or inode changes. */
export function openBlobs(): Blobs {
  const known = new Map<string, Known>()
  return {
    async find(image, kind) {
      const path = join(image.rootimgdir, IMAGE_FILES[kind])
      const stat = statSync(path, { throwIfNoEntry: false })
      if (!stat) throw new Error(`image ${image.name}: there is no ${path}; run liteimg ${image.name}`)
      const stamp = `${stat.size} ${stat.mtimeMs} ${stat.ino}`
      let entry = known.get(path)
      if (entry?.stamp !== stamp) {
        entry = { stamp, digest: digestOf(path) }
        known.set(path, entry)
        entry.digest.catch(() => known.delete(path))
      }
      return { path, digest: await entry.digest }
    },
  }
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash)
  return hash.digest('hex').slice(0, 16)
}
