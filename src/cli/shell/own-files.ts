/** Files and links in directories that are not ours alone: ours are written and taken away, others' never. */
import { lstatSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { OperatorError } from '../../api/errors.ts'
import { MARK } from './program.ts'

export interface OwnFiles {
  readonly written: readonly string[]
  /** `Error: …` lines. */
  readonly errors: readonly string[]
}

/** Writes each file as a whole. @throws OperatorError LB_FILE */
export function writeOwnFiles(directory: string, files: ReadonlyMap<string, string>): OwnFiles {
  const written: string[] = []
  const errors: string[] = []
  orFileError(() => mkdirSync(directory, { recursive: true }))
  for (const [name, text] of files) {
    const path = join(directory, name)
    if (exists(path) && !isOwnFile(path)) {
      errors.push(`Error: ${path} is not liteboot's: left as it is`)
      continue
    }
    orFileError(() => writeWhole(path, text))
    written.push(path)
  }
  return { written, errors }
}

/** Returns what was removed. @throws OperatorError LB_FILE */
export function removeOwnFiles(directory: string, names: Iterable<string>): string[] {
  const paths = [...names].map((name) => join(directory, name)).filter((path) => exists(path) && isOwnFile(path))
  for (const path of paths) orFileError(() => rmSync(path))
  return paths
}

export function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}

function isOwnFile(path: string): boolean {
  try {
    return readFileSync(path, 'utf8').slice(0, 1000).includes(MARK)
  } catch {
    return false
  }
}

function writeWhole(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.new`
  try {
    writeFileSync(temporary, text, { mode: 0o644, flag: 'wx' })
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

/** Takes the place of a link that is there. @throws OperatorError LB_FILE */
export function writeLink(path: string, target: string): void {
  const temporary = `${path}.${process.pid}.new`
  orFileError(() => {
    try {
      symlinkSync(target, temporary)
      renameSync(temporary, path)
    } catch (error) {
      rmSync(temporary, { force: true })
      throw error
    }
  })
}

/** @throws OperatorError LB_FILE */
export function orFileError<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw new OperatorError('LB_FILE', error instanceof Error ? error.message : String(error))
  }
}
