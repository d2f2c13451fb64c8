/** What the tables put into every image before it is handed out: files of synclists, then root's password. */
import { readFileSync } from 'node:fs'
import type { TreeEdit } from './liteimg/tree-edit.ts'
import { type RootPassword, setRootPassword } from './root-password.ts'
import { syncIntoTree } from './synclist/sync.ts'

/** Plain data: it travels to the thread that works on the image. */
export interface SiteFiles {
  /** osimage.synclists, in order. */
  readonly synclists: readonly string[]
  /** osimage.environvar: `$NAME` in synclists. */
  readonly variables: Readonly<Record<string, string>>
  /** undefined: the tables have none. */
  readonly rootPassword: RootPassword | undefined
}

export interface SiteFilesReport {
  /** Paths that synclists made or replaced. */
  readonly synced: readonly string[]
  readonly warnings: readonly string[]
}

/** The caller holds the image's lock. Done again it changes nothing. @throws ImageError image-lists, image-path, image-tool */
export async function putSiteFiles(edit: TreeEdit, files: SiteFiles, dryRun: boolean): Promise<SiteFilesReport> {
  const sync = await syncIntoTree(edit, { lists: files.synclists, variables: files.variables, read: readText, dryRun })
  // After the synclists: one of them may bring a shadow file.
  const password = await setRootPassword(edit, files.rootPassword, dryRun)
  const skipped = sync.skipped.map(({ file, line, text, reason }) => `${file} line ${line}: ${text}: ${reason}`)
  return { synced: sync.changed, warnings: [...skipped, ...sync.warnings, ...password.warnings] }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
