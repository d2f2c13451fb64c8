/**
 * Kernels and initrds under names that never change their meaning: `/image/<image>/<digest>/kernel`. A file that is
 * rebuilt while a node boots gets a new name; the old name is answered with 404, never with a mixture.
 */
import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Image, ImageName, Snapshot } from '../cluster/model.ts'

export const IMAGE_FILES = { kernel: 'kernel', initrd: 'initrd-statelite.gz' } as const
export type ImageFileKind = keyof typeof IMAGE_FILES

export interface ImageFile {
  readonly path: string
  readonly digest: string
  /** Path on the server: `/image/<image>/<digest>/kernel`. */
  readonly urlPath: string
}

export interface Blobs {
  find(image: Image, kind: ImageFileKind): ImageFile | { readonly fault: string }
  /** The file behind a URL path below `/image/`, or undefined when there is none under this name (any more). */
  resolve(urlPath: string, snapshot: Snapshot): string | undefined
}

/** Digests are computed once per file (some 30 ms for a kernel) and again when its size, time or inode changes. */
export function openBlobs(): Blobs {
  const known = new Map<string, { readonly stamp: string; readonly digest: string }>()

  function find(image: Image, kind: ImageFileKind): ImageFile | { readonly fault: string } {
    const path = join(image.rootimgdir, IMAGE_FILES[kind])
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

  return {
    find,
    resolve(urlPath, snapshot) {
      const match = /^\/?image\/([^/]+)\/([0-9a-f]{16})\/(kernel|initrd)$/.exec(urlPath)
      const image = match && snapshot.images.get(match[1] as ImageName)
      if (!match || !image) return undefined
      const file = find(image, match[3] as ImageFileKind)
      return 'fault' in file || file.digest !== match[2] ? undefined : file.path
    },
  }
}
