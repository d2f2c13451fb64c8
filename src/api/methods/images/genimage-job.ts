/** The work of genimage, in a thread of its own where a server runs: it goes on answering nodes meanwhile. */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { type Finish, genimage } from '../../../image/genimage/genimage.ts'
import type { GenimageReport, GenimageRequest } from '../../../image/genimage/request.ts'
import { OperatorError, type OperatorErrorCode } from '../../errors.ts'
import { type ImageJob, prepareAll } from '../../image-job.ts'
import type { OnProgress } from '../../protocol.ts'
import { inImage } from './image-errors.ts'

/** Plain data. */
export interface GenimageJob {
  readonly request: GenimageRequest
  /** The generation that nodes boot was prepared by liteimg: so the new one is, before it takes its place. */
  readonly lite?: ImageJob
}

/** @throws OperatorError LB_IMAGE */
export async function runGenimage(
  { request, lite }: GenimageJob,
  onProgress: OnProgress,
  signal?: AbortSignal,
): Promise<GenimageReport> {
  const options = {
    onProgress,
    ...(signal === undefined ? {} : { signal }),
    ...(lite === undefined ? {} : { finish: finishWith(lite, onProgress) }),
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

type Message =
  | { readonly progress: string }
  | { readonly report: GenimageReport }
  | { readonly error: { readonly code?: OperatorErrorCode; readonly message: string } }

/** A thread that dies with the server takes the build with it: what it ran ends, and the next run sweeps up. */
export function runGenimageInThread(job: GenimageJob, onProgress: OnProgress): Promise<GenimageReport> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: job })
    worker.on('message', (message: Message) => {
      if ('progress' in message) onProgress(message.progress)
      else if ('report' in message) resolve(message.report)
      else {
        const { code, message: text } = message.error
        reject(code === undefined ? new Error(text) : new OperatorError(code, text))
      }
    })
    worker.once('error', reject)
    worker.once('exit', (status) => reject(new Error(`the thread of genimage ended with status ${status}`)))
  })
}

if (!isMainThread && parentPort && workerData !== null) {
  const port = parentPort
  const send = (message: Message) => port.postMessage(message)
  try {
    // Boundary: this file's own structure, cloned by the runtime.
    send({ report: await runGenimage(workerData as GenimageJob, (progress) => send({ progress })) })
  } catch (error) {
    if (error instanceof OperatorError) send({ error: { code: error.code, message: error.message } })
    else send({ error: { message: error instanceof Error ? (error.stack ?? error.message) : String(error) } })
  }
}
