/**
 * The work of liteimg on an image: its tree, then its kernel and initrd. Takes seconds of computing, so the server runs it
 * in a thread of its own (image-worker.ts); everything in and out is plain data.
 */
import { join } from 'node:path'
import { ImageError } from '../image/image-error.ts'
import { assembleInitrd } from '../image/initrd/assemble.ts'
import { copyKernel } from '../image/initrd/kernel.ts'
import { type LiteimgReport, type LiteimgRequest, liteimg } from '../image/liteimg/liteimg.ts'
import { putSiteFiles, type SiteFiles } from '../image/site-files.ts'
import { OperatorError } from './errors.ts'
import type { OnProgress } from './protocol.ts'

export interface ImageJob {
  readonly rootimgdir: string
  readonly arch: string
  readonly kernelVersion?: string
  /** linuximage.netdrivers: these instead of all. */
  readonly drivers?: readonly string[]
  /** The directory initrd-scripts. */
  readonly scripts: string
  /** Synclists and root's password. */
  readonly siteFiles: SiteFiles
  readonly tree: Pick<LiteimgRequest, 'entries' | 'revision' | 'postscriptsDir' | 'fstabRootName' | 'dryRun'>
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
}

/** @throws OperatorError LB_IMAGE */
export async function runImageJob(job: ImageJob, onProgress: OnProgress): Promise<ImageReport> {
  const steps: string[] = []
  try {
    const rootimg = join(job.rootimgdir, 'rootimg')
    onProgress(`Preparing ${rootimg} ...`)
    const tree = await liteimg({
      ...job.tree,
      rootimg,
      // The tables were checked before the job was made.
      validate: () => [],
      before: async (edit, dryRun) => (await putSiteFiles(edit, job.siteFiles, dryRun)).warnings,
      nodeScript: join(job.scripts, 'node/statelite'),
      onStep: (step) => {
        steps.push(Object.values(step).join(' '))
      },
    })
    if (tree.dryRun) return { tree, steps }
    onProgress('Assembling kernel and initrd ...')
    return { tree, steps, initrd: await makeInitrd(job, rootimg) }
  } catch (error) {
    if (error instanceof ImageError) throw new OperatorError('LB_IMAGE', error.message)
    throw error
  }
}

/** Always from the tree as it is now. */
async function makeInitrd(job: ImageJob, rootimg: string): Promise<NonNullable<ImageReport['initrd']>> {
  const { rootimgdir, arch, kernelVersion, drivers, scripts } = job
  const kernel = await copyKernel({ rootimgdir, arch, ...(kernelVersion === undefined ? {} : { kernelVersion }) })
  const report = await assembleInitrd({
    rootimg,
    kernelVersion: kernel.version,
    arch,
    scripts,
    ...(drivers === undefined ? {} : { drivers }),
    output: join(rootimgdir, 'initrd-statelite.gz'),
    compress: 'gzip',
  })
  const { path, size, modules, missingFirmware } = report
  return { path, kernelVersion: kernel.version, sizeBytes: size, modules: modules.length, missingFirmware }
}
