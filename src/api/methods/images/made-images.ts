/**
 * What copycds wrote into the definitions it made, beside the tables: an attribute that still has that value is copycds'
 * own, and follows the next run; any other is the administrator's. A record that got lost costs nothing: then only what
 * is unset is filled in.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { MethodContext } from '../context.ts'

export type Attributes = Readonly<Record<string, string>>
/** Image → attribute → value. */
export type MadeImages = ReadonlyMap<string, Attributes>

function recordFile({ timelineFile }: Pick<MethodContext, 'timelineFile'>): string {
  return join(dirname(timelineFile), 'copycds.json')
}

export function readMadeImages(context: Pick<MethodContext, 'timelineFile'>): MadeImages {
  let parsed: unknown
  try {
    parsed = JSON.parse(readFileSync(recordFile(context), 'utf8'))
  } catch {
    return new Map()
  }
  if (!isObject(parsed) || !isObject(parsed.images)) return new Map()
  const images = Object.entries(parsed.images).flatMap(([name, values]): [string, Attributes][] => {
    if (!isObject(values)) return []
    const texts = Object.entries(values).flatMap(([attribute, value]): [string, string][] =>
      typeof value === 'string' ? [[attribute, value]] : [],
    )
    return [[name, Object.fromEntries(texts)]]
  })
  return new Map(images)
}

/** After the edit: definitions without a record are still right, a record without them would not be. */
export function writeMadeImages(context: Pick<MethodContext, 'timelineFile'>, images: MadeImages): void {
  const path = recordFile(context)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(`${path}.new`, `${JSON.stringify({ images: Object.fromEntries(images) }, null, 1)}\n`, { mode: 0o600 })
  renameSync(`${path}.new`, path)
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export interface Merged {
  /** What to write: '' unsets. */
  readonly set: Attributes
  /** What is copycds' own afterwards. */
  readonly made: Attributes
  /** Attributes that stay as the administrator has them, though copycds would set them otherwise. */
  readonly kept: readonly string[]
}

/** Attributes that name files: they are unset again when the file is gone. */
const FOUND_FILES = ['template', 'pkglist', 'otherpkglist', 'synclists', 'exlist', 'postinstall']

/** @param now what the definition has; @param made what copycds gave it */
export function mergeAttributes(wanted: Attributes, now: Attributes, made: Attributes): Merged {
  const set: Record<string, string> = {}
  const own: Record<string, string> = {}
  const kept: string[] = []
  const gone = FOUND_FILES.filter((name) => wanted[name] === undefined && made[name] !== undefined)
  for (const [name, value] of [...Object.entries(wanted), ...gone.map((each) => [each, ''] as const)]) {
    const current = now[name] ?? ''
    const given = made[name]
    if (current === value) {
      if (value !== '') own[name] = value
    } else if (current === (given ?? '')) {
      set[name] = value
      if (value !== '') own[name] = value
    } else {
      if (value !== '') kept.push(name)
      // Still known to be no longer ours, even when it is unset.
      if (given !== undefined) own[name] = given
    }
  }
  return { set, made: own, kept }
}
