/** Heavy work in a thread of its own, so that a server goes on answering nodes: progress and one report or error come back. */
import { type MessagePort, Worker } from 'node:worker_threads'
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
export function runInThread(script: string, job: unknown, title: string, onProgress: OnProgress): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(script), { workerData: job })
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
  })
}

/** The thread's end. Only an operator's error keeps its code; of a defect the stack is wanted. */
export async function answerJob(port: MessagePort, work: (onProgress: OnProgress) => Promise<unknown>): Promise<void> {
  const send = (message: Message) => port.postMessage(message)
  try {
    send({ report: await work((progress) => send({ progress })) })
  } catch (error) {
    if (error instanceof OperatorError) send({ error: { code: error.code, message: error.message } })
    else send({ error: { message: error instanceof Error ? (error.stack ?? error.message) : String(error) } })
  }
}
