/** What apt and the installer need in a copied Debian or Ubuntu medium. */
import { createReadStream, createWriteStream } from 'node:fs'
import { copyFile, lstat, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { ImageError } from '../image-error.ts'

/** The package list of the whole of Debian is a tenth of that. */
const MAX_PACKAGES_BYTES = 1 << 30

export async function mendDebianTree(top: string, isNetinst: boolean): Promise<void> {
  // Names of suites that the medium is not: apt would take the medium for them.
  for (const name of ['unstable', 'testing']) {
    const path = join(top, 'dists', name)
    if ((await lstat(path).catch(() => undefined))?.isSymbolicLink()) await rm(path)
  }
  for (const suite of await directoriesIn(top, 'dists'))
    for (const component of await directoriesIn(top, suite))
      for (const binary of await directoriesIn(top, component))
        if (/\/binary-[^/]+$/.test(binary)) await unpackPackages(join(top, binary))
  if (isNetinst) await keepInstaller(top)
}

/** Real directories only: `dists/stable` is a link. */
async function directoriesIn(top: string, path: string): Promise<string[]> {
  if (!(await lstat(join(top, path)).catch(() => undefined))?.isDirectory()) return []
  const found = await readdir(join(top, path), { withFileTypes: true })
  return found.filter((entry) => entry.isDirectory()).map(({ name }) => `${path}/${name}`)
}

/** The release file has the sums of both: apt fails on an empty one. */
async function unpackPackages(directory: string): Promise<void> {
  const [plain, packed] = [join(directory, 'Packages'), join(directory, 'Packages.gz')]
  const there = await lstat(plain).catch(() => undefined)
  if (there !== undefined && !(there.isFile() && there.size === 0)) return
  if (!(await lstat(packed).catch(() => undefined))?.isFile()) return
  const unpacked = `${plain}.copycds`
  let left = MAX_PACKAGES_BYTES
  const bounded = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      left -= chunk.length
      if (left < 0) done(new Error('it unpacks to more than any package list'))
      else done(null, chunk)
    },
  })
  try {
    await pipeline(createReadStream(packed), createGunzip(), bounded, createWriteStream(unpacked, { mode: 0o644 }))
  } catch (error) {
    throw new ImageError('image-medium', `${packed}: ${error instanceof Error ? error.message : String(error)}`)
  }
  await rename(unpacked, plain)
}

const INSTALLER_DIRECTORIES = ['install.amd', 'install', 'install.386', 'install.a64']
const KERNELS = ['vmlinuz', 'vmlinux', 'linux']

/** Kernel and initrd of the network installer, where xCAT keeps them. */
async function keepInstaller(top: string): Promise<void> {
  for (const directory of INSTALLER_DIRECTORIES) {
    const names: string[] = await readdir(join(top, directory)).catch(() => [])
    const kernel = KERNELS.find((name) => names.includes(name))
    if (kernel === undefined || !names.includes('initrd.gz')) continue
    await mkdir(join(top, 'install/netboot'), { recursive: true })
    for (const name of [kernel, 'initrd.gz']) {
      const [from, to] = [join(top, directory, name), join(top, 'install/netboot', name)]
      if (!(await lstat(from)).isFile()) continue
      // Never written through: what is there may be another name of the same file.
      await rm(to, { force: true })
      await copyFile(from, to)
    }
    return
  }
}
