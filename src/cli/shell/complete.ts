/** What may stand where the cursor is. */
import { COMMANDS } from '../commands.ts'
import type { Terminal } from '../run.ts'

export async function complete(words: readonly string[], terminal: Terminal): Promise<number> {
  const last = words.at(-1) ?? ''
  for (const name of Object.keys(COMMANDS)) if (name.startsWith(last)) terminal.out(`${name}\n`)
  return 0
}
