/** The pages in which nodes of an image count memory: a file in their tmpfs takes whole ones. */
import { findKernels } from '../initrd/kernel.ts'
import { kernelConfig } from '../initrd/kernel-config.ts'

/** Where the kernel's configuration says nothing: what distributions build. */
const USUAL_KIB: Readonly<Record<string, number>> = { ppc64le: 64, ppc64: 64 }

/** @param kernelVersion left out: the newest kernel of the tree, as liteimg takes it */
export async function pageBytesOf(rootimg: string, arch: string, kernelVersion?: string): Promise<number> {
  const version = kernelVersion ?? (await findKernels(rootimg))[0]?.version
  const config = version === undefined ? undefined : await kernelConfig(rootimg, version)
  // POWER and arm64 have a choice; the second form is that of Linux 6.9 and later.
  const [, old, now] = /^CONFIG_(?:(?:PPC|ARM64)_(\d+)K_PAGES|PAGE_SIZE_(\d+)KB)=y$/m.exec(config ?? '') ?? []
  return Number(old ?? now ?? USUAL_KIB[arch] ?? 4) * 1024
}
