/** Where unknown machines are to be discovered: whether there is something that they can boot. */
import { discoversOn } from '../../../cluster/discovery.ts'
import type { Snapshot } from '../../../cluster/model.ts'
import { openInventoryInitrds } from '../../../image/inventory-initrd.ts'
import { openDiscoveryImages } from '../discovery/boot-image.ts'
import type { CheckReport } from './report.ts'

export function checkDiscoveryOf(snapshot: Snapshot, report: CheckReport): void {
  if (!snapshot.networks.some((network) => discoversOn(snapshot, network))) return
  const find = openDiscoveryImages(openInventoryInitrds())
  // ARM is not looked for where nobody has made an image for it.
  const hasArm = [...snapshot.images.values()].some(({ osarch }) => /^(aarch64|arm64)$/.test(osarch ?? ''))
  const architectures = ['x86_64', 'ppc64le', ...(hasArm ? (['aarch64'] as const) : [])] as const
  const found = architectures.map((arch) => ({ arch, image: find(snapshot, arch) }))
  // A cluster of one architecture has nothing for the other, and does not miss it.
  const isBootable = found.some(({ image }) => !('fault' in image))
  for (const { arch, image } of found) {
    if (!('fault' in image)) continue
    const severity = isBootable ? 'info' : 'warning'
    const advice = `run liteimg for an image of ${arch}, and name it in site.discoveryimage if it is to be that one`
    report.add(severity, 'no-discovery-image', 'site row key=discovery', image.fault, advice)
  }
}
