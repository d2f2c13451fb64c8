/** The packed root that nodes of a ramdisk or stateless image fetch: whole, of the tree as it is now, in a form that nodes unpack. */
import { lstat, opendir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { readExlist } from '../../../image/lists/exlist.ts'
import { renderListFault } from '../../../image/lists/list-file.ts'
import { packRecordName } from '../../../image/pack/find.ts'
import { hashFile } from '../../../image/pack/output-file.ts'
import { openPackRecords, type PackRecord } from '../../../image/pack/record.ts'
import { describeIdle, listReader } from '../../../image/pack/selection.ts'
import { isPackedFormat } from '../../../statelite/packed-root.ts'
import { packSources } from '../images/pack-sources.ts'
import type { ImageCase } from './images.ts'

const WORLD_WRITABLE = 0o022

/** @returns what is recorded of it, when there is one that can be looked further into */
export async function checkPackedRoot(subject: ImageCase, hasTree: boolean): Promise<PackRecord | undefined> {
  const { image, run, say } = subject
  const tree = hasTree ? await walk(subject.rootimg) : undefined
  if (tree !== undefined) checkExlist(subject, tree.paths)
  const found = openPackRecords()(join(image.rootimgdir, packRecordName(image)))
  if ('fault' in found) {
    say('error', 'no-packed-root', found.fault, run)
    return undefined
  }
  const { record, path } = found
  if (!isPackedFormat(record.format))
    say('error', 'bad-packed-root', `${path} is packed as ${record.format}, which no node unpacks`, `${run} -m cpio`)
  const { mode } = await stat(path)
  if ((mode & WORLD_WRITABLE) !== 0)
    say('warning', 'open-packed-root', `${path} can be written by others than its owner`, `chmod 644 ${path}`)
  const { sha256 } = await hashFile(path)
  if (sha256 !== record.sha256)
    say('error', 'bad-packed-root', `${path} is damaged: its SHA-256 is not the one it was packed with`, run)
  const changed = tree?.newest.find(({ mtimeMs }) => Math.floor(mtimeMs / 1000) > record.mtimeSeconds)
  if (changed !== undefined)
    say('warning', 'stale-packed-root', `${changed.path} was changed after the root was packed`, run)
  return record
}

interface Walked {
  /** As find(1) says them. */
  readonly paths: readonly string[]
  /**
   * The file and the directory that were changed last. Restored files keep their old times, but the directory that they
   * are put into does not.
   */
  readonly newest: readonly { readonly path: string; readonly mtimeMs: number }[]
}

/** In turns with everything else the server does. */
async function walk(rootimg: string): Promise<Walked> {
  const paths: string[] = ['.']
  const top = await stat(rootimg)
  const newest = { file: { path: '', mtimeMs: 0 }, directory: { path: '/', mtimeMs: top.mtimeMs } }
  const now = Date.now()
  for (let at = 0, open = ['.']; at < open.length; at++) {
    const directory = open[at] ?? '.'
    for await (const entry of await opendir(join(rootimg, directory))) {
      const path = `${directory}/${entry.name}`
      // liteimg's own records.
      if (path === './.statelite') continue
      paths.push(path)
      const { mtimeMs, dev } = await lstat(join(rootimg, path))
      if (entry.isDirectory() && dev === top.dev) open.push(path)
      const kind = entry.isDirectory() ? 'directory' : 'file'
      // A time to come says nothing.
      if (mtimeMs > newest[kind].mtimeMs && mtimeMs <= now) newest[kind] = { path: path.slice(1), mtimeMs }
    }
  }
  return { paths, newest: [newest.file, newest.directory] }
}

/** What packing would refuse, or warn of. */
function checkExlist({ image, say }: ImageCase, paths: readonly string[]): void {
  const { exlist, environvar } = packSources(image)
  const lists = readExlist(exlist, { read: listReader, variables: { ...process.env, ...environvar } })
  for (const fault of lists.faults)
    say('error', 'bad-exlist', renderListFault(fault), 'correct the list, or linuximage.exlist')
  lists.select(paths)
  for (const line of describeIdle(lists.unmatched()))
    say('warning', 'idle-exlist', line, 'correct the pattern, or take it out')
}
