/** Whether an image's initrd can take stock of an unknown machine: what is written beside it tells. */
import { readFileSync, statSync } from 'node:fs'
import { imageFilePath, type NamedImage } from './image-files.ts'
import { parseArchitecture } from './initrd/architecture.ts'

export interface InventoryInitrd {
  readonly arch: string
  readonly kernelVersion: string
}

export type FindInventoryInitrd = (image: NamedImage) => InventoryInitrd | { readonly fault: string }

/** Only the lean initrd has it; one made by dracut runs the image's own programs. */
const MARK = 'liteboot/frame-reader'

/** Read again when the file changes. */
export function openInventoryInitrds(): FindInventoryInitrd {
  const known = new Map<string, { readonly stamp: string; readonly found: ReturnType<FindInventoryInitrd> }>()
  return (image) => {
    const path = `${imageFilePath(image, 'initrd')}.json`
    const stat = statSync(path, { throwIfNoEntry: false })
    if (!stat) return { fault: `image ${image.name} has no initrd made by liteimg: run liteimg ${image.name}` }
    const stamp = `${stat.size} ${stat.mtimeMs} ${stat.ino}`
    let entry = known.get(path)
    if (entry?.stamp !== stamp) {
      entry = { stamp, found: readRecord(path, image.name) }
      known.set(path, entry)
    }
    return entry.found
  }
}

function readRecord(path: string, name: string): ReturnType<FindInventoryInitrd> {
  const unfit = (why: string) => ({ fault: `the initrd of image ${name} ${why}: run liteimg ${name}` })
  try {
    // Boundary: written by assembleInitrd; whatever else is there is not a fit initrd.
    const { arch, kernelVersion, files } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
    if (!Array.isArray(files) || !files.includes(MARK)) return unfit('cannot take stock (made by dracut, or older)')
    if (typeof arch !== 'string' || typeof kernelVersion !== 'string') return unfit('is not described')
    return { arch: parseArchitecture(arch), kernelVersion }
  } catch {
    return unfit('is not described')
  }
}
