/** The work of genimage, in a thread of its own where a server runs: it goes on answering nodes meanwhile. */
import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import { type Finish, genimage } from '../../../image/genimage/genimage.ts'
import type { GenimageReport, GenimageRequest } from '../../../image/genimage/request.ts'
import { type ImageJob, prepareAll } from '../../image-job.ts'
import { answerJob, runInThread } from '../../job-thread.ts'
import { type PackJob, packAll } from '../../pack-job.ts'
import type { OnProgress } from '../../protocol.ts'
import { inImage } from './image-errors.ts'

/** Plain data. */
export interface GenimageJob {
  readonly request: GenimageRequest
  /** The generation that nodes boot was prepared by liteimg: so the new one is, before it takes its place. */
  readonly lite?: ImageJob
  /** The same of packimage. */
  readonly pack?: PackJob
}

/** @throws OperatorError LB_IMAGE */
export async function runGenimage(
  { request, lite, pack }: GenimageJob,
  onProgress: OnProgress,
  signal?: AbortSignal,
): Promise<GenimageReport> {
  const options = {
    onProgress,
    ...(signal === undefined ? {} : { signal }),
    ...(lite === undefined ? {} : { finish: finishWith(lite, onProgress) }),
    ...(pack === undefined ? {} : { finish: packWith(pack, onProgress) }),
  }
  return await inImage(() => genimage(request, options))
}

function finishWith(lite: ImageJob, onProgress: OnProgress): Finish {
  return async (place, lockFd) => {
    const { tree, initrd } = await prepareAll(lite, place, lockFd, onProgress)
    if (initrd === undefined) throw new Error('the preparation of an image ended without an initrd')
    const { path, sizeBytes, modules, kernelVersion, missingFirmware } = initrd
    const aside = tree.skipped.map((skipped) => `${skipped.path}: ${skipped.reason}`)
    return {
      kernelVersion,
      initrd: { path, sizeBytes, modules },
      missingFirmware,
      warnings: [...tree.warnings, ...aside],
    }
  }
}

function packWith(pack: PackJob, onProgress: OnProgress): Finish {
  return async (place, lockFd) => {
    const { initrd, warnings } = await packAll(pack, place, lockFd, onProgress)
    if (initrd === undefined) throw new Error('a built image has no kernel')
    const { path, sizeBytes, modules, kernelVersion, missingFirmware } = initrd
    return { kernelVersion, initrd: { path, sizeBytes, modules }, missingFirmware, warnings }
  }
}

/** A thread that dies with the server takes the build with it: what it ran ends, and the next run sweeps up. */
export async function runGenimageInThread(
  job: GenimageJob,
  onProgress: OnProgress,
  signal?: AbortSignal,
): Promise<GenimageReport> {
  // Boundary: what the thread below answers.
  return (await runInThread(import.meta.url, job, 'the thread of genimage', onProgress, signal)) as GenimageReport
}

if (!isMainThread && parentPort && workerData !== null) {
  // Boundary: this file's own structure, cloned by the runtime.
  await answerJob(parentPort, (onProgress, signal) => runGenimage(workerData as GenimageJob, onProgress, signal))
}
