/** The kernel that nodes of an image are given. */
import { stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { findKernels, imageKernel, moduleTrees } from '../../../image/initrd/kernel.ts'
import type { ImageCase } from './images.ts'

/** @returns its version, when it says so */
export async function checkKernelFile(
  { image, arch, rootimg, run, say }: ImageCase,
  hasTree: boolean,
): Promise<string | undefined> {
  const path = join(image.rootimgdir, 'kernel')
  const found = await stat(path).catch(() => undefined)
  if (!found?.isFile()) {
    say('error', 'no-kernel', `the kernel ${path} ${found === undefined ? 'does not exist' : 'is not a file'}`, run)
    return undefined
  }
  if (found.size === 0) {
    say('error', 'no-kernel', `the kernel ${path} is empty`, run)
    return undefined
  }
  const kernel = await imageKernel(image.rootimgdir)
  if (kernel.arch !== undefined && kernel.arch !== arch)
    say('error', 'wrong-arch', `the kernel ${path} is for ${kernel.arch}, the image for ${arch}`, run)
  const { version } = kernel
  if (version === undefined || !hasTree) return version
  const modules = (await moduleTrees(rootimg)).map((tree) => basename(tree))
  if (!modules.includes(version)) {
    const have = modules.length === 0 ? 'none' : modules.join(' ')
    say('error', 'no-modules', `the kernel is ${version}, the tree has modules of: ${have}`, run)
  }
  const [newest] = await findKernels(rootimg)
  if (newest !== undefined && newest.version !== version && image.attribute('kernelver') === undefined)
    say('warning', 'stale-kernel', `nodes boot kernel ${version}, the tree has ${newest.version}`, run)
  return version
}
