/** Whether two trees are the same, contents included: for what marks of times cannot tell (see tree-mark.ts). */
import { open, readdir } from 'node:fs/promises'
import { lstatOrMissing } from './confined.ts'
import { joinBytes, markTree } from './tree-mark.ts'

const CHUNK_BYTES = 256 * 1024

/** Names, kinds, modes, owners, sizes, times, link targets, then every byte. Extended attributes are not compared. */
export async function isSameTree(one: string, other: string): Promise<boolean> {
  const mark = await markTree(one, false)
  if (mark === undefined || mark !== (await markTree(other, false))) return false
  return await sameContents(Buffer.from(one), Buffer.from(other))
}

async function sameContents(one: Buffer, other: Buffer): Promise<boolean> {
  const [a, b] = [await lstatOrMissing(one), await lstatOrMissing(other)]
  if (a === undefined || b === undefined) return false
  if (a.ino === b.ino && a.dev === b.dev) return true
  if (a.isDirectory()) {
    for (const name of await readdir(one, { encoding: 'buffer' }))
      if (!(await sameContents(joinBytes(one, name), joinBytes(other, name)))) return false
    return true
  }
  return !a.isFile() || (a.size === b.size && (await sameBytes(one, other)))
}

export async function sameBytes(one: string | Buffer, other: string | Buffer): Promise<boolean> {
  const [a, b] = [await open(one), await open(other)]
  try {
    const [left, right] = [Buffer.allocUnsafe(CHUNK_BYTES), Buffer.allocUnsafe(CHUNK_BYTES)]
    for (let at = 0; ; at += CHUNK_BYTES) {
      const [x, y] = [await a.read(left, 0, CHUNK_BYTES, at), await b.read(right, 0, CHUNK_BYTES, at)]
      if (x.bytesRead !== y.bytesRead || left.compare(right, 0, y.bytesRead, 0, x.bytesRead) !== 0) return false
      if (x.bytesRead < CHUNK_BYTES) return true
    }
  } finally {
    await a.close()
    await b.close()
  }
}
