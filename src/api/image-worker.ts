/** A thread that carries out one image job: the server goes on answering nodes meanwhile. */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { OperatorError, type OperatorErrorCode } from './errors.ts'
import { type ImageJob, type ImageReport, runImageJob } from './image-job.ts'
import { type PackJob, type PackJobReport, runPackJob } from './pack-job.ts'
import type { OnProgress } from './protocol.ts'

type Job = { readonly kind: 'liteimg'; readonly job: ImageJob } | { readonly kind: 'packimage'; readonly job: PackJob }

type Message =
  | { readonly progress: string }
  | { readonly report: unknown }
  | { readonly error: { readonly code?: OperatorErrorCode; readonly message: string } }

/** A thread that dies with the server leaves the image as a killed liteimg does: the next run converges. */
export async function runImageJobInThread(job: ImageJob, onProgress: OnProgress): Promise<ImageReport> {
  // Boundary: what the thread below answers to this kind of job.
  return (await runInThread({ kind: 'liteimg', job }, onProgress)) as ImageReport
}

export async function runPackJobInThread(job: PackJob, onProgress: OnProgress): Promise<PackJobReport> {
  return (await runInThread({ kind: 'packimage', job }, onProgress)) as PackJobReport
}

function runInThread(job: Job, onProgress: OnProgress): Promise<unknown> {
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
    worker.once('exit', (status) => reject(new Error(`the image thread ended with status ${status}`)))
  })
}

if (!isMainThread && parentPort && workerData !== null) {
  const port = parentPort
  const send = (message: Message) => port.postMessage(message)
  try {
    const { kind, job } = workerData as Job
    const onProgress: OnProgress = (progress) => send({ progress })
    send({ report: kind === 'liteimg' ? await runImageJob(job, onProgress) : await runPackJob(job, onProgress) })
  } catch (error) {
    if (error instanceof OperatorError) send({ error: { code: error.code, message: error.message } })
    else send({ error: { message: error instanceof Error ? (error.stack ?? error.message) : String(error) } })
  }
}
