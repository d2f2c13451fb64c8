/**
 * One liteimg at a time per image: flock(2) on a file beside the image root.
 *
 * Node has no flock, but util-linux's `flock` locks a descriptor it inherits, and such a lock belongs to the open file,
 * not to the program that asked for it. The kernel drops it when the last holder is gone, so there are no stale locks
 * to guess about after kill -9. Copying programs inherit the descriptor too (`LockHandle.fd`): an orphaned `cp` keeps
 * the image locked until it has ended.
 */
import { spawnSync } from 'node:child_process'
import { type FileHandle, open, readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { ImageError } from '../image-error.ts'

export interface LockHandle {
  readonly fd: number
  release(): Promise<void>
}

export async function openImageLock(rootimg: string): Promise<LockHandle> {
  const path = join(dirname(rootimg), `.${basename(rootimg)}.liteboot-lock`)
  const file: FileHandle = await open(path, 'a+', 0o644)
  const flock = (how: readonly string[]) =>
    spawnSync('flock', [...how, '3'], { stdio: ['ignore', 'ignore', 'pipe', file.fd], encoding: 'utf8' })
  const result = flock(['--exclusive', '--nonblock'])
  if (result.error !== undefined || result.status !== 0) {
    await file.close()
    if (result.error !== undefined)
      throw new ImageError('image-tool', `flock cannot be started (${result.error.message}): install util-linux`)
    const holder = (await readFile(path, 'utf8').catch(() => '')).trim()
    throw new ImageError(
      'image-locked',
      `${rootimg} is being changed by another command${holder === '' ? '' : ` (process ${holder})`}: wait until it has ended`,
    )
  }
  await file.truncate(0)
  await file.write(`${process.pid}\n`)
  return {
    fd: file.fd,
    release: async () => {
      // Closing alone is not enough: a program that another thread is starting right now has the descriptor until exec.
      flock(['--unlock'])
      // The file stays: removing it would let two holders lock two different files of one name.
      await file.close()
    },
  }
}
