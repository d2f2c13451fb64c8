/**
 * The generations of each DEST as answers to nodes need them, from the disk whenever they are asked for. What was read is
 * believed for as long as two directories keep their times, so that ten thousand nodes cost two `stat` each.
 */
import { type BigIntStats, statSync } from 'node:fs'
import { generationRoot, type PlanEntry, type PlanGeneration } from '../../statelite/generations.ts'
import { isEntryOption } from '../../statelite/options.ts'
import { currentNumber, generationNumbers, generationsDirectory, placeOf } from './layout.ts'
import { type GenerationRecord, readRecord } from './record.ts'

/** @returns undefined: DEST has no generations, or not the one of this number */
export type FindGeneration = (dest: string, number?: number) => PlanGeneration | undefined

/** A file system's clock ticks every few milliseconds: what changed just now may change again under the same time. */
const SETTLED_MS = 50

interface Known {
  readonly stamp: string
  readonly current: number | undefined
  readonly records: ReadonlyMap<number, GenerationRecord>
  readonly answers: Map<number, PlanGeneration | undefined>
}

export function openGenerationStates(now: () => number = Date.now): FindGeneration {
  const known = new Map<string, Known>()

  function look(dest: string): Known | undefined {
    const stat = statOf(generationsDirectory(dest))
    if (stat === undefined) {
      known.delete(dest)
      return undefined
    }
    let entry = known.get(dest)
    if (entry === undefined || entry.stamp !== stampOf(stat, dest, entry.records.keys())) {
      entry = read(dest, stat)
      known.set(dest, entry)
    }
    return entry
  }

  function read(dest: string, stat: BigIntStats): Known {
    const numbers = generationNumbers(dest)
    // Taken before the contents are read: a change in between is seen next time.
    const stamp = stampOf(stat, dest, numbers)
    const records = new Map<number, GenerationRecord>()
    for (const number of numbers) {
      const record = readRecord(dest, number)
      if (record !== undefined) records.set(number, record)
    }
    const isSettled = newestMs(stat, dest, numbers) + SETTLED_MS < now()
    return { stamp: isSettled ? stamp : '', current: currentNumber(dest), records, answers: new Map() }
  }

  return (dest, number) => {
    const state = look(dest)
    const wanted = number ?? state?.current
    if (state === undefined || wanted === undefined) return undefined
    if (!state.answers.has(wanted)) state.answers.set(wanted, compile(dest, wanted, state.records))
    return state.answers.get(wanted)
  }
}

function compile(
  dest: string,
  number: number,
  records: ReadonlyMap<number, GenerationRecord>,
): PlanGeneration | undefined {
  const record = records.get(number)
  if (record === undefined) return undefined
  const { rootimg, directory } = placeOf(dest, number)
  const later = [...records.values()].filter((other) => other.number > number)
  return {
    number,
    rootimg: rootimg.startsWith(`${directory}/`) ? generationRoot(dest, number) : rootimg,
    revision: record.facts.revision,
    entries: record.facts.entries === undefined ? undefined : planEntries(record.facts.entries),
    later: new Set(later.flatMap(({ facts }) => (facts.revision === undefined ? [] : [facts.revision]))),
  }
}

function planEntries(entries: NonNullable<GenerationRecord['facts']['entries']>): PlanEntry[] | undefined {
  const found: PlanEntry[] = []
  for (const { option, path, parent } of entries) {
    if (!isEntryOption(option)) return undefined
    found.push({ option, path, parent })
  }
  return found
}

/** Of `generations/` (what there is, what is current) and of each generation (its record, its tree while it is taken over). */
function stampOf(stat: BigIntStats, dest: string, numbers: Iterable<number>): string {
  const each = [...numbers].map((number) => statOf(placeDirectory(dest, number))?.ctimeNs ?? '-')
  return [stat.ino, stat.ctimeNs, ...each].join(' ')
}

function newestMs(stat: BigIntStats, dest: string, numbers: Iterable<number>): number {
  const times = [...numbers].map((number) => Number((statOf(placeDirectory(dest, number))?.ctimeNs ?? 0n) / 1_000_000n))
  return Math.max(Number(stat.ctimeNs / 1_000_000n), ...times)
}

function placeDirectory(dest: string, number: number): string {
  return `${generationsDirectory(dest)}/${number}`
}

function statOf(path: string): BigIntStats | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false })
}
