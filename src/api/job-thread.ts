/** Heavy work in a thread of its own, so that a server goes on answering nodes: progress and one report or error come back. */
import { type MessagePort, Worker } from 'node:worker_threads'
import { ImageError } from '../image/image-error.ts'
import { interruptible } from '../image/interruption.ts'
import { OperatorError, type OperatorErrorCode } from './errors.ts'
import type { OnProgress } from './protocol.ts'

type Message =
  | { readonly progress: string }
  | { readonly report: unknown }
  | { readonly error: { readonly code?: OperatorErrorCode; readonly message: string } }

/**
 * @param script calls `answerJob` when it runs as a thread
 * @param job plain data
 */
export function runInThread(
  script: string,
  job: unknown,
  title: string,
  onProgress: OnProgress,
  signal?: AbortSignal,
): Promise<unknown> {
  const running = new AbortController()
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(script), { workerData: job })
    // Told, not ended: it has to take down what it has begun, and to let go of the image.
    whenAborted(signal, running.signal, () => worker.postMessage(INTERRUPT))
    worker.on('message', (message: Message) => {
      if ('progress' in message) onProgress(message.progress)
      else if ('report' in message) resolve(message.report)
      else {
        const { code, message: text } = message.error
        reject(code === undefined ? new Error(text) : new OperatorError(code, text))
      }
    })
    worker.once('error', reject)
    worker.once('exit', (status) => reject(new Error(`${title} ended with status ${status}`)))
  }).finally(() => running.abort())
}

const INTERRUPT = 'interrupt'

function whenAborted(signal: AbortSignal | undefined, until: AbortSignal, act: () => void): void {
  if (signal?.aborted === true) act()
  else signal?.addEventListener('abort', act, { once: true, signal: until })
}

/** The thread's end. Only an operator's error keeps its code; of a defect the stack is wanted. */
export async function answerJob(
  port: MessagePort,
  work: (onProgress: OnProgress, signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const send = (message: Message) => port.postMessage(message)
  const interruption = new AbortController()
  port.once('message', () => interruption.abort())
  // The thread ends with its work.
  port.unref()
  const { signal } = interruption
  try {
    send({ report: await interruptible(signal, () => work((progress) => send({ progress }), signal)) })
  } catch (error) {
    if (error instanceof ImageError) send({ error: { code: 'LB_IMAGE', message: error.message } })
    else if (error instanceof OperatorError) send({ error: { code: error.code, message: error.message } })
    else send({ error: { message: error instanceof Error ? (error.stack ?? error.message) : String(error) } })
  }
}
