/**
 * The work of packimage: the image's tree as a stateless node is to find it, packed into a new generation. The tree that
 * nodes may have mounted is not touched: what statelite moved is put back in a copy that lasts as long as the packing.
 */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { removeWhole } from '../image/generations/disk.ts'
import { openGenerations } from '../image/generations/generations.ts'
import type { ImagePlace } from '../image/generations/layout.ts'
import { copyTree } from '../image/generations/share.ts'
import { ImageError } from '../image/image-error.ts'
import { STATELESS_INITRD } from '../image/image-files.ts'
import { findKernels, imageKernel } from '../image/initrd/kernel.ts'
import { lstatOrMissing, resolveInside } from '../image/liteimg/confined.ts'
import { liteimg } from '../image/liteimg/liteimg.ts'
import type { TreeEdit } from '../image/liteimg/tree-edit.ts'
import { type Compressor, defaultCompressor } from '../image/pack/compressors.ts'
import { type PackReport, packTree } from '../image/pack/pack.ts'
import { pageBytesOf } from '../image/pack/page-size.ts'
import type { PackMethod } from '../image/pack/record.ts'
import { listReader } from '../image/pack/selection.ts'
import { putSiteFiles, type SiteFiles } from '../image/site-files.ts'
import { entriesRevision } from '../statelite/revision.ts'
import { OperatorError } from './errors.ts'
import { type ImageReport, makeInitrd } from './image-job.ts'
import type { OnProgress } from './protocol.ts'

export interface PackJob {
  readonly image: string
  readonly rootimgdir: string
  readonly method: PackMethod
  /** Left out: pigz where it is installed, else gzip. */
  readonly compressor?: Compressor
  readonly exlist: readonly string[]
  readonly environvar: Readonly<Record<string, string>>
  readonly siteFiles: SiteFiles
  readonly timezone: string | undefined
  readonly postscriptsDir: string
  readonly fstabRootName?: string
  readonly arch: string
  readonly kernelVersion?: string
  readonly drivers?: readonly string[]
  readonly commandLine?: string
  readonly scripts: string
}

export interface PackJobReport {
  readonly packed: PackReport
  readonly generation: number
  readonly warnings: readonly string[]
}

/**
 * A stateless node is one of a packed root without entries: what the initrd and the node's own reports need of liteimg
 * stays, what liteimg notes for itself does not.
 */
const LEAVE_OUT = ['./etc/rc.sysinit.backup', './.statelite/*', './.default/*', './.statebackup*']
const KEEP = ['./.statelite', './.statelite/revision', './.default', './etc/init.d/statelite']
const COPY = '.packed-tree'

/** @throws OperatorError LB_IMAGE */
export async function runPackJob(job: PackJob, onProgress: OnProgress): Promise<PackJobReport> {
  try {
    return await packIntoGeneration(job, onProgress)
  } catch (error) {
    if (error instanceof ImageError) throw new OperatorError('LB_IMAGE', error.message)
    throw error
  }
}

async function packIntoGeneration(job: PackJob, onProgress: OnProgress): Promise<PackJobReport> {
  const { rootimgdir, method } = job
  const rootimg = join(rootimgdir, 'rootimg')
  if ((await lstatOrMissing(rootimg)) === undefined)
    throw new ImageError('image-root', `${rootimg} does not exist: build the image first, or correct rootimgdir`)
  const reason = `packimage: ${method}`
  const draft = await openGenerations(rootimgdir).begin({ from: 'current', by: 'packimage', reason, writer: 'replace' })
  try {
    const { packed, warnings } = await packAll(job, draft, draft.lockFd, onProgress)
    const made = await draft.commit({ promote: true })
    return { packed: { ...packed, path: join(rootimgdir, packed.record.file) }, generation: made.number, warnings }
  } catch (error) {
    await draft.abort()
    throw error
  }
}

/** All that stateless nodes boot, in a generation that is being made. Its tree is not touched. */
export async function packAll(
  job: PackJob,
  { directory, rootimg }: Pick<ImagePlace, 'directory' | 'rootimg'>,
  lockFd: number,
  onProgress: OnProgress,
): Promise<{
  readonly packed: PackReport
  readonly initrd: ImageReport['initrd']
  readonly warnings: readonly string[]
}> {
  const copy = join(directory, COPY)
  const name = join(job.rootimgdir, 'rootimg')
  onProgress(`Copying ${name} ...`)
  await copyTree(rootimg, copy, 'replace', lockFd)
  const { tree } = await liteimgOf(job, copy, lockFd)
  onProgress(`Packing contents of ${name}`)
  const zone = await zoneFiles(copy, job.timezone)
  const packed = await packTree({
    tree: {
      root: copy,
      exlist: job.exlist,
      lists: { read: listReader, variables: { ...process.env, ...job.environvar } },
      leaveOut: LEAVE_OUT,
      keep: [...KEEP, './dev', './proc', './run', './sys', './tmp', ...zone],
      pageBytes: await pageBytesOf(copy, job.arch, job.kernelVersion),
    },
    directory,
    purpose: 'netboot',
    method: job.method,
    compressor: job.compressor ?? defaultCompressor(),
    revision: entriesRevision([]),
    lockFd,
    onProgress,
  })
  const initrd = await bootFiles(job, { directory, rootimg: copy }, packed, onProgress)
  await removeWhole(copy, lockFd)
  const unbootable = `${name} has no kernel: ${STATELESS_INITRD} is not made, and no node boots this image`
  const warnings = [...tree.warnings, ...packed.warnings, ...(initrd === undefined ? [unbootable] : [])]
  return { packed, initrd, warnings }
}

/** Kernel and initrd for the packed root. A tree without a kernel is packed all the same: xCAT does so, too. */
async function bootFiles(
  job: PackJob,
  place: { readonly directory: string; readonly rootimg: string },
  packed: PackReport,
  onProgress: OnProgress,
): Promise<ImageReport['initrd']> {
  const kernels = await findKernels(place.rootimg)
  if (kernels.length === 0) return undefined
  onProgress('Assembling kernel and initrd ...')
  // A statelite image of the same directory has the same kernel file: it must go on fitting that one's initrd.
  const { version } = await imageKernel(place.directory)
  const isThere = kernels.some((kernel) => kernel.version === version)
  const kernelVersion = job.kernelVersion ?? (isThere ? version : undefined)
  return await makeInitrd(
    { ...job, ...(kernelVersion === undefined ? {} : { kernelVersion }) },
    place,
    packed,
    STATELESS_INITRD,
  )
}

/** liteimg with no entries takes back all that statelite needs, and brings the postscripts. */
async function liteimgOf(job: PackJob, copy: string, lockFd: number) {
  const tree = await liteimg({
    rootimg: copy,
    entries: [],
    revision: entriesRevision([]),
    validate: () => [],
    nodeScript: join(job.scripts, 'node/statelite'),
    postscriptsDir: job.postscriptsDir,
    ...(job.fstabRootName === undefined ? {} : { fstabRootName: job.fstabRootName }),
    writableRoot: true,
    lockFd,
    before: async (edit, dryRun) => {
      const { warnings } = await putSiteFiles(edit, job.siteFiles, dryRun)
      await writeInfo(edit, job.image)
      await linkTimezone(edit, job.timezone)
      return warnings
    },
  })
  return { tree }
}

/** xCAT's postscripts read it as shell. */
async function writeInfo(edit: TreeEdit, image: string): Promise<void> {
  const real = await resolveInside(edit.root, 'opt/xcat/xcatinfo')
  if (real === undefined) return
  await edit.makeDirs(real.slice(0, Math.max(real.lastIndexOf('/'), 0)))
  const lines = [`IMAGENAME='${image}'`, `IMAGEUUID='${randomUUID()}'`, `TIMESTAMP='${new Date().toISOString()}'`]
  await edit.writeFile(real, `${lines.join('\n')}\n`, 0o644)
}

async function linkTimezone(edit: TreeEdit, timezone: string | undefined): Promise<void> {
  if (timezone === undefined || (await zoneFiles(edit.root, timezone)).length === 0) return
  const etc = await resolveInside(edit.root, 'etc')
  if (etc === undefined || !(await lstatOrMissing(edit.path(etc)))?.isDirectory()) return
  if ((await lstatOrMissing(edit.path(`${etc}/localtime`))) !== undefined) await edit.removeTree(`${etc}/localtime`)
  await edit.link(`${etc}/localtime`, `../usr/share/zoneinfo/${timezone}`)
}

/** The zone's file, and what it is a link to: packed whatever the exlist says. */
async function zoneFiles(root: string, timezone: string | undefined): Promise<string[]> {
  if (timezone === undefined || !/^[A-Za-z0-9_+-]+(\/[A-Za-z0-9_+-]+)*$/.test(timezone)) return []
  const path = `usr/share/zoneinfo/${timezone}`
  const real = await resolveInside(root, path)
  if (real === undefined || (await lstatOrMissing(join(root, real))) === undefined) return []
  return [...new Set([`./${path}`, `./${real}`])]
}
