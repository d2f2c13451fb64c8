/**
 * Generations of one DEST: list, make, promote, remove. One writer at a time (the image's lock); an interrupted one leaves
 * nothing that anybody sees, and the next one sweeps it away.
 */
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { ImageError } from '../image-error.ts'
import { type LockHandle, openImageLock } from '../liteimg/lock.ts'
import { adopt, isImageFile } from './adopt.ts'
import type { BeginRequest, Draft, Generation, Generations } from './contract.ts'
import { kindOf, linkTarget, type OnDiskStep, removeWhole, runProgram, setLink } from './disk.ts'
import {
  currentNumber,
  currentPlace,
  GENERATIONS,
  GONE_PREFIX,
  generationNumbers,
  generationsDirectory,
  hasFlatTree,
  hasGeneration,
  type ImagePlace,
  isThere,
  NEW_PREFIX,
  placeOf,
} from './layout.ts'
import { preparedFacts } from './prepared.ts'
import { lastNumber, noteNumber, popPromotion, pushPromotion } from './promotions.ts'
import { type GenerationRecord, readRecord, writeRecord } from './record.ts'
import { copyTree, type Sharing, type Writer } from './share.ts'

export type { BeginRequest, CommitRequest, Draft, Generation, Generations } from './contract.ts'

export interface GenerationsOptions {
  readonly now?: () => number
  readonly onStep?: OnDiskStep
}

export function openGenerations(dest: string, options: GenerationsOptions = {}): Generations {
  return new GenerationsOfDest(dest, options.now ?? Date.now, options.onStep ?? (() => undefined))
}

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
      await this.#recover(lock.fd)
      try {
        return await work(lock.fd)
      } finally {
        await this.#refresh()
      }
    } finally {
      await lock.release()
    }
  }

  /** What the tree says now counts, also when it was prepared anew in its place. */
  async #refresh(): Promise<void> {
    const number = currentNumber(this.dest)
    const record = number === undefined ? undefined : readRecord(this.dest, number)
    if (record === undefined) return
    const { rootimg, directory } = placeOf(this.dest, record.number)
    const { revision: _revision, entries: _entries, ...others } = record.facts
    const facts = { ...others, ...(await preparedFacts(rootimg)) }
    if (JSON.stringify(facts) !== JSON.stringify(record.facts)) await writeRecord(directory, { ...record, facts })
  }

  /** What an interrupted run left is removed or finished. Needs the lock. */
  async #recover(lockFd: number): Promise<void> {
    const directory = generationsDirectory(this.dest)
    for (const name of await readdir(directory).catch(() => [])) {
      if (!name.startsWith(NEW_PREFIX) && !name.startsWith(GONE_PREFIX)) continue
      this.#onStep(`remove ${name}`)
      await removeWhole(join(directory, name), lockFd)
    }
    if (!isThere(directory)) return
    await this.#adopt(lockFd)
    const number = currentNumber(this.dest)
    if (number === undefined) return
    if (!hasGeneration(this.dest, number))
      throw new ImageError(
        'image-generation',
        `${directory}/current names generation ${number}, which is not there: point it to one that is`,
      )
    if (hasFlatTree(this.dest))
      throw new ImageError(
        'image-root',
        `${this.dest}/rootimg is a directory although the image has generations: move it away (nodes boot ${directory}/${number}/rootimg)`,
      )
    await this.#linkNames(number)
  }

  async #adopt(lockFd: number): Promise<void> {
    await adopt(this.dest, { now: this.#now, lockFd, onStep: this.#onStep })
  }

  /** `DEST/kernel` and so on: links into the current generation, for everything it has and nothing else. */
  async #linkNames(number: number): Promise<void> {
    const { directory } = placeOf(this.dest, number)
    const names = (await readdir(directory)).filter((name) => name === 'rootimg' || isImageFile(name))
    for (const name of names) await setLink(join(this.dest, name), `${GENERATIONS}/current/${name}`, this.#onStep)
    for (const name of await readdir(this.dest)) {
      if (names.includes(name) || !(name === 'rootimg' || isImageFile(name))) continue
      if ((await linkTarget(join(this.dest, name))) !== `${GENERATIONS}/current/${name}`) continue
      this.#onStep(`unlink ${name}`)
      await rm(join(this.dest, name))
    }
  }

  async begin(request: BeginRequest): Promise<Draft> {
    await mkdir(this.dest, { recursive: true })
    const lock = await this.#lock()
    try {
      await this.#recover(lock.fd)
      await this.#adopt(lock.fd)
      const base = request.from === 'current' ? this.#currentOrFail() : request.from
      const number = Math.max(0, ...generationNumbers(this.dest), lastNumber(this.dest)) + 1
      const directory = join(generationsDirectory(this.dest), `${NEW_PREFIX}${number}`)
      this.#onStep(`begin generation ${number}`)
      await mkdir(directory, { recursive: true, mode: 0o755 })
      const sharing =
        base === 'empty' ? undefined : await this.#copyBase(base, directory, request.writer ?? 'any', lock)
      return this.#draft(request, lock, { number, directory, base: base === 'empty' ? undefined : base, sharing })
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

  #draft(
    { by, reason }: BeginRequest,
    lock: LockHandle,
    begun: Pick<Draft, 'number' | 'directory' | 'base' | 'sharing'>,
  ): Draft {
    const { number, directory, base } = begun
    let isOpen = true
    const finish = async <T>(work: () => Promise<T>): Promise<T> => {
      isOpen = false
      try {
        return await work()
      } finally {
        await lock.release()
      }
    }
    return {
      ...begun,
      rootimg: join(directory, 'rootimg'),
      lockFd: lock.fd,
      commit: async ({ promote, facts, reason: better }) => {
        if (!isOpen) throw new Error(`generation ${number} was committed or given up before`)
        return await finish(async () => {
          const madeAt = new Date(this.#now()).toISOString()
          const record = {
            number,
            madeAt,
            by,
            reason: better ?? reason,
            ...(base === undefined ? {} : { base }),
            facts: facts ?? {},
          }
          return await this.#commit(directory, record, promote, lock.fd)
        })
      },
      abort: async () => {
        if (isOpen) await finish(() => removeWhole(directory, lock.fd))
      },
    }
  }

  async #commit(directory: string, record: GenerationRecord, promote: boolean, lockFd: number): Promise<Generation> {
    const { number } = record
    for (const name of await readdir(directory))
      if (name.startsWith('.rootimg.')) await rm(join(directory, name), { recursive: true })
    const prepared = await preparedFacts(join(directory, 'rootimg'))
    await writeRecord(directory, { ...record, facts: { ...record.facts, ...prepared } })
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
    await this.#linkNames(number)
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
