/**
 * `/.statelite/manifest.json`: what liteimg did to the image, and its journal.
 *
 * It is written before the tree is touched (`applying`) and again when all is done (`applied`), each time to a
 * temporary name, fsynced and renamed. With it every step can be repeated, continued or taken back after a crash.
 */
import { open, readFile, rename, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { errnoOf, ImageError } from '../image-error.ts'
import { lstatOrMissing } from './confined.ts'
import { LITE_OPTIONS, type LiteOption, type Role } from './entry.ts'

export type ObjectKind = 'file' | 'dir' | 'other'

export interface ManifestEntry {
  /** As listed, with its trailing slash. */
  readonly path: string
  readonly option: LiteOption
  readonly role: Role
  readonly kind: ObjectKind
  /** false: the object is a placeholder that liteimg made, and takes away again if it is still empty. */
  readonly existed: boolean
  readonly state: 'applying' | 'applied'
  /** Mark of the image's object when it was mirrored (role `copy`): names, kinds, modes, owners, sizes, times. */
  readonly digest?: string
  /** Mark of the mirror itself; differs when somebody edited `/.default` by hand. */
  readonly copyDigest?: string
}

export interface Manifest {
  readonly version: 1
  /** By path without outer slashes. */
  entries: Record<string, ManifestEntry>
  /** Directories liteimg made above placeholders; removed when they are empty again. */
  createdDirs: string[]
  /** Modification times (ns) of directories a run changes the content of, put back at its end or by the next run. */
  pendingTimes: Record<string, string>
}

export const MANIFEST_REL = '.statelite/manifest.json'

export function emptyManifest(): Manifest {
  return { version: 1, entries: {}, createdDirs: [], pendingTimes: {} }
}

/** Own properties only: a path may be called `__proto__`. */
function bareRecord<T>(pairs: Iterable<readonly [string, T]>): Record<string, T> {
  const record: Record<string, T> = Object.create(null)
  for (const [key, value] of pairs) record[key] = value
  return record
}

export function parseManifest(text: string, where: string): Manifest {
  const broken = (why: string): ImageError =>
    new ImageError('image-entries', `${where} ${why}: it says which files liteimg moved; restore it from a backup`)
  let raw: unknown
  try {
    raw = JSON.parse(text)
  } catch {
    throw broken('is not JSON')
  }
  // Boundary: the shape is checked field by field below.
  const value = raw as Partial<Record<string, unknown>> | null
  if (typeof value !== 'object' || value === null || value.version !== 1) throw broken('is not a version 1 manifest')
  const entries = value.entries
  const times = value.pendingTimes
  if (typeof entries !== 'object' || entries === null || typeof times !== 'object' || times === null)
    throw broken('lacks a part')
  if (!Array.isArray(value.createdDirs) || !value.createdDirs.every((dir) => typeof dir === 'string'))
    throw broken('has bad createdDirs')
  for (const [rel, entry] of Object.entries(entries as Record<string, Partial<ManifestEntry>>)) {
    const ok =
      isPlainRel(rel) &&
      typeof entry.path === 'string' &&
      typeof entry.existed === 'boolean' &&
      LITE_OPTIONS.includes(entry.option as LiteOption) &&
      ['move', 'inside', 'copy', 'covered'].includes(entry.role ?? '')
    if (!ok) throw broken(`has a bad entry ${JSON.stringify(rel)}`)
  }
  for (const dir of [...value.createdDirs, ...Object.keys(times)])
    if (dir !== '' && !isPlainRel(dir)) throw broken(`has a bad directory ${JSON.stringify(dir)}`)
  return {
    version: 1,
    entries: bareRecord(Object.entries(entries as Record<string, ManifestEntry>)),
    createdDirs: value.createdDirs,
    pendingTimes: bareRecord(Object.entries(times as Record<string, string>)),
  }
}

/** The manifest comes from inside the image, so its paths are not believed either. */
function isPlainRel(rel: string): boolean {
  return rel.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && !part.includes('\0'))
}

export async function readManifest(root: string): Promise<Manifest | undefined> {
  const path = join(root, MANIFEST_REL)
  const stat = await lstatOrMissing(path)
  if (stat !== undefined && !stat.isFile())
    throw new ImageError('image-path', `/${MANIFEST_REL} in the image is not a file: move it away`)
  try {
    return parseManifest(await readFile(path, 'utf8'), path)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined
    throw error
  }
}

export function renderManifest(manifest: Manifest): string {
  return `${JSON.stringify(manifest, undefined, 1)}\n`
}

/** Temporary name, fsync, rename, fsync of the directory: readers see the old or the new content, also after power loss. */
export async function writeFileAtomic(
  path: string,
  data: string | Buffer,
  mode: number,
  owner?: { readonly uid: number; readonly gid: number },
): Promise<void> {
  const temporary = `${path}.liteboot-${process.pid}`
  // Exclusive, so that a symlink planted under this name is not followed.
  await unlink(temporary).catch(() => undefined)
  const file = await open(temporary, 'wx', mode)
  try {
    if (owner !== undefined) await file.chown(owner.uid, owner.gid)
    await file.writeFile(data)
    await file.chmod(mode)
    await file.sync()
  } catch (error) {
    await unlink(temporary).catch(() => undefined)
    throw error
  } finally {
    await file.close()
  }
  await rename(temporary, path)
  const directory = await open(dirname(path), 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
