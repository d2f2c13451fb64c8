/** Kernels and initrds by the names nodes are told: a name whose file is gone is answered with 404, never with another file. */
import type { ImageName, Snapshot } from '../cluster/model.ts'
import { type FindImageFile, type ImageFileKind, openImageFiles } from '../image/image-files.ts'

export interface Blobs {
  readonly find: FindImageFile
  /** The file behind a URL path below `/image/`, or undefined when there is none under this name (any more). */
  resolve(urlPath: string, snapshot: Snapshot): string | undefined
}

export function openBlobs(): Blobs {
  const { find, withDigest } = openImageFiles()
  return {
    find,
    resolve(urlPath, snapshot) {
      const match = /^\/?image\/([^/]+)\/([0-9a-f]{16})\/(kernel|initrd)$/.exec(urlPath)
      const image = match && snapshot.images.get(match[1] as ImageName)
      return match && image ? withDigest(image, match[3] as ImageFileKind, match[2] ?? '')?.path : undefined
    },
  }
}
