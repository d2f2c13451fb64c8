/**
 * Kernel and initrd of an image under names that never change their meaning: `/image/<image>/<digest>/kernel`. A file
 * that is rebuilt while a node boots gets a new name, and the old name is answered as long as a generation has the file.
 */
import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { currentPlace, generationNumbers, placeOf } from './generations/layout.ts'
import { isGzOf, KERNEL_GZ } from './initrd/kernel-gz.ts'

export const IMAGE_FILES = { kernel: 'kernel', initrd: 'initrd-statelite.gz' } as const
/** In the place of the other one where osimage.provmethod is netboot. */
export const STATELESS_INITRD = 'initrd-stateless.gz'
/** `kernel.gz`: for GRUB on POWER; other images have none. */
export type ImageFileKind = keyof typeof IMAGE_FILES | typeof KERNEL_GZ

export interface ImageFile {
  readonly path: string
  readonly digest: string
  /** Path on the server: `/image/<image>/<digest>/kernel`. */
  readonly urlPath: string
}

export interface NamedImage {
  readonly name: string
  readonly rootimgdir: string
  readonly provmethod?: string | undefined
}

function fileName({ provmethod }: NamedImage, kind: ImageFileKind): string {
  if (kind === KERNEL_GZ) return KERNEL_GZ
  return kind === 'initrd' && provmethod === 'netboot' ? STATELESS_INITRD : IMAGE_FILES[kind]
}

/** @param generation left out: the current one */
export type FindImageFile = (
  image: NamedImage,
  kind: ImageFileKind,
  generation?: number,
) => ImageFile | { readonly fault: string }

export interface ImageFiles {
  readonly find: FindImageFile
  /** The file with this digest, in whichever generation: nodes may still be booting an older one. */
  withDigest(image: NamedImage, kind: ImageFileKind, digest: string): ImageFile | undefined
}

export function imageFilePath(image: NamedImage, kind: ImageFileKind, generation?: number): string {
  const { rootimgdir } = image
  const place = generation === undefined ? currentPlace(rootimgdir) : placeOf(rootimgdir, generation)
  return join(place.directory, fileName(image, kind))
}

/** Digests are computed once per file (some 30 ms for a kernel) and again when its size, time or inode changes. */
export function openImageFiles(): ImageFiles {
  const known = new Map<string, { readonly stamp: string; readonly digest: string }>()
  const find: FindImageFile = (image, kind, generation) => {
    if (kind === KERNEL_GZ) {
      const kernel = find(image, 'kernel', generation)
      if ('fault' in kernel) return kernel
      if (!isGzOf(dirname(kernel.path), kernel.digest))
        return { fault: `image ${image.name} has no ${KERNEL_GZ} of its kernel: run liteimg ${image.name}` }
    }
    const path = imageFilePath(image, kind, generation)
    const stat = statSync(path, { throwIfNoEntry: false })
    if (!stat) {
      known.delete(path)
      const tool = image.provmethod === 'netboot' ? 'packimage' : 'liteimg'
      return { fault: `image ${image.name} has no ${path}: run ${tool} ${image.name}` }
    }
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
    withDigest(image, kind, digest) {
      const older = generationNumbers(image.rootimgdir).reverse()
      for (const generation of [undefined, ...older]) {
        const file = find(image, kind, generation)
        if (!('fault' in file) && file.digest === digest) return file
      }
      return undefined
    },
  }
}
