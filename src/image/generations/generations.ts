/**
 * Generations of one DEST: list, make, promote, remove. One writer at a time (the image's lock); an interrupted one leaves
 * nothing that anybody sees, and the next one sweeps it away.
 */
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { ImageError } from '../image-error.ts'
import { type LockHandle, openImageLock } from '../liteimg/lock.ts'
import { adopt, isImageFile } from './adopt.ts'
import type { BeginRequest, CommitRequest, Draft, Generation, Generations } from './contract.ts'
import { kindOf, type OnDiskStep, removeWhole, runProgram, setLink } from './disk.ts'
import { openDraft } from './draft.ts'
import {
  currentNumber,
  currentPlace,
  GONE_PREFIX,
  generationNumbers,
  generationsDirectory,
  type ImagePlace,
  isThere,
  NEW_PREFIX,
  placeOf,
} from './layout.ts'
import { preparedFacts } from './prepared.ts'
import { lastNumber, noteNumber, popPromotion, pushPromotion } from './promotions.ts'
import { readRecord, writeRecord } from './record.ts'
import { linkNames, recover, refreshFacts } from './recover.ts'
import { copyTree, type Sharing, type Writer } from './share.ts'

export type { BeginRequest, CommitRequest, Draft, Generation, Generations } from './contract.ts'

export interface GenerationsOptions {
  readonly now?: () => number
  readonly onStep?: OnDiskStep
}

export function openGenerations(dest: string, options: GenerationsOptions = {}): Generations {
  return new GenerationsOfDest(dest, options.now ?? Date.now, options.onStep ?? (() => undefined))
}

/** What is known of a generation once its directory is there. */
type Begun = Pick<Draft, 'number' | 'directory' | 'base' | 'sharing'>

class GenerationsOfDest implements Generations {
  readonly dest: string
  readonly #now: () => number
  readonly #onStep: OnDiskStep

  constructor(dest: string, now: () => number, onStep: OnDiskStep) {
    this.dest = dest
    this.#now = now
    this.#onStep = onStep
  }

  list(): Generation[] {
    return generationNumbers(this.dest).flatMap((number) => this.#get(number) ?? [])
  }

  #get(number: number): Generation | undefined {
    const record = readRecord(this.dest, number)
    if (record === undefined) return undefined
    const { directory, rootimg } = placeOf(this.dest, number)
    return { ...record, directory, rootimg, isCurrent: currentNumber(this.dest) === number }
  }

  current(): Generation | undefined {
    const number = currentNumber(this.dest)
    return number === undefined ? undefined : this.#get(number)
  }

  place(): ImagePlace {
    return currentPlace(this.dest)
  }

  #require(number: number): Generation {
    const found = this.#get(number)
    if (found !== undefined) return found
    const have = generationNumbers(this.dest)
    throw new ImageError(
      'image-generation',
      `${this.dest} has no generation ${number}: ${have.length === 0 ? 'it has none' : `it has ${have.join(' ')}`}`,
    )
  }

  async #lock(): Promise<LockHandle> {
    // Beside the tree, so that it is the lock that liteimg took before there were generations.
    return await openImageLock(join(this.dest, 'rootimg'))
  }

  async locked<T>(work: (lockFd: number) => Promise<T>): Promise<T> {
    const lock = await this.#lock()
    try {
      await recover(this.dest, { now: this.#now, lockFd: lock.fd, onStep: this.#onStep })
      try {
        return await work(lock.fd)
      } finally {
        await refreshFacts(this.dest)
      }
    } finally {
      await lock.release()
    }
  }

  async begin(request: BeginRequest): Promise<Draft> {
    await mkdir(this.dest, { recursive: true })
    const lock = await this.#lock()
    try {
      const options = { now: this.#now, lockFd: lock.fd, onStep: this.#onStep }
      await recover(this.dest, options)
      await adopt(this.dest, options)
      const base = request.from === 'current' ? this.#currentOrFail() : request.from
      const number = Math.max(0, ...generationNumbers(this.dest), lastNumber(this.dest)) + 1
      const directory = join(generationsDirectory(this.dest), `${NEW_PREFIX}${number}`)
      this.#onStep(`begin generation ${number}`)
      await mkdir(directory, { recursive: true, mode: 0o755 })
      const sharing =
        base === 'empty' ? undefined : await this.#copyBase(base, directory, request.writer ?? 'any', lock)
      const begun = { number, directory, base: base === 'empty' ? undefined : base, sharing }
      return openDraft(lock, begun, (commit) => this.#commit(request, begun, commit, lock.fd))
    } catch (error) {
      await lock.release()
      throw error
    }
  }

  #currentOrFail(): number {
    const number = currentNumber(this.dest)
    if (number !== undefined) return number
    throw new ImageError('image-root', `${this.dest} has no image yet: build it first, or correct rootimgdir`)
  }

  async #copyBase(base: number, directory: string, writer: Writer, lock: LockHandle): Promise<Sharing | undefined> {
    const from = this.#require(base)
    for (const name of (await readdir(from.directory)).filter(isImageFile)) {
      if ((await kindOf(join(from.directory, name))) !== 'file' || name === 'build.log') continue
      // Packed roots are large and always replaced as a whole; kernels are small, and some are overwritten by hand.
      const how = name.startsWith('rootimg') ? '--link' : '--reflink=auto'
      await runProgram(['cp', '-a', how, '-T', '--', join(from.directory, name), join(directory, name)], lock.fd)
    }
    if (writer === 'layer' || !isThere(from.rootimg)) return undefined
    this.#onStep(`copy generation ${base}`)
    return await copyTree(from.rootimg, join(directory, 'rootimg'), writer, lock.fd)
  }

  async #commit(
    { by, reason }: BeginRequest,
    { number, directory, base }: Begun,
    { promote, facts, reason: better }: CommitRequest,
    lockFd: number,
  ): Promise<Generation> {
    const madeAt = new Date(this.#now()).toISOString()
    const origin = base === undefined ? {} : { base }
    for (const name of await readdir(directory))
      if (name.startsWith('.rootimg.')) await rm(join(directory, name), { recursive: true })
    const prepared = await preparedFacts(join(directory, 'rootimg'))
    const record = { number, madeAt, by, reason: better ?? reason, ...origin, facts: { ...facts, ...prepared } }
    await writeRecord(directory, record)
    // All of it on disk before it counts: a generation is whole, also after power loss.
    await runProgram(['sync', '-f', directory], lockFd)
    await noteNumber(this.dest, number)
    this.#onStep(`commit generation ${number}`)
    await rename(directory, join(generationsDirectory(this.dest), String(number)))
    if (promote || currentNumber(this.dest) === undefined) await this.#switchTo(number)
    return this.#require(number)
  }

  async #switchTo(number: number): Promise<void> {
    const before = currentNumber(this.dest)
    await setLink(join(generationsDirectory(this.dest), 'current'), String(number), this.#onStep)
    await linkNames(this.dest, number, this.#onStep)
    await pushPromotion(this.dest, before, number)
  }

  async promote(number: number): Promise<Generation> {
    return await this.locked(async () => {
      this.#require(number)
      if (currentNumber(this.dest) !== number) await this.#switchTo(number)
      return this.#require(number)
    })
  }

  previous(): number | undefined {
    const current = currentNumber(this.dest)
    return current === undefined ? undefined : popPromotion(this.dest, current)
  }

  async rollback(): Promise<{ readonly from: number; readonly to: Generation }> {
    return await this.locked(async () => {
      const from = currentNumber(this.dest)
      const to = from === undefined ? undefined : popPromotion(this.dest, from)
      if (from === undefined || to === undefined)
        throw new ImageError(
          'image-generation',
          `${this.dest}: no other generation was current before ${from ?? 'this'}: name one with image promote`,
        )
      await this.#switchTo(to)
      return { from, to: this.#require(to) }
    })
  }

  async remove(numbers: readonly number[]): Promise<void> {
    await this.locked(async (lockFd) => {
      for (const number of numbers) {
        this.#require(number)
        if (currentNumber(this.dest) === number)
          throw new ImageError('image-generation', `generation ${number} of ${this.dest} is the current one`)
      }
      await noteNumber(this.dest, Math.max(0, ...generationNumbers(this.dest)))
      const directory = generationsDirectory(this.dest)
      for (const number of numbers) {
        const gone = join(directory, `${GONE_PREFIX}${number}`)
        this.#onStep(`remove generation ${number}`)
        await rename(join(directory, String(number)), gone)
        this.#onStep(`empty ${basename(gone)}`)
        await removeWhole(gone, lockFd)
      }
    })
  }
}
