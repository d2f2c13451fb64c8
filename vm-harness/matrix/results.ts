/**
 * What the matrix has shown, kept in docs/reference/support.json: one result for each way and root, the newest. A result that
 * failed is kept too: the page must not claim what no longer works.
 *
 *   node vm-harness/matrix/results.ts RESULTS…     takes results of runs (`--results`) in, and renders docs/reference/support.md
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { renderSupport } from './render-support.ts'
import { type Root, WAYS } from './ways.ts'

export interface Result {
  readonly way: string
  readonly root: Root
  /** Checks. */
  readonly passed: number
  readonly failed: number
  /** From power-on to the shell after the login prompt. */
  readonly seconds: number
  /** Debian packages with their versions. */
  readonly parts: readonly string[]
  /** Of the run, ISO 8601. */
  readonly date: string
}

const REFERENCE = join(import.meta.dirname, '../../docs/reference')
export const RESULTS_FILE = join(REFERENCE, 'support.json')
export const SUPPORT_PAGE = join(REFERENCE, 'support.md')

/** `qemu-system-x86 1:7.2+dfsg-7`, for those that are installed. */
export function versionsOf(packages: readonly string[]): string[] {
  return packages.flatMap((name) => {
    try {
      return `${name} ${execFileSync('dpkg-query', ['-W', '-f', `\${Version}`, name], { encoding: 'utf8', stdio: 'pipe' })}`
    } catch {
      return []
    }
  })
}

export function readResults(): Result[] {
  // Boundary: our own file.
  return JSON.parse(readFileSync(RESULTS_FILE, 'utf8')) as Result[]
}

/** @returns in the order of the ways, the newest of each; those of ways that are gone are left out */
export function mergeResults(known: readonly Result[], more: readonly Result[]): Result[] {
  const keyOf = ({ way, root }: Pick<Result, 'way' | 'root'>) => `${way} ${root}`
  const newest = new Map([...known, ...more].map((result) => [keyOf(result), result]))
  return WAYS.flatMap(({ name, roots }) => roots.flatMap((root) => newest.get(keyOf({ way: name, root })) ?? []))
}

function replace(file: string, text: string): void {
  writeFileSync(`${file}.new`, text)
  renameSync(`${file}.new`, file)
}

function main(files: readonly string[]): void {
  const lines = files.flatMap((file) => readFileSync(file, 'utf8').split('\n').filter(Boolean))
  const results = mergeResults(
    readResults(),
    lines.map((line) => JSON.parse(line) as Result),
  )
  replace(RESULTS_FILE, `[\n${results.map((result) => `  ${JSON.stringify(result)}`).join(',\n')}\n]\n`)
  replace(SUPPORT_PAGE, renderSupport(results))
  process.stdout.write(`${lines.length} results taken into ${SUPPORT_PAGE}\n`)
}

if (import.meta.main) main(process.argv.slice(2))
