/** The executable itself as a process of its own, for what only shows there: names, pipes, links, exit statuses. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import type { Ran } from './transcript.ts'

export const LITEBOOT = join(import.meta.dirname, '../../bin/liteboot')

export function runProgram(
  program: string,
  words: readonly string[],
  env: NodeJS.ProcessEnv,
  input?: string,
): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(program, words, { env }, (error, stdout, stderr) =>
      resolve({ stdout, stderr, status: error === null ? 0 : Number(error.code) }),
    )
    child.stdin?.end(input)
  })
}
