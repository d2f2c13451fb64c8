/** A generation that is being made: committed or given up once, and the image's lock is let go with it. */
import { join } from 'node:path'
import { throwIfInterrupted, uninterrupted } from '../interruption.ts'
import type { LockHandle } from '../liteimg/lock.ts'
import type { CommitRequest, Draft, Generation } from './contract.ts'
import { removeWhole } from './disk.ts'

export function openDraft(
  lock: LockHandle,
  begun: Pick<Draft, 'number' | 'directory' | 'base' | 'sharing'>,
  commit: (request: CommitRequest) => Promise<Generation>,
): Draft {
  const { number, directory } = begun
  let isOpen = true
  async function finish<T>(work: () => Promise<T>): Promise<T> {
    isOpen = false
    try {
      return await work()
    } finally {
      await lock.release()
    }
  }
  return {
    ...begun,
    rootimg: join(directory, 'rootimg'),
    lockFd: lock.fd,
    commit: async (request) => {
      if (!isOpen) throw new Error(`generation ${number} was committed or given up before`)
      throwIfInterrupted()
      return await finish(() => uninterrupted(() => commit(request)))
    },
    abort: async () => {
      if (isOpen) await finish(() => removeWhole(directory, lock.fd))
    },
  }
}
