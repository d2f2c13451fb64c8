/**
 * An image that xCAT's liteimg prepared has no manifest, only `litefile.save` (`option path` lines). The same links and
 * copies are found there, so it is taken over as if we had made it; what xCAT created itself is not known and stays.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { lstatOrMissing } from './confined.ts'
import { assignRoles, LITE_OPTIONS, type LiteEntry, type LiteOption } from './entry.ts'
import { isOurLink } from './locate.ts'
import { emptyManifest, type Manifest } from './manifest.ts'

export const LITEFILE_SAVE_REL = '.statelite/litefile.save'

/** Spellings of xCAT's saved list that mean one of our options. */
const SAVED_SPELLINGS: Readonly<Record<string, LiteOption>> = {
  rw: 'tmpfs',
  tempfs: 'tmpfs',
  'tmpfs,rw': 'link',
}

export function parseLitefileSave(text: string): LiteEntry[] {
  const entries: LiteEntry[] = []
  for (const line of text.split('\n')) {
    const match = /^\s*(\S+)\s+(\/.*\S)\s*$/.exec(line)
    const [, word = '', path = ''] = match ?? []
    const option = LITE_OPTIONS.find((known) => known === word) ?? SAVED_SPELLINGS[word]
    if (match !== null && option !== undefined) entries.push({ option, path, parent: undefined })
  }
  return entries
}

export function renderLitefileSave(entries: readonly { readonly option: string; readonly path: string }[]): string {
  return entries.map(({ option, path }) => `${option} ${path}\n`).join('')
}

export async function adoptManifest(root: string): Promise<Manifest> {
  const manifest = emptyManifest()
  const saved = join(root, LITEFILE_SAVE_REL)
  if (!(await lstatOrMissing(saved))?.isFile()) return manifest
  const text = await readFile(saved, 'utf8')
  for (const { rel, path, option, role, wantsDirectory } of assignRoles(parseLitefileSave(text)).roled) {
    const stat = await lstatOrMissing(join(root, rel))
    const isLinked = stat !== undefined && (await isOurLink(root, rel, stat, rel))
    if (role === 'move' && !isLinked) continue
    const kind = wantsDirectory ? 'dir' : 'file'
    manifest.entries[rel] = { path, option, role, kind, existed: true, state: 'applied' }
  }
  return manifest
}
