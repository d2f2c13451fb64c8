/** A thread that carries out one image job: the server goes on answering nodes meanwhile. */
import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import { type ImageJob, type ImageReport, runImageJob } from './image-job.ts'
import { answerJob, runInThread } from './job-thread.ts'
import { type PackJob, type PackJobReport, runPackJob } from './pack-job.ts'
import type { OnProgress } from './protocol.ts'

type Job = { readonly kind: 'liteimg'; readonly job: ImageJob } | { readonly kind: 'packimage'; readonly job: PackJob }

/** A thread that dies with the server leaves the image as a killed liteimg does: the next run converges. */
export async function runImageJobInThread(
  job: ImageJob,
  onProgress: OnProgress,
  signal: AbortSignal | undefined,
): Promise<ImageReport> {
  // Boundary: what the thread below answers to this kind of job.
  return (await runJob({ kind: 'liteimg', job }, onProgress, signal)) as ImageReport
}

export async function runPackJobInThread(
  job: PackJob,
  onProgress: OnProgress,
  signal: AbortSignal | undefined,
): Promise<PackJobReport> {
  return (await runJob({ kind: 'packimage', job }, onProgress, signal)) as PackJobReport
}

function runJob(job: Job, onProgress: OnProgress, signal: AbortSignal | undefined): Promise<unknown> {
  return runInThread(import.meta.url, job, 'the image thread', onProgress, signal)
}

if (!isMainThread && parentPort && workerData !== null) {
  const { kind, job } = workerData as Job
  await answerJob(parentPort, (onProgress) =>
    kind === 'liteimg' ? runImageJob(job, onProgress) : runPackJob(job, onProgress),
  )
}
