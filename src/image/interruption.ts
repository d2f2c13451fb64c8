/**
 * Work that nobody waits for any more: the programs it runs are ended, and what it was making never takes its place. Work
 * that is not told (a direct command) goes on as ever; cleaning up is never interrupted.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { ImageError } from './image-error.ts'

const interruption = new AsyncLocalStorage<AbortSignal>()

/** @throws ImageError image-interrupted whatever the interruption has led to */
export async function interruptible<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  if (signal === undefined) return await work()
  try {
    return await interruption.run(signal, work)
  } catch (error) {
    throw signal.aborted ? interrupted() : error
  }
}

export function uninterrupted<T>(work: () => T): T {
  return interruption.exit(work)
}

/** Asked before anything takes its place. */
export function throwIfInterrupted(): void {
  if (interruption.getStore()?.aborted === true) throw interrupted()
}

function interrupted(): ImageError {
  return new ImageError('image-interrupted', 'the work was interrupted: everything is as it was before')
}

/** The program ends with the work that started it. */
export function endWhenInterrupted(child: ChildProcess): void {
  const signal = interruption.getStore()
  if (signal === undefined) return
  const end = () => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) endFamily(child.pid)
  }
  if (signal.aborted) end()
  signal.addEventListener('abort', end, { once: true })
  child.once('close', () => signal.removeEventListener('abort', end))
}

/** With the programs of a pipeline. Children are read first: those of a dead parent are nobody's. */
function endFamily(pid: number): void {
  let children = ''
  try {
    children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
  } catch {
    // It has ended, or the kernel does not say.
  }
  for (const child of children.trim().split(' ')) if (child !== '') endFamily(Number(child))
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}
