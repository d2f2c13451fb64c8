/** `generation.json`: when a generation was made, by what and why, and what it was prepared for. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomic } from '../liteimg/manifest.ts'
import { generationsDirectory } from './layout.ts'

export type GenerationMaker = 'liteimg' | 'genimage' | 'packimage' | 'edit' | 'import' | 'copy' | 'adopted'

export interface PreparedEntry {
  readonly option: string
  readonly path: string
  readonly parent: string | undefined
}

/** What the maker knows about its result. Further keys are kept as they are. */
export interface GenerationFacts {
  /** Digest of the litefile entries liteimg prepared the tree for, as in `/.statelite/revision`. */
  readonly revision?: string
  readonly entries?: readonly PreparedEntry[]
  readonly kernelVersion?: string
  readonly [key: string]: unknown
}

export interface GenerationRecord {
  readonly number: number
  /** ISO 8601. */
  readonly madeAt: string
  readonly by: GenerationMaker
  /** A line for people: `liteimg: 3 entries added`. */
  readonly reason: string
  /** The generation it was made from. */
  readonly base?: number
  readonly facts: GenerationFacts
}

export const RECORD = 'generation.json'

export async function writeRecord(directory: string, record: GenerationRecord): Promise<void> {
  await writeFileAtomic(join(directory, RECORD), `${JSON.stringify({ version: 1, ...record }, undefined, 1)}\n`, 0o644)
}

/** undefined: no such generation, or a file that is none of ours. */
export function readRecord(dest: string, number: number): GenerationRecord | undefined {
  let raw: unknown
  try {
    raw = JSON.parse(readFileSync(join(generationsDirectory(dest), String(number), RECORD), 'utf8'))
  } catch {
    return undefined
  }
  if (typeof raw !== 'object' || raw === null) return undefined
  // Boundary: each field is looked at; what was written by hand may lack any of them.
  const { madeAt, by, reason, base, facts } = raw as Partial<Record<string, unknown>>
  return {
    number,
    madeAt: typeof madeAt === 'string' ? madeAt : '',
    by: (typeof by === 'string' ? by : 'import') as GenerationMaker,
    reason: typeof reason === 'string' ? reason : '',
    ...(typeof base === 'number' ? { base } : {}),
    facts: typeof facts === 'object' && facts !== null ? (facts as GenerationFacts) : {},
  }
}
