/**
 * The demonstration's root file system for an architecture that is not this machine's, built here by genimage, its packages'
 * scripts under QEMU. Built once on a machine, copied for each rehearsal.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Rehearsal } from '../rehearsal.ts'
import { type ForeignArch, holdEmulator } from './emulator.ts'

/** The demonstration's packages. */
const PACKAGES = [
  ...['systemd-sysv', 'udev', 'dbus', 'libpam-systemd', 'iproute2', 'kmod', 'login', 'passwd', 'util-linux', 'procps'],
  ...['netbase'],
]

/** The kernel, busybox for the initrd (the server's own is of another architecture), and what boots there. */
const OWN_PACKAGES: Readonly<Record<ForeignArch, readonly string[]>> = {
  ppc64le: ['linux-image-powerpc64le', 'busybox-static', 'kexec-tools'],
  aarch64: ['linux-image-arm64', 'busybox-static', 'shim-signed', 'grub-efi-arm64-signed', 'grub-efi-arm64-bin'],
}

/** Kept between runs. */
const cacheOf = (arch: ForeignArch) => `/var/tmp/liteboot-root-${arch}`

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
export async function placeForeignRoot(
  rehearsal: Rehearsal,
  arch: ForeignArch,
  image: string,
  rootimgdir: string,
): Promise<void> {
  const cache = cacheOf(arch)
  const packages = [...PACKAGES, ...OWN_PACKAGES[arch]]
  const stamp = `bookworm ${packages.join(' ')} 1`
  const built = join(cache, 'built')
  if (!existsSync(built) || readFileSync(built, 'utf8') !== stamp) {
    await buildRoot(rehearsal, arch, image, packages)
    writeFileSync(built, stamp)
  }
  await rehearsal.command('chdef', '-t', 'osimage', image, `rootimgdir=${rootimgdir}`, `osarch=${arch}`)
  rmSync(rootimgdir, { recursive: true, force: true })
  mkdirSync(join(rootimgdir, 'rootimg'), { recursive: true })
  // The dot: rootimg is a link into a generation. join() would take it away.
  execFileSync('cp', ['-a', '--reflink=auto', `${cache}/rootimg/.`, join(rootimgdir, 'rootimg')])
}

/** `name version` of a package that is in it. */
export function packageOfForeignRoot(arch: ForeignArch, name: string): string {
  const of = ['--admindir', join(cacheOf(arch), 'rootimg/var/lib/dpkg'), '-W', '-f', `\${Package} \${Version}`]
  return execFileSync('dpkg-query', [...of, name], { encoding: 'utf8' })
}

async function buildRoot(
  rehearsal: Rehearsal,
  arch: ForeignArch,
  image: string,
  packages: readonly string[],
): Promise<void> {
  const cache = cacheOf(arch)
  rmSync(cache, { recursive: true, force: true })
  mkdirSync(cache, { recursive: true })
  const pkglist = join(cache, 'compute.pkglist')
  writeFileSync(pkglist, `${packages.join('\n')}\n`)
  await rehearsal.command(
    ...['chdef', '-t', 'osimage', image, `rootimgdir=${cache}`, `osarch=${arch}`, `pkglist=${pkglist}`],
    ...[`pkgdir=${debianSource()}`, 'environvar=MMDEBSTRAP_VARIANT=minbase'],
  )
  await rehearsal.command('chtab', 'key=system', 'passwd.username=root', 'passwd.password=liteboot')
  const emulator = await holdEmulator(arch)
  try {
    await rehearsal.shown('genimage', image)
  } finally {
    emulator.close()
  }
}
