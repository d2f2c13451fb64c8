/** A tree as a squashfs file system, made by mksquashfs: it keeps extended attributes, capabilities among them. */
import { spawn } from 'node:child_process'
import { rm, unlink, writeFile } from 'node:fs/promises'
import { ImageError } from '../image-error.ts'
import { endWhenInterrupted } from '../interruption.ts'
import type { Compressor } from './compressors.ts'
import { bytesOfName, shownName } from './file-name.ts'
import { endOf, hashFile, type WrittenFile } from './output-file.ts'
import type { Selection } from './selection.ts'

const COMPRESSION: Readonly<Record<Compressor, readonly string[]>> = {
  gzip: ['-comp', 'gzip'],
  pigz: ['-comp', 'gzip'],
  xz: ['-comp', 'xz'],
  zstd: ['-comp', 'zstd', '-Xcompression-level', '15'],
}

/** @param lockFd inherited: the image stays locked until mksquashfs has ended, also when we are killed */
export async function packSquashfs(
  selection: Selection,
  compressor: Compressor,
  temporary: string,
  lockFd: number | undefined,
): Promise<WrittenFile> {
  const list = `${temporary}.exclude`
  const left = selection.left.map((path) => path.slice(2))
  const odd = left.filter(isOdd)
  const strange = odd.find((path) => bytesOfName(path).toString() !== path)
  if (strange !== undefined)
    throw new ImageError('image-pack', `mksquashfs cannot leave out /${shownName(strange)}: rename it in the image`)
  await unlink(temporary).catch(() => undefined)
  await rm(list, { force: true })
  try {
    await writeFile(list, excludeList(left.filter((path) => !isOdd(path))), { flag: 'wx' })
    const options = [
      ...['-noappend', '-no-progress', '-no-recovery', '-quiet', '-one-file-system'],
      // The time of the making is the one thing that would differ between two makings.
      ...['-mkfs-time', '0', '-xattrs'],
      ...COMPRESSION[compressor],
      ...(left.length > odd.length ? ['-ef', list] : []),
      // Everything after it is a name.
      ...(odd.length > 0 ? ['-e', ...odd] : []),
    ]
    const child = spawn('mksquashfs', [selection.root, temporary, ...options], {
      stdio: ['ignore', 'ignore', 'pipe', ...(lockFd === undefined ? [] : [lockFd])],
      env: { ...process.env, LC_ALL: 'C' },
    })
    endWhenInterrupted(child)
    await endOf(child, 'mksquashfs').catch((error: unknown) => {
      if (error instanceof ImageError && error.message.includes('ENOENT'))
        throw new ImageError('image-tool', 'mksquashfs is not installed on this server: apt-get install squashfs-tools')
      throw error
    })
    return await hashFile(temporary)
  } finally {
    await rm(list, { force: true })
  }
}

/** mksquashfs strips blanks at the ends of a line, and takes some first characters for its own. */
function isOdd(path: string): boolean {
  return /^[\s#\\!]|^\.\.\.|\s$|\n/.test(path)
}

/** One path a line, relative to the tree. */
function excludeList(left: readonly string[]): Buffer {
  return Buffer.concat(left.flatMap((path) => [bytesOfName(path), Buffer.from('\n')]))
}
