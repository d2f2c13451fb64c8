/** The packed root that nodes of an image get: of the current generation, of the one they boot, or the one with a digest. */
import { join } from 'node:path'
import { isPackedFormat, type PackedRoot } from '../../statelite/packed-root.ts'
import { currentPlace, generationNumbers, placeOf } from '../generations/layout.ts'
import { NETBOOT_RECORD, openPackRecords, STATELITE_RECORD } from './record.ts'

export type FindPackedRoot = (
  image: PackedImage,
  generation?: number,
) => (PackedRoot & { readonly path: string }) | { readonly fault: string }

export interface PackedImage {
  readonly rootimgdir: string
  readonly provmethod?: string | undefined
}

export function packRecordName({ provmethod }: Pick<PackedImage, 'provmethod'>): string {
  return provmethod === 'netboot' ? NETBOOT_RECORD : STATELITE_RECORD
}

export function openPackedRoots(): FindPackedRoot {
  const read = openPackRecords()
  return (image, generation) => {
    const { rootimgdir } = image
    const place = generation === undefined ? currentPlace(rootimgdir) : placeOf(rootimgdir, generation)
    const found = read(join(place.directory, packRecordName(image)))
    if ('fault' in found) return found
    const { format, sizeBytes, sha256, unpackedBytes } = found.record
    if (!isPackedFormat(format)) return { fault: `${found.path} is packed as ${format}, which no node unpacks` }
    return { format, sizeBytes, sha256, unpackedBytes, path: found.path }
  }
}

/** @param digest first 16 digits. @returns the file, in whichever generation: nodes may still be booting an older one */
export function packedRootWithDigest(find: FindPackedRoot, image: PackedImage, digest: string): string | undefined {
  for (const generation of [undefined, ...generationNumbers(image.rootimgdir).reverse()]) {
    const found = find(image, generation)
    if (!('fault' in found) && found.sha256.startsWith(digest)) return found.path
  }
  return undefined
}
