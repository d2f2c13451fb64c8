/** Kernels, initrds and packed roots by the names nodes are told: a name whose file is gone is answered with 404, never with another file. */
import type { ImageName, Ipv4, Snapshot } from '../cluster/model.ts'
import { type FindImageFile, type ImageFileKind, openImageFiles } from '../image/image-files.ts'
import { openPackedRoots, packedRootWithDigest } from '../image/pack/find.ts'

export interface Blobs {
  readonly find: FindImageFile
  /** The file behind a URL path below `/image/`, or undefined when there is none under this name (any more). */
  resolve(urlPath: string, snapshot: Snapshot): string | undefined
  /** The same, for packed roots too: those hold secrets of the image and go to its own nodes only. */
  resolveFor(clientIp: string, urlPath: string, snapshot: Snapshot): string | undefined
  /** Why there is none, and what to do; undefined: it is no name of a kernel or an initrd. */
  whyNot(urlPath: string, snapshot: Snapshot): string | undefined
}

const BOOT_FILE = /^\/?image\/([^/]+)\/([0-9a-f]{16})\/(kernel|kernel\.gz|initrd)$/

export function openBlobs(): Blobs {
  const { find, withDigest } = openImageFiles()
  const findPacked = openPackedRoots()
  return {
    find,
    resolveFor(clientIp, urlPath, snapshot) {
      const match = /^\/?image\/([^/]+)\/([0-9a-f]{16})\/rootimg$/.exec(urlPath)
      if (!match) return this.resolve(urlPath, snapshot)
      const image = snapshot.images.get(match[1] as ImageName)
      const isItsNode = snapshot.nodeByIp(clientIp as Ipv4)?.imageName === match[1]
      return image && isItsNode ? packedRootWithDigest(findPacked, image, match[2] ?? '') : undefined
    },
    resolve(urlPath, snapshot) {
      const match = BOOT_FILE.exec(urlPath)
      const image = match && snapshot.images.get(match[1] as ImageName)
      return match && image ? withDigest(image, match[3] as ImageFileKind, match[2] ?? '')?.path : undefined
    },
    whyNot(urlPath, snapshot) {
      const [, name = '', , kind = ''] = BOOT_FILE.exec(urlPath) ?? []
      if (kind === '') return undefined
      const image = snapshot.images.get(name as ImageName)
      if (!image) return `there is no osimage ${name}`
      const found = find(image, kind as ImageFileKind)
      return 'fault' in found ? found.fault : `image ${name} has another ${kind} by now: the node's boot file names it`
    },
  }
}
