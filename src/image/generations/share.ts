/**
 * A copy of a generation's tree and files that shares what it can: clones where the file system has them (XFS, Btrfs),
 * else hard links for writers that only ever replace files, else a full copy.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ImageError } from '../image-error.ts'
import { removeWhole, runProgram } from './disk.ts'

/**
 * `replace`: the writer only makes new files and puts them in the place of old ones (liteimg). `any`: it may write into
 * files that are there (package managers with their databases, editors), which must not reach another generation.
 * `layer`: the tree is not copied, the writer brings it (layer.ts).
 */
export type Writer = 'replace' | 'any' | 'layer'

export type Sharing = 'clones' | 'hard links' | 'full copy'

export async function copyTree(from: string, to: string, writer: Writer, lockFd: number | undefined): Promise<Sharing> {
  // `from` may be a link to a tree elsewhere.
  const cp = (...how: string[]) => runProgram(['cp', '-a', ...how, '-T', '--', `${from}/.`, to], lockFd)
  if (await hasClones(to)) {
    await cp('--reflink=always', '--sparse=auto')
    return 'clones'
  }
  if (writer === 'replace') {
    try {
      await cp('--link')
      return 'hard links'
    } catch (error) {
      if (!(error instanceof ImageError)) throw error
      // Another file system, or more names than it allows one file.
      await removeWhole(to, lockFd)
    }
  }
  await cp('--sparse=auto')
  return 'full copy'
}

/** Asked of the file system itself, beside the copy to be. */
async function hasClones(beside: string): Promise<boolean> {
  const directory = `${beside}.liteboot-probe`
  await mkdir(directory, { recursive: true })
  try {
    await writeFile(join(directory, 'a'), Buffer.alloc(8192, 1))
    await runProgram(['cp', '--reflink=always', '--', join(directory, 'a'), join(directory, 'b')], undefined)
    return true
  } catch (error) {
    if (error instanceof ImageError) return false
    throw error
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
