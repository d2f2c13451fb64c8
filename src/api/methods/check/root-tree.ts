/** The root tree of an image: whether it is one, and for which machines. */
import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ARCHITECTURES, architectureOfElf } from '../../../image/initrd/architecture.ts'
import { lstatOrMissing, resolveInside } from '../../../image/liteimg/confined.ts'
import type { ImageCase } from './images.ts'

const INIT_PROGRAMS = ['sbin/init', 'usr/lib/systemd/systemd', 'lib/systemd/systemd', 'bin/init', 'etc/init']

/** @returns whether there is a tree to look further into */
export async function checkRootTree({ image, arch, rootimg, say }: ImageCase): Promise<boolean> {
  if (!Object.hasOwn(ARCHITECTURES, arch))
    say(
      'error',
      'bad-arch',
      `osarch ${arch} is not known (${Object.keys(ARCHITECTURES).join(' ')})`,
      'correct osimage.osarch',
    )
  const found = await stat(rootimg).catch(() => undefined)
  if (!found?.isDirectory()) {
    const why = found === undefined ? 'does not exist' : 'is not a directory'
    say(
      'error',
      'no-root',
      `the root tree ${rootimg} ${why}`,
      'build the image there, or correct linuximage.rootimgdir',
    )
    return false
  }
  const inits = await Promise.all(INIT_PROGRAMS.map((rel) => fileInside(rootimg, rel)))
  if (inits.every((path) => path === undefined))
    say(
      'error',
      'no-init',
      `${rootimg} is no root file system: it has neither /sbin/init nor systemd`,
      'build the image',
    )
  if ((await fileInside(rootimg, 'etc/fstab')) === undefined)
    say('info', 'no-fstab', 'has no /etc/fstab', 'only what the plan says is mounted')
  const shell = await fileInside(rootimg, 'bin/sh')
  if (shell === undefined) {
    say('error', 'no-shell', `${rootimg} has no /bin/sh`, 'install one in the image')
    return true
  }
  const is = architectureOfElf(await head(shell, 64))
  if (is !== arch)
    say(
      'error',
      'wrong-arch',
      `/bin/sh is ${is === undefined ? 'not a program that is known' : `for ${is}`}, the image ${image.name} for ${arch}`,
      'correct osimage.osarch, or rebuild the image',
    )
  return true
}

/** As a process inside the image sees it. undefined: not there, or not a file. */
export async function fileInside(rootimg: string, rel: string): Promise<string | undefined> {
  const real = await resolveInside(rootimg, rel)
  if (real === undefined || !(await lstatOrMissing(join(rootimg, real)))?.isFile()) return undefined
  return join(rootimg, real)
}

async function head(path: string, sizeBytes: number): Promise<Buffer> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(sizeBytes), 0, sizeBytes, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}
