/** `generations/promoted`: which generations were current, in order, and the highest number ever given away. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomic } from '../liteimg/manifest.ts'
import { generationsDirectory, hasGeneration } from './layout.ts'

/** So many steps back are remembered. */
const KEPT = 100

interface Promotions {
  /** Numbers are never used twice: a node may still say that it runs one that is gone. */
  readonly last: number
  /** Newest last; the current one is the last. */
  readonly order: readonly number[]
}

function fileOf(dest: string): string {
  return join(generationsDirectory(dest), 'promoted.json')
}

/** A file that is missing or damaged costs the way back, nothing else. */
function readPromotions(dest: string): Promotions {
  try {
    // Boundary: our own file; what is no number is dropped.
    const { last, order } = JSON.parse(readFileSync(fileOf(dest), 'utf8')) as Partial<Record<string, unknown>>
    return {
      last: Number.isSafeInteger(last) ? Number(last) : 0,
      order: Array.isArray(order) ? order.filter((number) => Number.isSafeInteger(number)).map(Number) : [],
    }
  } catch {
    return { last: 0, order: [] }
  }
}

async function write(dest: string, promotions: Promotions): Promise<void> {
  await writeFileAtomic(fileOf(dest), `${JSON.stringify(promotions)}\n`, 0o644)
}

export function lastNumber(dest: string): number {
  return readPromotions(dest).last
}

export async function noteNumber(dest: string, number: number): Promise<void> {
  const promotions = readPromotions(dest)
  if (number > promotions.last) await write(dest, { ...promotions, last: number })
}

/** `before` may not be the one noted last: the link may have been set by hand. Going back takes the later ones off. */
export async function pushPromotion(dest: string, before: number | undefined, number: number): Promise<void> {
  const { last, order } = readPromotions(dest)
  const known = before === undefined || order.at(-1) === before ? order : [...order, before]
  const at = known.lastIndexOf(number)
  const next = at >= 0 ? known.slice(0, at + 1) : [...known, number]
  await write(dest, { last, order: next.slice(-KEPT) })
}

/** The generation that was current before `current` and is still there. */
export function popPromotion(dest: string, current: number): number | undefined {
  const { order } = readPromotions(dest)
  const at = order.lastIndexOf(current)
  const before = at < 0 ? order : order.slice(0, at)
  return before.findLast((number) => number !== current && hasGeneration(dest, number))
}
