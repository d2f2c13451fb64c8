/** What an image's rows say about packing it. */
import type { Image } from '../../../cluster/model.ts'

/** linuximage.exlist is a comma list of files, osimage.environvar one of `NAME=value`. */
export function packSources(image: Image): { readonly exlist: string[]; readonly environvar: Record<string, string> } {
  const cells = (column: string) =>
    (image.attribute(column) ?? '')
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '')
  const pairs = cells('environvar').flatMap((part) => {
    const [, name, value] = /^([^=]+)=(.*)$/.exec(part) ?? []
    return name === undefined || value === undefined ? [] : [[name, value] as const]
  })
  return { exlist: cells('exlist'), environvar: Object.fromEntries(pairs) }
}
