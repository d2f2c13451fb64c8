/** The kernel of an image: found in its tree, checked, and copied to where the boot services serve it from. */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { currentPlace } from '../generations/layout.ts'
import { ImageError } from '../image-error.ts'
import { lstatOrMissing, resolveInside } from '../liteimg/confined.ts'
import { writeFileAtomic } from '../liteimg/manifest.ts'
import { architectureOfKernel, parseArchitecture } from './architecture.ts'
import { compressKernel } from './kernel-gz.ts'
import { compareKernelVersions } from './kernel-version.ts'

export interface ImageKernel {
  readonly path: string
  /** undefined: `<rootimgdir>/kernel` was put there by hand and does not say. */
  readonly version: string | undefined
  /** undefined: compressed as a whole, cannot be told. */
  readonly arch: string | undefined
}

/** Kernels in the tree, newest first: `/boot/vmlinuz-V`, `/boot/vmlinux-V` (ppc64), `/lib/modules/V/vmlinuz` (EL, Fedora). */
export async function findKernels(rootimg: string): Promise<{ readonly path: string; readonly version: string }[]> {
  const found = new Map<string, string>()
  for (const moduleTree of await moduleTrees(rootimg)) {
    const path = await fileInside(rootimg, `${moduleTree}/vmlinuz`)
    if (path !== undefined) found.set(basename(moduleTree), path)
  }
  const boot = await resolveInside(rootimg, 'boot')
  for (const name of boot === undefined ? [] : await namesIn(join(rootimg, boot))) {
    const version = /^vmlinu[xz]-(.+)$/.exec(name)?.[1]
    if (version === undefined || version.includes('rescue')) continue
    const path = await fileInside(rootimg, `boot/${name}`)
    if (path !== undefined) found.set(version, path)
  }
  return [...found]
    .map(([version, path]) => ({ version, path }))
    .sort((a, b) => compareKernelVersions(b.version, a.version))
}

/** Module directories relative to the root, newest version first. */
export async function moduleTrees(rootimg: string): Promise<string[]> {
  const trees = new Map<string, string>()
  for (const place of ['usr/lib/modules', 'lib/modules']) {
    const real = await resolveInside(rootimg, place)
    for (const version of real === undefined ? [] : await namesIn(join(rootimg, real)))
      trees.set(version, `${real}/${version}`)
  }
  return [...trees].sort(([a], [b]) => compareKernelVersions(b, a)).map(([, tree]) => tree)
}

async function namesIn(directory: string): Promise<string[]> {
  return (await lstatOrMissing(directory))?.isDirectory() ? await readdir(directory) : []
}

async function fileInside(rootimg: string, rel: string): Promise<string | undefined> {
  const real = await resolveInside(rootimg, rel)
  if (real === undefined || !(await lstatOrMissing(join(rootimg, real)))?.isFile()) return undefined
  return join(rootimg, real)
}

interface KernelRecord {
  readonly version: string
  readonly sha256: string
  readonly size: number
}

/** What nodes of this image boot: `<rootimgdir>/kernel`, else the newest kernel in `<rootimgdir>/rootimg`. */
export async function imageKernel(rootimgdir: string): Promise<ImageKernel> {
  // DEST/kernel is a link where there are generations.
  const place = currentPlace(rootimgdir)
  const own = join(place.directory, 'kernel')
  if ((await lstatOrMissing(own))?.isFile()) {
    const bytes = await readFile(own)
    const record = await readKernelRecord(place.directory)
    const isRecorded = record?.sha256 === sha256Of(bytes)
    const version = isRecorded ? record?.version : versionOfBzImage(bytes)
    return { path: own, version, arch: architectureOfKernel(bytes) }
  }
  const [newest] = await findKernels(place.rootimg)
  if (newest === undefined)
    throw new ImageError('image-kernel', `no kernel in ${rootimgdir}: install a kernel package in the image`)
  return { ...newest, arch: architectureOfKernel(await readFile(newest.path)) }
}

async function readKernelRecord(rootimgdir: string): Promise<KernelRecord | undefined> {
  try {
    // Boundary: written by copyKernel; a foreign file only fails the comparison of digests.
    return JSON.parse(await readFile(join(rootimgdir, 'kernel.json'), 'utf8')) as KernelRecord
  } catch {
    return undefined
  }
}

/** Linux/x86 boot protocol 2.00: kernel_version at 0x20e points, less 0x200, to the release string. */
function versionOfBzImage(bytes: Buffer): string | undefined {
  if (bytes.length < 0x210 || bytes.toString('latin1', 0x202, 0x206) !== 'HdrS') return undefined
  const at = bytes.readUInt16LE(0x20e) + 0x200
  return /^[^\s\0]+/.exec(bytes.toString('latin1', at, at + 128))?.[0]
}

/** Copies the image's kernel (newest, or the version asked for) to `<rootimgdir>/kernel`, atomically; compressed beside it for POWER. */
export async function copyKernel(request: {
  readonly rootimgdir: string
  readonly arch: string
  readonly kernelVersion?: string
}): Promise<ImageKernel & { readonly version: string }> {
  const arch = parseArchitecture(request.arch)
  const kernels = await findKernels(join(request.rootimgdir, 'rootimg'))
  const wanted = request.kernelVersion
  const kernel = wanted === undefined ? kernels[0] : kernels.find(({ version }) => version === wanted)
  if (kernel === undefined) {
    const have = kernels.length === 0 ? 'it has none' : `it has ${kernels.map(({ version }) => version).join(' ')}`
    throw new ImageError(
      'image-kernel',
      `no kernel ${wanted ?? ''} in ${request.rootimgdir}/rootimg (${have}): install a kernel package in the image`,
    )
  }
  const bytes = await readFile(kernel.path)
  const found = architectureOfKernel(bytes)
  if (found !== undefined && found !== arch)
    throw new ImageError('image-arch', `${kernel.path} is for ${found}, but the image is for ${arch}`)
  const path = join(request.rootimgdir, 'kernel')
  const record: KernelRecord = { version: kernel.version, sha256: sha256Of(bytes), size: bytes.length }
  await writeFileAtomic(path, bytes, 0o644)
  await writeFileAtomic(`${path}.json`, `${JSON.stringify(record, undefined, 1)}\n`, 0o644)
  await compressKernel(request.rootimgdir, bytes, record.sha256)
  return { path, version: kernel.version, arch: found }
}

export function sha256Of(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
