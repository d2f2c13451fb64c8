/** The root tree of a bundle: packed with GNU cpio as xCAT does it, unpacked after a look through. */
import { createReadStream } from 'node:fs'
import { chmod, chown, statfs, utimes } from 'node:fs/promises'
import { createGunzip } from 'node:zlib'
import { runProgram } from '../generations/disk.ts'
import { ImageError } from '../image-error.ts'
import { type CpioFacts, CpioFault, scanCpio } from './cpio-scan.ts'

/** Names are arguments. Sockets have no place in an archive; other file systems are not the image's. */
const PACK = `set -o pipefail
cd -- "$1" && find . -xdev ! -type s -print0 | LC_ALL=C sort -z | cpio --null --quiet -o -H newc | "$3" -c > "$2"`

/** @throws ImageError image-tool; a file of 4 GiB and more has no place in a newc archive */
export async function packTree(rootimg: string, output: string): Promise<void> {
  const gzip = await runProgram(['sh', '-c', 'command -v pigz || command -v gzip'], undefined)
  await runProgram(['bash', '-c', PACK, 'pack', rootimg, output, gzip.trim()], undefined)
}

/**
 * @param directory empty
 * @throws ImageError image-bundle for a tree that would write outside of it or does not fit on its file system
 */
export async function unpackTree(archive: string, directory: string, lockFd: number | undefined): Promise<CpioFacts> {
  const facts = await lookThrough(archive)
  const { bavail, bsize } = await statfs(directory)
  if (facts.dataBytes > bavail * bsize)
    throw new ImageError(
      'image-bundle',
      `the tree needs ${mebibytes(facts.dataBytes)} MiB, ${directory} has ${mebibytes(bavail * bsize)} MiB left`,
    )
  // bsdtar and not cpio, which forgets the times of directories. It too refuses names and links that lead out.
  await runProgram(['bsdtar', '-x', '-p', '--numeric-owner', '-f', archive, '-C', directory], lockFd)
  const { top } = facts
  if (top !== undefined) {
    await chown(directory, top.uid, top.gid)
    await chmod(directory, top.mode)
    await utimes(directory, top.mtimeSeconds, top.mtimeSeconds)
  }
  return facts
}

async function lookThrough(archive: string): Promise<CpioFacts> {
  const file = createReadStream(archive, { highWaterMark: 1024 * 1024 })
  const plain = createGunzip()
  file.on('error', (error) => plain.destroy(error))
  try {
    return await scanCpio(file.pipe(plain))
  } catch (error) {
    if (error instanceof CpioFault) throw new ImageError('image-bundle', error.message)
    throw new ImageError('image-bundle', `the tree cannot be read: ${error instanceof Error ? error.message : error}`)
  } finally {
    file.destroy()
  }
}

function mebibytes(bytes: number): number {
  return Math.ceil(bytes / 1024 / 1024)
}
