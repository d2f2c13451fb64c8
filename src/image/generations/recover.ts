/** What a run that was interrupted left, put right before the next one begins. Everything here needs the image's lock. */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ImageError } from '../image-error.ts'
import { adopt, isImageFile } from './adopt.ts'
import { linkTarget, type OnDiskStep, removeWhole, setLink } from './disk.ts'
import {
  currentNumber,
  GENERATIONS,
  GONE_PREFIX,
  generationsDirectory,
  hasFlatTree,
  hasGeneration,
  isThere,
  NEW_PREFIX,
  placeOf,
} from './layout.ts'
import { preparedFacts } from './prepared.ts'
import { readRecord, writeRecord } from './record.ts'

export interface RecoverOptions {
  readonly now: () => number
  readonly lockFd: number
  readonly onStep: OnDiskStep
}

/** What an interrupted run left is removed or finished. */
export async function recover(dest: string, options: RecoverOptions): Promise<void> {
  const { lockFd, onStep } = options
  const directory = generationsDirectory(dest)
  for (const name of await readdir(directory).catch(() => [])) {
    if (!name.startsWith(NEW_PREFIX) && !name.startsWith(GONE_PREFIX)) continue
    onStep(`remove ${name}`)
    await removeWhole(join(directory, name), lockFd)
  }
  if (!isThere(directory)) return
  await adopt(dest, options)
  const number = currentNumber(dest)
  if (number === undefined) return
  if (!hasGeneration(dest, number))
    throw new ImageError(
      'image-generation',
      `${directory}/current names generation ${number}, which is not there: point it to one that is`,
    )
  if (hasFlatTree(dest))
    throw new ImageError(
      'image-root',
      `${dest}/rootimg is a directory although the image has generations: move it away (nodes boot ${directory}/${number}/rootimg)`,
    )
  await linkNames(dest, number, onStep)
}

/** What the tree says now counts, also when it was prepared anew in its place. */
export async function refreshFacts(dest: string): Promise<void> {
  const number = currentNumber(dest)
  const record = number === undefined ? undefined : readRecord(dest, number)
  if (record === undefined) return
  const { rootimg, directory } = placeOf(dest, record.number)
  const { revision: _revision, entries: _entries, ...others } = record.facts
  const facts = { ...others, ...(await preparedFacts(rootimg)) }
  if (JSON.stringify(facts) !== JSON.stringify(record.facts)) await writeRecord(directory, { ...record, facts })
}

/** `DEST/kernel` and so on: links into the current generation, for everything it has and nothing else. */
export async function linkNames(dest: string, number: number, onStep: OnDiskStep): Promise<void> {
  const { directory } = placeOf(dest, number)
  const names = (await readdir(directory)).filter((name) => name === 'rootimg' || isImageFile(name))
  for (const name of names) await setLink(join(dest, name), `${GENERATIONS}/current/${name}`, onStep)
  for (const name of await readdir(dest)) {
    if (names.includes(name) || !(name === 'rootimg' || isImageFile(name))) continue
    if ((await linkTarget(join(dest, name))) !== `${GENERATIONS}/current/${name}`) continue
    onStep(`unlink ${name}`)
    await rm(join(dest, name))
  }
}
