/**
 * `/.statelite/sync.json`: what synclists added to files of the image, so that the next run takes exactly that away again
 * before it adds what the lists say then. Mode 0600: an appended piece may come from a file that is not for everybody.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { errnoOf, ImageError } from '../image-error.ts'
import { resolveInside } from '../liteimg/confined.ts'

export const SYNC_RECORD_REL = '.statelite/sync.json'

export interface SyncRecord {
  readonly version: 1
  /**
   * By path without outer slashes: the bytes of the file that are not the image's own, in base64. Two while one takes the
   * place of the other: whichever an interrupted run left is found.
   */
  readonly appended: Readonly<Record<string, readonly string[]>>
  /** Files and directories the lists named the last time. */
  readonly copied: readonly string[]
}

export const NO_RECORD: SyncRecord = { version: 1, appended: {}, copied: [] }

export async function readSyncRecord(root: string): Promise<SyncRecord> {
  const path = join(root, SYNC_RECORD_REL)
  let raw: unknown
  try {
    if ((await resolveInside(root, SYNC_RECORD_REL)) !== SYNC_RECORD_REL)
      throw new ImageError('image-path', `/${SYNC_RECORD_REL} in the image is reached through a link: move it away`)
    raw = JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return NO_RECORD
    if (error instanceof SyntaxError) throw damaged(path)
    throw error
  }
  // Boundary: our own file, but it lies in the image.
  const { version, appended, copied } = (raw ?? {}) as Partial<Record<string, unknown>>
  const isRecord = typeof appended === 'object' && appended !== null
  if (version !== 1 || !isRecord || !Array.isArray(copied)) throw damaged(path)
  const pieces = Object.entries(appended).filter(
    (pair): pair is [string, string[]] =>
      isPlain(pair[0]) && Array.isArray(pair[1]) && pair[1].every((piece) => typeof piece === 'string'),
  )
  return { version: 1, appended: Object.fromEntries(pieces), copied: copied.filter((item) => typeof item === 'string') }
}

function damaged(path: string): ImageError {
  return new ImageError(
    'image-path',
    `${path} is damaged: look whether files that synclists append to have the text twice, then remove it`,
  )
}

function isPlain(rel: string): boolean {
  return rel.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
}
