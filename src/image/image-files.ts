/**
 * Kernel and initrd of an image under names that never change their meaning: `/image/<image>/<digest>/kernel`. A file
 * that is rebuilt while a node boots gets a new name.
 */
import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

export const IMAGE_FILES = { kernel: 'kernel', initrd: 'initrd-statelite.gz' } as const
export type ImageFileKind = keyof typeof IMAGE_FILES

export interface ImageFile {
  readonly path: string
  readonly digest: string
  /** Path on the server: `/image/<image>/<digest>/kernel`. */
  readonly urlPath: string
}

export interface ImagePlace {
  readonly name: string
  readonly rootimgdir: string
}

export type FindImageFile = (image: ImagePlace, kind: ImageFileKind) => ImageFile | { readonly fault: string }

export function imageFilePath(image: ImagePlace, kind: ImageFileKind): string {
  return join(image.rootimgdir, IMAGE_FILES[kind])
}

/** Digests are computed once per file (some 30 ms for a kernel) and again when its size, time or inode changes. */
export function openImageFiles(): FindImageFile {
  const known = new Map<string, { readonly stamp: string; readonly digest: string }>()
  return (image, kind) => {
    const path = imageFilePath(image, kind)
    const stat = statSync(path, { throwIfNoEntry: false })
    if (!stat) return { fault: `image ${image.name} has no ${path}: run liteimg ${image.name}` }
    const stamp = `${stat.size} ${stat.mtimeMs} ${stat.ino}`
    let entry = known.get(path)
    if (entry?.stamp !== stamp) {
      entry = { stamp, digest: createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 16) }
      known.set(path, entry)
    }
    return { path, digest: entry.digest, urlPath: `/image/${image.name}/${entry.digest}/${kind}` }
  }
}
