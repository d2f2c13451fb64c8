/** What liteimg prepared a tree for, as the tree itself says: whoever made the generation, this is what nodes will find. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isEntryOption } from '../../statelite/options.ts'
import { comparePaths, isDirectoryPath, parentOf } from '../../statelite/paths.ts'
import type { Manifest } from '../liteimg/manifest.ts'
import { readManifest } from '../liteimg/manifest.ts'
import type { GenerationFacts, PreparedEntry } from './record.ts'

/** Empty: it is not prepared, or half. */
export async function preparedFacts(rootimg: string): Promise<Pick<GenerationFacts, 'revision' | 'entries'>> {
  const revision = await readFile(join(rootimg, '.statelite/revision'), 'utf8').catch(() => undefined)
  if (revision === undefined || revision.trim() === '') return {}
  const manifest = await readManifest(rootimg).catch(() => undefined)
  return { revision: revision.trim(), ...(manifest === undefined ? {} : { entries: entriesOf(manifest) }) }
}

function entriesOf(manifest: Manifest): PreparedEntry[] {
  const listed = Object.values(manifest.entries)
  const directories = new Set(listed.map(({ path }) => path).filter(isDirectoryPath))
  return listed
    .flatMap(({ option, path }) =>
      isEntryOption(option) ? [{ option, path, parent: parentOf(path, directories) }] : [],
    )
    .sort((a, b) => comparePaths(a.path, b.path))
}
