/**
 * The work of liteimg on an image: its tree, then its kernel and initrd, in a new generation or in the current one. Takes
 * seconds of computing, so the server runs it in a thread of its own (image-worker.ts); everything in and out is plain data.
 */
import { join } from 'node:path'
import { assembleWithDracut, initrdMaker } from '../image/dracut/assemble.ts'
import { type Draft, openGenerations } from '../image/generations/generations.ts'
import { hasFlatTree, type ImagePlace, placeOf } from '../image/generations/layout.ts'
import { ImageError } from '../image/image-error.ts'
import { IMAGE_FILES } from '../image/image-files.ts'
import { assembleInitrd } from '../image/initrd/assemble.ts'
import { copyKernel } from '../image/initrd/kernel.ts'
import { KERNEL_GZ } from '../image/initrd/kernel-gz.ts'
import { lstatOrMissing } from '../image/liteimg/confined.ts'
import { type LiteimgReport, type LiteimgRequest, liteimg } from '../image/liteimg/liteimg.ts'
import { sameBytes } from '../image/liteimg/same-tree.ts'
import { type PackReport, removeStalePacks } from '../image/pack/pack.ts'
import { readPackRecord, STATELITE_RECORD } from '../image/pack/record.ts'
import { packForStatelite, type StatelitePackRequest } from '../image/pack/statelite-pack.ts'
import { putSiteFiles, type SiteFiles } from '../image/site-files.ts'
import { OperatorError } from './errors.ts'
import type { OnProgress } from './protocol.ts'

export interface ImageJob {
  readonly rootimgdir: string
  readonly arch: string
  readonly kernelVersion?: string
  /** linuximage.netdrivers: these instead of all. */
  readonly drivers?: readonly string[]
  /** Kernel parameters that the initrd brings along as defaults. */
  readonly commandLine?: string
  /** What makes the initrd; undefined: what made the one that is there. */
  readonly initrd?: 'lean' | 'dracut'
  /** The directory initrd-scripts. */
  readonly scripts: string
  /** Synclists and root's password. */
  readonly siteFiles: SiteFiles
  /** The current generation is changed where it is, under whoever runs from it. */
  readonly inPlace?: boolean
  /** Left out: a new generation becomes the current one. */
  readonly promote?: boolean
  /** rootfstype=ramdisk: the tree is packed when it is prepared. */
  readonly pack?: Pick<StatelitePackRequest, 'method' | 'compressor' | 'exlist' | 'environvar'>
  readonly tree: Pick<
    LiteimgRequest,
    'entries' | 'revision' | 'postscriptsDir' | 'fstabRootName' | 'writableRoot' | 'dryRun'
  >
}

export interface ImageReport {
  readonly tree: LiteimgReport
  /** Every change to the tree, in order. */
  readonly steps: readonly string[]
  /** Not made by a dry run. */
  readonly initrd?: {
    readonly path: string
    readonly kernelVersion: string
    readonly sizeBytes: number
    readonly modules: number
    readonly missingFirmware: readonly string[]
  }
  /** Of a ramdisk image; not of a dry run. */
  readonly packed?: PackReport
  /** Not of a dry run. `number` undefined: the image has no generations, its files were changed where they are. */
  readonly generation?: {
    readonly number: number | undefined
    readonly outcome: 'new' | 'unchanged' | 'in place'
    readonly isCurrent: boolean
  }
}

/** @throws OperatorError LB_IMAGE */
export async function runImageJob(job: ImageJob, onProgress: OnProgress): Promise<ImageReport> {
  try {
    const generations = openGenerations(job.rootimgdir)
    if (job.tree.dryRun === true) return await prepareTree(job, generations.place(), undefined, onProgress)
    await refuseWithoutTree(job.rootimgdir)
    if (job.inPlace !== true) return await newGeneration(job, onProgress)
    return await generations.locked(async (lockFd) => {
      const place = generations.place()
      const report = await prepareAll(job, place, lockFd, onProgress)
      return { ...report, generation: { number: place.number, outcome: 'in place', isCurrent: true } }
    })
  } catch (error) {
    if (error instanceof ImageError) throw new OperatorError('LB_IMAGE', error.message)
    throw error
  }
}

/** A run that changes nothing leaves no generation behind. */
async function newGeneration(job: ImageJob, onProgress: OnProgress): Promise<ImageReport> {
  const { rootimgdir } = job
  const draft = await openGenerations(rootimgdir).begin({
    from: 'current',
    by: 'liteimg',
    reason: 'liteimg',
    writer: 'replace',
  })
  try {
    const place = { number: draft.number, directory: draft.directory, rootimg: draft.rootimg }
    const report = await prepareAll(job, place, draft.lockFd, onProgress)
    if (draft.base !== undefined && report.tree.changeCount === 0 && (await sameFiles(rootimgdir, draft))) {
      await draft.abort()
      return renamed(draft, rootimgdir, {
        ...report,
        generation: { number: draft.base, outcome: 'unchanged', isCurrent: true },
      })
    }
    onProgress('Writing the generation to disk ...')
    const made = await draft.commit({
      promote: job.promote !== false,
      reason: reasonOf(report.tree),
      facts: report.initrd === undefined ? {} : { kernelVersion: report.initrd.kernelVersion },
    })
    const { number, isCurrent } = made
    return renamed(draft, rootimgdir, { ...report, generation: { number, outcome: 'new', isCurrent } })
  } catch (error) {
    await draft.abort()
    throw error instanceof ImageError
      ? new ImageError(
          error.code,
          error.problems.map((line) => usualNames(draft, rootimgdir, line)),
        )
      : error
  }
}

/** Said before DEST is touched. */
async function refuseWithoutTree(rootimgdir: string): Promise<void> {
  const rootimg = join(rootimgdir, 'rootimg')
  if ((await lstatOrMissing(rootimg)) === undefined && !hasFlatTree(rootimgdir))
    throw new ImageError('image-root', `${rootimg} does not exist: build the image first, or correct rootimgdir`)
}

function reasonOf({ plan }: LiteimgReport): string {
  const parts = [
    plan.apply.length > 0 ? `${plan.apply.length} entries new` : '',
    plan.revert.length > 0 ? `${plan.revert.length} taken back` : '',
  ].filter((part) => part !== '')
  return `liteimg: ${parts.length > 0 ? parts.join(', ') : 'tree, kernel or initrd renewed'}`
}

/** Kernel, initrd and packed root as they were. */
async function sameFiles(rootimgdir: string, { base, directory }: Draft): Promise<boolean> {
  const before = base === undefined ? undefined : placeOf(rootimgdir, base).directory
  if (before === undefined) return false
  for (const name of Object.values(IMAGE_FILES)) {
    const [old, now] = [join(before, name), join(directory, name)]
    if ((await lstatOrMissing(old)) === undefined || !(await sameBytes(old, now))) return false
  }
  // Follows from the kernel, but an image made by an older liteboot has none.
  const [hadGz, hasGz] = await Promise.all([before, directory].map((place) => lstatOrMissing(join(place, KERNEL_GZ))))
  if (hadGz === undefined && hasGz !== undefined) return false
  const packs = [before, directory].map((place) => readPackRecord(join(place, STATELITE_RECORD)))
  // An NFS root does without, and what an older one left beside an unchanged tree does no harm.
  const [had, has] = packs
  if (has === undefined) return true
  return had?.sha256 === has.sha256 && had.format === has.format && had.unpackedBytes === has.unpackedBytes
}

/** The work was done under a name that is gone by the time anybody reads of it. */
function usualNames(draft: Draft, rootimgdir: string, text: string): string {
  return text.replaceAll(`${draft.directory}/`, `${rootimgdir}/`)
}

function renamed(draft: Draft, rootimgdir: string, report: ImageReport): ImageReport {
  // Boundary: plain data, as it goes through the API anyway.
  return JSON.parse(usualNames(draft, rootimgdir, JSON.stringify(report))) as ImageReport
}

/** Tree, packed root, kernel and initrd, in a generation that is being made or in the current one. */
export async function prepareAll(
  job: ImageJob,
  place: ImagePlace,
  lockFd: number,
  onProgress: OnProgress,
): Promise<ImageReport> {
  const prepared = await prepareTree(job, place, lockFd, onProgress)
  const packed = await packRoot(job, place, lockFd, onProgress)
  onProgress('Assembling kernel and initrd ...')
  const initrd = await makeInitrd(job, place, packed, IMAGE_FILES.initrd)
  return { ...prepared, ...(packed ? { packed } : {}), initrd }
}

/** Nothing for an NFS root; then what was packed of an older state of the tree goes. */
async function packRoot(
  job: ImageJob,
  { directory, rootimg }: ImagePlace,
  lockFd: number,
  onProgress: OnProgress,
): Promise<PackReport | undefined> {
  if (job.pack === undefined) {
    await removeStalePacks(directory)
    return undefined
  }
  onProgress(`Packing contents of ${join(job.rootimgdir, 'rootimg')} ...`)
  const { rootimgdir, arch, kernelVersion, tree } = job
  return await packForStatelite({
    ...job.pack,
    rootimgdir,
    rootimg,
    arch,
    directory,
    entryPaths: tree.entries.map(({ path }) => path),
    revision: tree.revision,
    ...(kernelVersion === undefined ? {} : { kernelVersion }),
    lockFd,
    onProgress,
  })
}

async function prepareTree(
  job: ImageJob,
  { rootimg }: ImagePlace,
  lockFd: number | undefined,
  onProgress: OnProgress,
): Promise<ImageReport> {
  const steps: string[] = []
  onProgress(`Preparing ${join(job.rootimgdir, 'rootimg')} ...`)
  const tree = await liteimg({
    ...job.tree,
    rootimg,
    ...(lockFd === undefined ? {} : { lockFd }),
    // The tables were checked before the job was made.
    validate: () => [],
    before: async (edit, dryRun) => (await putSiteFiles(edit, job.siteFiles, dryRun)).warnings,
    nodeScript: join(job.scripts, 'node/statelite'),
    onStep: (step) => {
      steps.push(Object.values(step).join(' '))
    },
  })
  return { tree, steps }
}

/** Kernel and initrd, always from the tree as it is now. */
export async function makeInitrd(
  job: Pick<ImageJob, 'arch' | 'kernelVersion' | 'drivers' | 'commandLine' | 'scripts' | 'initrd'>,
  { directory, rootimg }: Pick<ImagePlace, 'directory' | 'rootimg'>,
  packed: PackReport | undefined,
  name: string,
): Promise<NonNullable<ImageReport['initrd']>> {
  const { arch, kernelVersion, drivers, commandLine, scripts } = job
  const kernel = await copyKernel({
    rootimgdir: directory,
    arch,
    ...(kernelVersion === undefined ? {} : { kernelVersion }),
  })
  const output = join(directory, name)
  const request = {
    rootimg,
    kernelVersion: kernel.version,
    arch,
    scripts,
    ...(drivers === undefined ? {} : { drivers }),
    ...(commandLine === undefined ? {} : { commandLine }),
    ...(packed?.record.format === 'squashfs' ? { extraModules: ['loop', 'overlay', 'squashfs'] } : {}),
    // busybox unpacks gzip and xz itself.
    ...(packed?.record.format === 'cpio.zst' ? { programs: ['zstd'] } : {}),
    output,
    compress: 'gzip' as const,
  }
  if ((job.initrd ?? initrdMaker(output)) === 'dracut') {
    const { path, size, modules } = await assembleWithDracut(request)
    return { path, kernelVersion: kernel.version, sizeBytes: size, modules: modules.length, missingFirmware: [] }
  }
  const { path, size, modules, missingFirmware } = await assembleInitrd(request)
  return { path, kernelVersion: kernel.version, sizeBytes: size, modules: modules.length, missingFirmware }
}
