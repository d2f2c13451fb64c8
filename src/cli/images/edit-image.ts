/** `image edit`: asks the server for the program that does it, and runs it at this terminal. */
import { spawn } from 'node:child_process'
import type { CommandResult } from '../../api/protocol.ts'
import type { CliCall } from '../command.ts'

export interface EditWords {
  readonly image: string
  readonly words: readonly string[]
  readonly live: boolean
  readonly discard: boolean
  readonly keepCurrent: boolean
  readonly force: string | undefined
}

export async function editImage({ api, dryRun }: CliCall, asked: EditWords): Promise<CommandResult> {
  const { words, ...params } = asked
  const answer = await api.call('image.edit', params)
  if (dryRun) return answer
  // Its connection, or its hold on the tables, is not needed while somebody edits.
  await api.close()
  // Boundary: what the method image.edit answers.
  const { program, request } = answer.data as { program: string[]; request: object }
  const [file = '', ...args] = program
  const stay = () => undefined
  process.on('SIGINT', stay)
  const exitStatus = await new Promise<number>((resolve, reject) => {
    const child = spawn(file, [...args, JSON.stringify({ ...request, command: words })], { stdio: 'inherit' })
    child.once('error', reject)
    child.once('close', (status) => resolve(status ?? 128))
  })
  process.off('SIGINT', stay)
  return { output: [], errors: [], exitStatus, data: { image: asked.image, exitStatus } }
}
