/** The load programs in C: built when the benchmark runs, each prints one JSON object. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Wire } from './wire.ts'

const run = promisify(execFile)
const LIMIT_MS = 60_000

/** @returns the program's path */
export async function buildLoad(name: string, directory: string, libraries: readonly string[] = []): Promise<string> {
  const program = join(directory, name)
  const source = join(import.meta.dirname, 'load', `${name}.c`)
  await run('gcc', ['-O2', '-o', program, source, ...libraries.map((library) => `-l${library}`)])
  return program
}

export async function runLoad<Figures>(wire: Wire, program: string, args: readonly string[]): Promise<Figures> {
  const text = await wire.client.exec(program, args, LIMIT_MS)
  return JSON.parse(text) as Figures // printed by our own program
}
