/** One medium into its place: checked, copied beside it, made safe, published. Killed at any point, it is simply run again. */
import { spawn } from 'node:child_process'
import { chmod, mkdir, readdir, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ImageError } from '../image-error.ts'
import { lstatOrMissing } from '../liteimg/confined.ts'
import { type LockHandle, openImageLock } from '../liteimg/lock.ts'
import type { Medium } from '../media/medium.ts'
import { mendDebianTree } from './debian.ts'
import { fingerprintOf, readFingerprints, writeFingerprints } from './fingerprint.ts'
import { mergeTree, type Place, placeOf, publishTree, recoverPlace, removeTree } from './publish.ts'
import type { MediumSource } from './source.ts'
import { tidyTree } from './tidy.ts'

export interface CopyRequest {
  readonly source: MediumSource
  readonly medium: Pick<Medium, 'family' | 'slot'>
  /** Absolute. A SUSE medium goes into its slot, and takes the place of what was there; others are added to what is there. */
  readonly destination: string
  /** An administrator's choice of directory: one that holds something else than media is not touched. */
  readonly isChosen?: boolean
  /** Between 0 and 1; not more often than there is something new to say. */
  readonly onProgress: (fraction: number) => void
  readonly signal?: AbortSignal
}

export interface CopyReport {
  readonly files: number
  readonly sizeBytes: number
  readonly fingerprint: string
  /** One sentence each. */
  readonly warnings: readonly string[]
}

/** Every file takes a block more than its size at most. */
const BLOCK_BYTES = 4096
/** A copy that was killed a moment ago still holds the lock while the kernel puts it away. */
const LOCK_ATTEMPTS = 20
const LOCK_PAUSE_MS = 100

/** @throws ImageError */
export async function copyMedium(request: CopyRequest): Promise<CopyReport> {
  const { source, destination } = request
  const files = source.entries.filter(({ kind }) => kind === 'file')
  const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0)
  await demandSpace(dirname(destination), sizeBytes + source.entries.length * BLOCK_BYTES)
  await makeDirectories(dirname(destination))
  await demandOwnPlace(destination, request.isChosen === true)
  const lock = await lockPlace(destination)
  const place = placeOf(destination)
  try {
    await recoverPlace(place)
    const fingerprint = fingerprintOf(source.entries)
    const warnings = await fillAndPublish(request, place, fingerprint, sizeBytes, lock)
    request.onProgress(1)
    return { files: files.length, sizeBytes, fingerprint, warnings }
  } catch (error) {
    await removeTree(place.next)
    throw error
  } finally {
    await lock.release()
  }
}

async function fillAndPublish(
  { source, medium, destination, onProgress, signal }: CopyRequest,
  place: Place,
  fingerprint: string,
  sizeBytes: number,
  lock: LockHandle,
): Promise<readonly string[]> {
  const warnings: string[] = []
  // Nobody else looks into it before it has been looked through.
  await mkdir(place.next, { mode: 0o700 })
  const onBytes = (copied: number) => onProgress(sizeBytes === 0 ? 0 : Math.min(copied / sizeBytes, 1))
  await source.copyTo(place.next, { onBytes, signal, lockFd: lock.fd })
  warnings.push(...(await tidyTree(place.next)))
  if (medium.family === 'debian') {
    const info = source.read('.disk/info') ?? ''
    await mendDebianTree(place.next, /\bNETINST\b/.test(info))
  }
  const known = await readFingerprints(destination)
  const isMerged = medium.slot === undefined && (await lstatOrMissing(destination))?.isDirectory() === true
  if (isMerged) {
    warnings.push(...(await mergeTree(destination, place.next)))
    if (medium.family === 'debian' && known.some((each) => each !== fingerprint))
      warnings.push(`${destination} holds several media: its package lists are those of the one copied last`)
  }
  await writeFingerprints(place.next, isMerged ? [...known, fingerprint] : [fingerprint])
  await chmod(place.next, 0o755)
  await flush(place.next)
  if (signal?.aborted) throw new ImageError('image-medium', 'Media copy operation was interrupted')
  return [...warnings, ...(await publishTree(place))]
}

async function demandSpace(directory: string, neededBytes: number): Promise<void> {
  let existing = directory
  while (!(await lstatOrMissing(existing))) existing = dirname(existing)
  const { bavail, bsize } = await statfs(existing)
  const free = bavail * bsize
  if (free >= neededBytes) return
  const mebibytes = (bytes: number) => Math.ceil(bytes / 1024 / 1024)
  throw new ImageError(
    'image-medium',
    `the medium needs ${mebibytes(neededBytes)} MiB, but ${existing} has ${mebibytes(free)} MiB left: make room, or name another directory with -p`,
  )
}

/** Told before gigabytes are copied: the directory will be renamed, and everything in it will move into a new one. */
async function demandOwnPlace(destination: string, isChosen: boolean): Promise<void> {
  const [there, above] = [await lstatOrMissing(destination), await lstatOrMissing(dirname(destination))]
  if (!there?.isDirectory()) {
    if (there === undefined || there.isSymbolicLink()) return
    throw new ImageError('image-medium', `${destination} is no directory: remove it, or name another one with -p`)
  }
  if (there.dev !== above?.dev || there.ino === above.ino)
    throw new ImageError('image-medium', `${destination} is a mount point: unmount it, or copy below it with -p`)
  if (!isChosen) return
  const names = await readdir(destination)
  if (names.length > 0 && !names.includes('.fingerprint'))
    throw new ImageError(
      'image-medium',
      `${destination} holds something else than media: name an empty directory with -p`,
    )
}

/** Whatever the umask of the server is: nodes and their package managers read here. */
async function makeDirectories(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true })
  if (first === undefined) return
  for (let made = path; made.length >= first.length; made = dirname(made)) await chmod(made, 0o755)
}

async function lockPlace(destination: string): Promise<LockHandle> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await openImageLock(destination)
    } catch (error) {
      if (!(error instanceof ImageError) || error.code !== 'image-locked' || attempt === LOCK_ATTEMPTS) throw error
      await sleep(LOCK_PAUSE_MS)
    }
  }
}

/** A machine that loses power just after the rename must not come back with empty files. */
function flush(path: string): Promise<void> {
  return new Promise((resolve) => {
    const child = spawn('sync', ['--file-system', path], { stdio: 'ignore' })
    child.once('error', () => resolve())
    child.once('close', () => resolve())
  })
}
