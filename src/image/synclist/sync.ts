/** Synclists into an image's tree. Nothing is changed unless every list and every source is in order. */
import { readFile, stat } from 'node:fs/promises'
import { ImageError } from '../image-error.ts'
import { type ListPlace, type ReadList, renderListFault } from '../lists/list-file.ts'
import { lstatOrMissing, resolveInside } from '../liteimg/confined.ts'
import { parentOf } from '../liteimg/entry.ts'
import type { TreeEdit } from '../liteimg/tree-edit.ts'
import { mergeByFirstField, pieceFor, withoutPieces } from './amend.ts'
import { copyIn } from './copy-in.ts'
import { type ClauseLine, readSynclists, type SkippedLine, type SyncLine } from './parse.ts'
import { readSyncRecord, SYNC_RECORD_REL, type SyncRecord } from './record.ts'
import { findSources, type SyncSource } from './sources.ts'

export interface SyncRequest {
  /** osimage.synclists: files on the server, in order. */
  readonly lists: readonly string[]
  /** osimage.environvar. */
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly read: ReadList
  readonly dryRun?: boolean
}

export interface SyncReport {
  /** Paths that were made or replaced (with dryRun: would be). */
  readonly changed: readonly string[]
  readonly skipped: readonly SkippedLine[]
  readonly warnings: readonly string[]
}

/** The largest file that is appended to or merged: passwd of a hundred thousand users has 10 MB. */
const AMENDED_LIMIT_BYTES = 64 * 1024 * 1024

interface Copy extends ListPlace {
  readonly source: SyncSource
  readonly rel: string
}

/**
 * Copies what the lists name into the tree that `edit` works on; appends and merges where clauses say so. Files that have
 * the right content already are left alone, so that a second run changes nothing.
 * The caller holds the image's lock.
 * @throws ImageError image-lists naming file and line of everything that is wrong
 */
export async function syncIntoTree(edit: TreeEdit, request: SyncRequest): Promise<SyncReport> {
  const record = await readSyncRecord(edit.root)
  const lists = readSynclists(request.lists, request)
  const problems = lists.faults.map(renderListFault)
  const copies: Copy[] = []
  for (const line of lists.copies) copies.push(...(await planCopies(edit, line, problems)))
  for (const line of [...lists.appends, ...lists.merges]) await checkClause(line, problems)
  if (problems.length > 0) throw new ImageError('image-lists', [...new Set(problems)])

  const changed: string[] = []
  const dryRun = request.dryRun === true
  for (const { source, rel } of copies) changed.push(...(await copyIn(edit, source.path, rel, dryRun)))
  const warnings: string[] = []
  const appended = await appendAll(edit, lists.appends, record, { dryRun, changed, warnings })
  for (const line of lists.merges) await merge(edit, line, { dryRun, changed, warnings })

  const copied = [...new Set(copies.map(({ rel }) => rel))].sort()
  for (const rel of record.copied)
    if (!copied.includes(rel)) warnings.push(`/${rel} is in no synclist any more; it stays in the image as it is`)
  await writeRecord(edit, record, { version: 1, appended, copied }, dryRun)
  return { changed: [...new Set(changed)], skipped: lists.skipped, warnings }
}

async function planCopies(edit: TreeEdit, line: SyncLine, problems: string[]): Promise<Copy[]> {
  const { sources, problems: missing } = await findSources(line)
  problems.push(...missing.map((message) => renderListFault({ place: line, message })))
  const copies: Copy[] = []
  for (const source of sources) {
    // A directory that is there already takes the file in, as cp and rsync do; another run finds the same.
    const isInto = line.isDirectory || (!source.isDirectory && (await isDirectoryInside(edit.root, line.destination)))
    const rel = isInto ? [line.destination, source.name].filter((part) => part !== '').join('/') : line.destination
    if (rel === '') problems.push(renderListFault({ place: line, message: '/ of the image cannot be replaced' }))
    else copies.push({ source, rel, file: line.file, line: line.line })
  }
  return copies
}

async function isDirectoryInside(root: string, rel: string): Promise<boolean> {
  const real = await resolveInside(root, rel)
  return real !== undefined && (await lstatOrMissing(real === '' ? root : `${root}/${real}`))?.isDirectory() === true
}

async function checkClause(line: ClauseLine, problems: string[]): Promise<void> {
  const found = await stat(line.source).catch(() => undefined)
  const message = found === undefined ? `there is no ${line.source}` : `${line.source} is not a file`
  if (!found?.isFile()) problems.push(renderListFault({ place: line, message }))
  else if (found.size > AMENDED_LIMIT_BYTES)
    problems.push(renderListFault({ place: line, message: `${line.source} is too large to be added to a file` }))
}

interface Doing {
  readonly dryRun: boolean
  readonly changed: string[]
  readonly warnings: string[]
}

async function appendAll(
  edit: TreeEdit,
  lines: readonly ClauseLine[],
  record: SyncRecord,
  doing: Doing,
): Promise<Record<string, readonly string[]>> {
  const byFile = Map.groupBy(lines, ({ destination }) => destination)
  const appended: Record<string, readonly string[]> = {}
  for (const rel of new Set([...Object.keys(record.appended), ...byFile.keys()])) {
    const known = record.appended[rel] ?? []
    const sources: Buffer[] = []
    for (const line of byFile.get(rel) ?? []) sources.push(await readFile(line.source))
    const found = await readAmended(edit, rel)
    if (found === undefined) {
      if (sources.length > 0) doing.warnings.push(`/${rel} is not a file of the image: nothing is appended to it`)
      continue
    }
    const own = withoutPieces(
      found.content,
      known.map((piece) => Buffer.from(piece, 'base64')),
    )
    const piece = pieceFor(own, sources)
    const encoded = piece.toString('base64')
    if (piece.length > 0) appended[rel] = [encoded]
    const after = Buffer.concat([own, piece])
    if (after.equals(found.content)) continue
    doing.changed.push(rel)
    if (doing.dryRun) continue
    const now = await readSyncRecord(edit.root)
    const both = { ...now.appended, [rel]: [...new Set([...known, encoded])] }
    await writeRecord(edit, now, { ...now, appended: both }, false)
    await edit.replaceContent(found.real, after)
  }
  return appended
}

async function merge(edit: TreeEdit, line: ClauseLine, { dryRun, changed, warnings }: Doing): Promise<void> {
  const { destination } = line
  const found = await readAmended(edit, destination)
  if (found === undefined) {
    warnings.push(`/${destination} is not a file of the image: nothing is merged into it`)
    return
  }
  const after = mergeByFirstField(found.content, await readFile(line.source))
  if (after.equals(found.content)) return
  changed.push(destination)
  if (!dryRun) await edit.replaceContent(found.real, after)
}

interface AmendedFile {
  /** Its real path, relative to the root. */
  readonly real: string
  readonly content: Buffer
}

async function readAmended(edit: TreeEdit, rel: string): Promise<AmendedFile | undefined> {
  const real = await resolveInside(edit.root, rel)
  const stat = real === undefined ? undefined : await lstatOrMissing(edit.path(real))
  if (real === undefined || !stat?.isFile() || stat.size > AMENDED_LIMIT_BYTES) return undefined
  return { real, content: await readFile(edit.path(real)) }
}

async function writeRecord(edit: TreeEdit, before: SyncRecord, after: SyncRecord, dryRun: boolean): Promise<void> {
  if (dryRun || JSON.stringify(before) === JSON.stringify(after)) return
  await edit.makeDirs(parentOf(SYNC_RECORD_REL))
  await edit.writeFile(SYNC_RECORD_REL, `${JSON.stringify(after, undefined, 1)}\n`, 0o600)
}
