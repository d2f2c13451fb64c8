/** What is done to a Debian tree around its packages: no service starts, no initrd is made, apt is left as it was. */
import { rename } from 'node:fs/promises'
import { renderSources } from './apt.ts'
import type { AptSource } from './apt-sources.ts'
import { TreeFiles } from './tree-files.ts'

const POLICY = 'usr/sbin/policy-rc.d'
/** 101: "action forbidden by policy", invoke-rc.d(8). */
const NO_SERVICES = '#!/bin/sh\n# genimage: no service starts while packages are installed\nexit 101\n'
const UPDATE_INITRAMFS = 'etc/initramfs-tools/update-initramfs.conf'
const NO_INITRAMFS = '# genimage: the initrd is made outside the image\nupdate_initramfs=no\n'

export async function prepareAptTree(root: string): Promise<undefined> {
  const tree = new TreeFiles(root)
  if (!(await tree.exists(POLICY))) await tree.write(POLICY, NO_SERVICES, 0o755)
  // Before the package comes: it then keeps this file, and puts its own beside it.
  if (!(await tree.exists(UPDATE_INITRAMFS))) await tree.write(UPDATE_INITRAMFS, NO_INITRAMFS)
  return undefined
}

export async function cleanAptTree(root: string, sources: readonly AptSource[]): Promise<undefined> {
  const tree = new TreeFiles(root)
  if ((await tree.read(POLICY)) === NO_SERVICES) await tree.remove(POLICY)
  if ((await tree.read(UPDATE_INITRAMFS)) === NO_INITRAMFS) {
    const packaged = `${UPDATE_INITRAMFS}.dpkg-dist`
    if (await tree.exists(packaged)) await rename(await tree.place(packaged), await tree.place(UPDATE_INITRAMFS))
    else await tree.remove(UPDATE_INITRAMFS)
    await tree.removeEmptyDir('etc/initramfs-tools')
  }
  for (const name of await tree.names('var/lib/apt/lists')) await tree.remove(`var/lib/apt/lists/${name}`)
  for (const name of await tree.names('var/cache/apt')) await tree.remove(`var/cache/apt/${name}`)
  const lines = sources.flatMap(({ imageLine }) => imageLine ?? [])
  await tree.write('etc/apt/sources.list', renderSources(lines))
  return undefined
}
