/**
 * The demonstration's root file system for ppc64le, built on whatever machine this is by genimage, its packages' scripts
 * under QEMU. Built once on a machine, copied for each rehearsal.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Rehearsal } from '../rehearsal.ts'
import { holdEmulator } from '../walk-through/image-emulator.ts'

/** Kept between runs. */
const CACHE = '/var/tmp/liteboot-root-ppc64le'

/** The demonstration's packages, the kernel of this architecture, and busybox for the initrd: the server's own is x86. */
const PACKAGES = [
  ...['systemd-sysv', 'udev', 'dbus', 'libpam-systemd', 'iproute2', 'kmod', 'login', 'passwd', 'util-linux', 'procps'],
  ...['netbase', 'linux-image-powerpc64le', 'busybox-static', 'kexec-tools'],
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

/** A pristine tree at `<rootimgdir>/rootimg`, and nothing else there; the image's definition leads to it. */
export async function placePowerRoot(rehearsal: Rehearsal, image: string, rootimgdir: string): Promise<void> {
  const stamp = join(CACHE, 'built')
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== STAMP) await buildRoot(rehearsal, image, stamp)
  await rehearsal.command('chdef', '-t', 'osimage', image, `rootimgdir=${rootimgdir}`, 'osarch=ppc64le')
  rmSync(rootimgdir, { recursive: true, force: true })
  mkdirSync(join(rootimgdir, 'rootimg'), { recursive: true })
  // The dot: rootimg is a link into a generation. join() would take it away.
  execFileSync('cp', ['-a', '--reflink=auto', `${CACHE}/rootimg/.`, join(rootimgdir, 'rootimg')])
}

async function buildRoot(rehearsal: Rehearsal, image: string, stamp: string): Promise<void> {
  rmSync(CACHE, { recursive: true, force: true })
  mkdirSync(CACHE, { recursive: true })
  const pkglist = join(CACHE, 'compute.pkglist')
  writeFileSync(pkglist, `${PACKAGES.join('\n')}\n`)
  await rehearsal.command(
    ...['chdef', '-t', 'osimage', image, `rootimgdir=${CACHE}`, 'osarch=ppc64le', `pkglist=${pkglist}`],
    ...[`pkgdir=${debianSource()}`, 'environvar=MMDEBSTRAP_VARIANT=minbase'],
  )
  await rehearsal.command('chtab', 'key=system', 'passwd.username=root', 'passwd.password=liteboot')
  const emulator = await holdEmulator()
  try {
    await rehearsal.shown('genimage', image)
  } finally {
    emulator.close()
  }
  writeFileSync(stamp, STAMP)
}
