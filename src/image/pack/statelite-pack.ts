/** liteimg's last step for rootfstype=ramdisk: the prepared tree as one file that the lean initrd can unpack. */
import { stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { generationNumbers, placeOf } from '../generations/layout.ts'
import { ImageError } from '../image-error.ts'
import { findKernels } from '../initrd/kernel.ts'
import { kernelConfig } from '../initrd/kernel-config.ts'
import { type Compressor, defaultCompressor } from './compressors.ts'
import { type PackReport, packTree } from './pack.ts'
import { pageBytesOf } from './page-size.ts'
import { type PackMethod, readPackRecord, STATELITE_RECORD } from './record.ts'
import { listReader } from './selection.ts'

export interface StatelitePackRequest {
  readonly rootimgdir: string
  readonly rootimg: string
  readonly arch: string
  /** Gets the packed root. */
  readonly directory: string
  /** Left out: as the image was packed before, else cpio and gzip. */
  readonly method?: PackMethod
  readonly compressor?: Compressor
  /** Files of linuximage.exlist. */
  readonly exlist: readonly string[]
  readonly environvar: Readonly<Record<string, string>>
  readonly entryPaths: readonly string[]
  readonly revision: string
  readonly kernelVersion?: string
  readonly lockFd?: number
  readonly onProgress?: (line: string) => void
}

/** liteimg's own records, which no node needs. What is below /.statelite is hidden by a tmpfs there. */
const LEAVE_OUT = ['./.statelite/*', './.statebackup*']
const KEEP = ['./.statelite', './.statelite/revision', './.default/', './dev', './proc', './run', './sys', './tmp']

/** @throws ImageError image-pack, image-tool */
export async function packForStatelite(request: StatelitePackRequest): Promise<PackReport> {
  const { rootimg, arch, kernelVersion, revision, lockFd, onProgress } = request
  const { method, compressor } = choosePacking(request)
  if (method === 'tar')
    throw new ImageError('image-pack', 'nodes of a ramdisk image unpack cpio and squashfs, not tar: use -m cpio')
  if (method === 'squashfs') await checkKernelReads(rootimg, compressor, kernelVersion)
  await settleTimes(rootimg)
  return await packTree({
    tree: {
      root: rootimg,
      exlist: request.exlist,
      lists: { read: listReader, variables: { ...process.env, ...request.environvar } },
      leaveOut: LEAVE_OUT,
      // An exlist that says ./tmp* must not take away what a litefile entry is mounted on.
      keep: [...KEEP, ...request.entryPaths.map((path) => `.${path.replace(/\/+$/, '')}`)],
      pageBytes: await pageBytesOf(rootimg, arch, kernelVersion),
    },
    directory: request.directory,
    purpose: 'statelite',
    method,
    compressor,
    revision,
    ...(lockFd === undefined ? {} : { lockFd }),
    ...(onProgress === undefined ? {} : { onProgress }),
  })
}

/** liteimg writes its records anew at every run; the same tree is to give the same bytes all the same. */
async function settleTimes(rootimg: string): Promise<void> {
  const record = join(rootimg, '.statelite/revision')
  const { mtime } = await stat(join(rootimg, '.default'))
  for (const path of [record, join(rootimg, '.statelite')]) await utimes(path, mtime, mtime)
}

/** What was chosen once stays: asked of the newest generation that has a packed root. */
export function choosePacking(request: Pick<StatelitePackRequest, 'rootimgdir' | 'method' | 'compressor'>): {
  readonly method: PackMethod
  readonly compressor: Compressor
} {
  const { rootimgdir } = request
  const places = [
    ...generationNumbers(rootimgdir)
      .reverse()
      .map((number) => placeOf(rootimgdir, number).directory),
  ]
  const before = [...places, rootimgdir]
    .map((directory) => readPackRecord(join(directory, STATELITE_RECORD)))
    .find((record) => record !== undefined)
  const method = request.method ?? before?.method ?? 'cpio'
  // gzip and pigz make the same: whichever is there.
  const remembered = before?.compressor === 'xz' || before?.compressor === 'zstd' ? before.compressor : undefined
  return { method, compressor: request.compressor ?? remembered ?? defaultCompressor() }
}

const KERNEL_OPTIONS: Readonly<Record<Compressor, string>> = {
  gzip: 'CONFIG_SQUASHFS_ZLIB',
  pigz: 'CONFIG_SQUASHFS_ZLIB',
  xz: 'CONFIG_SQUASHFS_XZ',
  zstd: 'CONFIG_SQUASHFS_ZSTD',
}

/** A kernel without its configuration in the image is believed. */
async function checkKernelReads(rootimg: string, compressor: Compressor, wanted: string | undefined): Promise<void> {
  const version = wanted ?? (await findKernels(rootimg))[0]?.version
  const config = version === undefined ? undefined : await kernelConfig(rootimg, version)
  const option = KERNEL_OPTIONS[compressor]
  if (config === undefined || config.includes(`\n${option}=y`)) return
  throw new ImageError(
    'image-pack',
    `the image's kernel ${version} reads no squashfs of ${compressor} (${option}): choose another with -c`,
  )
}
