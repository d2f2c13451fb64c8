/**
 * copycds: an installation medium becomes a directory of packages.
 *
 * What a medium is, is told by `media/`; here it is read (without mounting it), copied into a directory of its own and put
 * in its place as a whole. Nothing here knows tables: destination and names are given.
 */
import { open, stat } from 'node:fs/promises'
import { ImageError } from '../image-error.ts'
import type { MediumFiles } from '../media/medium.ts'
import { openDirectorySource } from './directory.ts'
import { openIsoSource } from './iso.ts'

export interface MediumEntry {
  /** Relative to the top: `media.1/media`. */
  readonly path: string
  readonly kind: 'file' | 'directory' | 'symlink' | 'other'
  /** Of a file; else 0. */
  readonly sizeBytes: number
}

export interface CopyOptions {
  readonly onBytes: (copied: number) => void
  readonly signal: AbortSignal | undefined
  /** Programs that copy hold it, too: nobody else begins while one is still at it. */
  readonly lockFd: number
}

export interface MediumSource extends MediumFiles {
  readonly entries: readonly MediumEntry[]
  /** Into an empty directory. */
  copyTo(directory: string, options: CopyOptions): Promise<void>
}

/** Descriptions of media are a few lines; whatever is larger is none. */
export const MAX_DESCRIPTION_BYTES = 1 << 20
/** Ten times as many files as the largest distribution has on one medium. */
export const MAX_ENTRIES = 1_000_000

/** Files at the top that tell what a medium is. */
export function isDescription(path: string): boolean {
  return /^(\.treeinfo|\.discinfo|content|\.disk\/info|media\.\d{1,3}\/(media|products))$/.test(path)
}

/** @param path an ISO 9660 file or block device, or the directory of a mounted medium */
export async function openMedium(path: string): Promise<MediumSource> {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined || !(found.isFile() || found.isBlockDevice() || found.isDirectory()))
    throw new ImageError(
      'image-medium',
      `The management server was unable to find/read ${path}. Ensure that file exists on the server at the specified location.`,
    )
  if (found.isDirectory()) return openDirectorySource(path)
  await demandIso9660(path)
  return openIsoSource(path)
}

/** The volume descriptors begin in sector 16 (ECMA-119 §6.2.1); bsdtar would take any archive. */
async function demandIso9660(path: string): Promise<void> {
  const file = await open(path, 'r').catch((error: Error) => {
    throw new ImageError('image-medium', `The management server was unable to find/read ${path}: ${error.message}`)
  })
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(5), 0, 5, 16 * 2048 + 1)
    if (bytesRead === 5 && buffer.toString('latin1') === 'CD001') return
    throw new ImageError('image-medium', `${path} is no ISO 9660 image: copycds takes those, and directories`)
  } finally {
    await file.close()
  }
}

export function namesIn(entries: readonly MediumEntry[], directory: string): readonly string[] {
  const prefix = directory === '' ? '' : `${directory}/`
  const names = new Set<string>()
  for (const { path } of entries)
    if (path.startsWith(prefix)) names.add(path.slice(prefix.length).replace(/\/.*$/s, ''))
  return [...names]
}
