/** The demonstration's image for ppc64le, built on whatever machine this is by genimage, its packages' scripts under QEMU. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { holdEmulator } from '../walk-through/image-emulator.ts'

/** The demonstration's packages, the kernel of this architecture, and busybox for the initrd: the server's own is x86. */
const PACKAGES = [
  ...['systemd-sysv', 'udev', 'dbus', 'libpam-systemd', 'iproute2', 'kmod', 'login', 'passwd', 'util-linux', 'procps'],
  ...['netbase', 'linux-image-powerpc64le', 'busybox-static'],
]
const STAMP = `bookworm ${PACKAGES.join(' ')} 1`

/** The mirror this machine uses is the one to build from; one line, since not every index is there for every architecture. */
function debianSource(): string {
  const sites = execFileSync('apt-get', ['indextargets', '--format', '$(SITE)', 'Created-By: Packages'], {
    encoding: 'utf8',
  })
  const mirror = sites.split('\n').find((site) => site !== '' && !site.includes('security'))
  if (mirror === undefined) throw new Error('no Debian mirror is configured in /etc/apt')
  return `${mirror} bookworm main`
}

/** Attributes of the osimage, and its lists on disk. */
export function imageAttributes(directory: string): string[] {
  const pkglist = join(directory, 'compute.pkglist')
  mkdirSync(directory, { recursive: true })
  writeFileSync(pkglist, `${PACKAGES.join('\n')}\n`)
  return [
    ...['osarch=ppc64le', `pkglist=${pkglist}`, `pkgdir=${debianSource()}`, 'environvar=MMDEBSTRAP_VARIANT=minbase'],
    // GRUB receives half a megabyte a second: drivers of the cards that these machines have, and no others.
    'netdrivers=virtio_net,ibmveth,e1000e',
  ]
}

/** A finished image is recognised by its stamp and kept: the build takes minutes. */
export async function buildImage(rootimgdir: string, genimage: () => Promise<string>): Promise<string> {
  const stamp = join(rootimgdir, 'built')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === STAMP) return 'the image is built already\n'
  rmSync(rootimgdir, { recursive: true, force: true })
  const emulator = await holdEmulator()
  try {
    const said = await genimage()
    writeFileSync(stamp, STAMP)
    return said
  } finally {
    emulator.close()
  }
}
