/**
 * A DEST with plain files becomes generation 1, by renames. Whatever step this is interrupted at, nodes go on booting
 * it: files get a second name (hard link) before the first becomes a link, and the tree's one rename is the moment
 * between two places that `placeOf` both knows.
 */
import { link, mkdir, readdir, realpath, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { errnoOf, ImageError } from '../image-error.ts'
import { kindOf, type OnDiskStep, removeWhole, runProgram, setLink } from './disk.ts'
import {
  currentNumber,
  GENERATIONS,
  generationsDirectory,
  hasFlatTree,
  hasGeneration,
  isThere,
  NEW_PREFIX,
} from './layout.ts'
import { preparedFacts } from './prepared.ts'
import { readRecord, writeRecord } from './record.ts'

/** What belongs to an image among the files of a DEST: kernels, initrds, packed roots and what is known of them. */
export function isImageFile(name: string): boolean {
  return /^(kernel|initrd-|initrd\.|rootimg[.-]|build\.log)/.test(name) && !name.includes('.liteboot-')
}

export interface AdoptOptions {
  readonly now: () => number
  readonly lockFd: number | undefined
  readonly onStep: OnDiskStep
}

/** Takes the image in DEST over as generation 1, or goes on where that was interrupted. Nothing there: does nothing. */
export async function adopt(dest: string, options: AdoptOptions): Promise<void> {
  const { onStep } = options
  const directory = generationsDirectory(dest)
  const first = join(directory, '1')
  const rootimg = join(dest, 'rootimg')
  const files = await imageFilesOf(dest)
  const isFlatTree = hasFlatTree(dest)
  const started = hasGeneration(dest, 1) && readRecord(dest, 1)?.by === 'adopted' && !isThere(join(first, 'rootimg'))
  if (currentNumber(dest) === undefined && !hasGeneration(dest, 1)) {
    if (!isFlatTree && files.length === 0) return
    await makeFirst(dest, files, options)
  } else if (!started) return
  if (currentNumber(dest) === undefined) await setLink(join(directory, 'current'), '1', onStep)
  for (const name of files) {
    if (isThere(join(first, name))) await setLink(join(dest, name), `${GENERATIONS}/current/${name}`, onStep)
  }
  if (isFlatTree && !isThere(join(first, 'rootimg'))) await moveTree(rootimg, join(first, 'rootimg'), onStep)
  if (isThere(join(first, 'rootimg'))) await setLink(rootimg, `${GENERATIONS}/current/rootimg`, onStep)
}

async function imageFilesOf(dest: string): Promise<string[]> {
  const names = await readdir(dest).catch(() => [])
  const files: string[] = []
  for (const name of names) if (isImageFile(name) && (await kindOf(join(dest, name))) === 'file') files.push(name)
  return files
}

/** Generation 1 with the files' second names and its record; the tree follows. */
async function makeFirst(dest: string, files: readonly string[], options: AdoptOptions): Promise<void> {
  const { onStep } = options
  const fresh = join(generationsDirectory(dest), `${NEW_PREFIX}1`)
  onStep('mkdir generations')
  await mkdir(generationsDirectory(dest), { recursive: true, mode: 0o755 })
  await removeWhole(fresh, options.lockFd)
  await mkdir(fresh, { mode: 0o755 })
  for (const name of files) {
    onStep(`second name of ${name}`)
    await secondName(join(dest, name), join(fresh, name), options.lockFd)
  }
  await writeRecord(fresh, {
    number: 1,
    madeAt: new Date(options.now()).toISOString(),
    by: 'adopted',
    reason: 'the image as it was before it had generations',
    facts: await preparedFacts(join(dest, 'rootimg')),
  })
  onStep('commit generation 1')
  await rename(fresh, join(generationsDirectory(dest), '1'))
}

async function secondName(from: string, to: string, lockFd: number | undefined): Promise<void> {
  try {
    await link(from, to)
  } catch (error) {
    if (!['EPERM', 'EMLINK', 'EXDEV', 'EOPNOTSUPP', 'ENOTSUP'].includes(errnoOf(error) ?? '')) throw error
    await runProgram(['cp', '-a', '-T', '--', from, to], lockFd)
  }
}

async function moveTree(from: string, to: string, onStep: OnDiskStep): Promise<void> {
  if ((await kindOf(from)) === 'link') {
    // A relative target would mean another place from inside the generation.
    await setLink(to, await realpath(from), onStep)
    onStep('remove the old link rootimg')
    await rm(from)
    return
  }
  onStep('move rootimg')
  try {
    await rename(from, to)
  } catch (error) {
    if (errnoOf(error) !== 'EBUSY' && errnoOf(error) !== 'EXDEV') throw error
    throw new ImageError(
      'image-root',
      `${from} is a mount point and cannot become a generation: mount the file system on the directory above it`,
    )
  }
}

const adopted = new Set<string>()

/**
 * Where the tree of DEST lies that nodes mounted as `DEST/rootimg` before DEST was taken over; undefined: it still lies
 * there, or is gone. Asked at every NFS call of such nodes: one `lstat` as a rule.
 */
export function adoptedRoot(dest: string): string | undefined {
  if (hasFlatTree(dest)) return undefined
  const moved = join(generationsDirectory(dest), '1', 'rootimg')
  if (!isThere(moved)) return undefined
  if (!adopted.has(dest) && readRecord(dest, 1)?.by !== 'adopted') return undefined
  adopted.add(dest)
  return moved
}
