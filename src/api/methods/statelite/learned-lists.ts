/** The lists of written paths, one small file a node: the server keeps what nodes send, `litefile suggest` reads it. */
import { mkdirSync } from 'node:fs'
import { access, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { addBoot, type LearnedBoot } from '../../../statelite/learn.ts'

export interface KeptBoot extends LearnedBoot {
  /** When the list came, by the server's clock. */
  readonly receivedMs: number
}

export interface LearnedLists {
  /** The newest boots of the node, oldest first; none when it has sent nothing. */
  read(node: string): Promise<readonly KeptBoot[]>
  has(node: string): Promise<boolean>
  /** On disk when it resolves. */
  keep(node: string, boot: KeptBoot): Promise<void>
}

/** Made by this program and nobody else; another version's is as good as none. */
const VERSION = 1

export function openLearnedLists(directory: string): LearnedLists {
  const fileOf = (node: string) => join(directory, `${node}.json`)
  // Two lists of one node, of a minute's look and of its shutdown, may come at once.
  const writing = new Map<string, Promise<void>>()

  async function read(node: string): Promise<readonly KeptBoot[]> {
    let text: string
    try {
      text = await readFile(fileOf(node), 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw error
    }
    try {
      const stored = JSON.parse(text) as { version?: unknown; boots?: KeptBoot[] }
      return stored.version === VERSION ? (stored.boots ?? []) : []
    } catch {
      return []
    }
  }

  async function write(node: string, boot: KeptBoot): Promise<void> {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    const boots = addBoot(await read(node), boot)
    const file = fileOf(node)
    await writeFile(`${file}.new`, `${JSON.stringify({ version: VERSION, node, boots })}\n`, { mode: 0o600 })
    await rename(`${file}.new`, file)
  }

  return {
    read,
    has: (node) =>
      access(fileOf(node)).then(
        () => true,
        () => false,
      ),
    keep(node, boot) {
      const turn = (writing.get(node) ?? Promise.resolve()).catch(() => {}).then(() => write(node, boot))
      writing.set(node, turn)
      return turn.finally(() => {
        if (writing.get(node) === turn) writing.delete(node)
      })
    },
  }
}
