/** Which media a directory holds: `.fingerprint`, a comma after each. Names and sizes of all files tell a medium. */
import { createHash } from 'node:crypto'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { MediumEntry } from './source.ts'

const FINGERPRINT_FILE = '.fingerprint'

/** xCAT took names only, so that a medium made anew under the same names counted as copied. */
export function fingerprintOf(entries: readonly MediumEntry[]): string {
  const lines = entries.map(({ path, kind, sizeBytes }) => `${kind} ./${path}\0${sizeBytes}\0`).sort()
  return createHash('sha256').update(lines.join('')).digest('hex').slice(0, 32)
}

export async function readFingerprints(directory: string): Promise<readonly string[]> {
  const text = await readFile(join(directory, FINGERPRINT_FILE), 'utf8').catch(() => '')
  return text.split(/[\s,]+/).filter((word) => word !== '')
}

/** In the directory itself, or in one of the slots of SUSE media. */
export async function holdsMedium(directory: string, fingerprint: string): Promise<boolean> {
  if ((await readFingerprints(directory)).includes(fingerprint)) return true
  const below = await readdir(directory, { withFileTypes: true }).catch(() => [])
  for (const entry of below) {
    if (!entry.isDirectory() || entry.name.startsWith('.')) continue
    if ((await readFingerprints(join(directory, entry.name))).includes(fingerprint)) return true
  }
  return false
}

export async function writeFingerprints(directory: string, fingerprints: readonly string[]): Promise<void> {
  const path = join(directory, FINGERPRINT_FILE)
  const unique = [...new Set(fingerprints)]
  // Never written in place: the file may be linked into the tree that this one is to replace.
  await rm(path, { recursive: true, force: true })
  await writeFile(path, unique.map((fingerprint) => `${fingerprint},`).join(''))
}
