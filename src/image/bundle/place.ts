/** Files of a bundle put where they belong on this machine. Nothing that is there is ever overwritten. */
import { createReadStream } from 'node:fs'
import { chmod, link, lstat, mkdir, stat, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { runProgram } from '../generations/disk.ts'
import { errnoOf, ImageError } from '../image-error.ts'

export type Occupied = 'free' | 'same' | 'other'

/** What is at the place already; links are followed, as everybody who reads the list does. */
export async function occupied(place: string, file: string): Promise<Occupied> {
  const there = await stat(place).catch(() => undefined)
  if (there === undefined) return (await lstat(place).catch(() => undefined)) === undefined ? 'free' : 'other'
  if (!there.isFile() || there.size !== (await stat(file)).size) return 'other'
  return (await hasSameBytes(place, file)) ? 'same' : 'other'
}

async function hasSameBytes(a: string, b: string): Promise<boolean> {
  const other = createReadStream(b)[Symbol.asyncIterator]()
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of createReadStream(a) as AsyncIterable<Buffer>) {
    for (let at = 0; at < chunk.length; ) {
      // Boundary: a stream without encoding yields buffers.
      if (rest.length === 0) rest = ((await other.next()).value as Buffer | undefined) ?? Buffer.alloc(0)
      const count = Math.min(rest.length, chunk.length - at)
      if (count === 0 || !rest.subarray(0, count).equals(chunk.subarray(at, at + count))) return false
      rest = rest.subarray(count)
      at += count
    }
  }
  return true
}

/**
 * Whole under its name or not there. Readable for all, as lists and scripts are.
 * @param lockFd of the one import that places files: the temporary name is the same for all
 */
export async function placeFile(from: string, to: string, lockFd: number): Promise<void> {
  await mkdir(dirname(to), { recursive: true, mode: 0o755 })
  const temporary = join(dirname(to), `.${basename(to)}.liteboot-new`)
  await unlink(temporary).catch(() => undefined)
  await runProgram(['cp', '--reflink=auto', '--no-dereference', '-T', '--', from, temporary], lockFd)
  try {
    await chmod(temporary, ((await stat(from)).mode & 0o100) === 0 ? 0o644 : 0o755)
    await link(temporary, to)
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error
    throw new ImageError('image-bundle', `${to} has just been made by somebody else: run the command again`)
  } finally {
    await unlink(temporary).catch(() => undefined)
  }
}
