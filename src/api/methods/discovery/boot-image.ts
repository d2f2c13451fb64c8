/** Which image's kernel and initrd unknown machines boot: those that site.discoveryimage names, else the newest kernel. */
import type { DiscoveryArch, FindDiscoveryImage } from '../../../boot/discovery.ts'
import type { Image, ImageName, Snapshot } from '../../../cluster/model.ts'
import { compareKernelVersions } from '../../../image/initrd/kernel-version.ts'
import type { FindInventoryInitrd } from '../../../image/inventory-initrd.ts'
import { splitList } from '../../../tables/row.ts'

export function openDiscoveryImages(initrdOf: FindInventoryInitrd): FindDiscoveryImage {
  return (snapshot, arch) => {
    const named = splitList(snapshot.site.get('discoveryimage') ?? '')
    const candidates = named.length > 0 ? imagesNamed(snapshot, named) : [...snapshot.images.values()]
    const faults: string[] = []
    let best: { readonly image: Image; readonly kernelVersion: string } | undefined
    for (const image of candidates) {
      if (!isFor(image, arch)) continue
      const initrd = initrdOf(image)
      if ('fault' in initrd) faults.push(initrd.fault)
      else if (initrd.arch !== arch) continue
      else if (!best || compareKernelVersions(initrd.kernelVersion, best.kernelVersion) > 0)
        best = { image, kernelVersion: initrd.kernelVersion }
    }
    if (best) return best.image
    const where = named.length > 0 ? `site.discoveryimage (${named.join(',')})` : 'the images'
    const why = faults[0] ?? `define one and run liteimg`
    return { fault: `discovery: none of ${where} boots unknown ${arch} machines: ${why}` }
  }
}

function imagesNamed(snapshot: Snapshot, names: readonly string[]): Image[] {
  return names.flatMap((name) => snapshot.images.get(name as ImageName) ?? [])
}

const NAMES: Readonly<Record<DiscoveryArch, RegExp>> = {
  x86_64: /^(x86_64|amd64)$/,
  ppc64le: /^ppc64(le|el)$/,
  aarch64: /^(aarch64|arm64)$/,
}

/** Debian has names of its own; an image that does not say is judged by its initrd. */
function isFor({ osarch }: Image, arch: DiscoveryArch): boolean {
  if (osarch === undefined) return true
  return NAMES[arch].test(osarch)
}
