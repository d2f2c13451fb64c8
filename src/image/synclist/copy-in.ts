/** One file or directory of the server into the tree, links of the server followed, links of the tree only inside it. */
import { readdir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ImageError } from '../image-error.ts'
import { lstatOrMissing, resolveInside } from '../liteimg/confined.ts'
import { parentOf } from '../liteimg/entry.ts'
import type { TreeEdit } from '../liteimg/tree-edit.ts'

/** Copied here first: the place itself gets the whole file in one step. */
const WORK_REL = '.statelite/sync.work'

const RESERVED = new Set(['proc', 'sys', 'dev', 'run'])

/**
 * Where a path of the image really is. Directories on the way may be links inside the image. A link at the end is
 * followed only where liteimg made it (its content lies in `/.default`); any other is replaced, as rsync does.
 */
export async function placeInside(root: string, rel: string): Promise<string> {
  const above = await resolveInside(root, parentOf(rel))
  const name = rel.slice(rel.lastIndexOf('/') + 1)
  if (above === undefined) throw new ImageError('image-path', `/${rel} in the image is a loop of symbolic links`)
  const here = above === '' ? name : `${above}/${name}`
  const end = (await lstatOrMissing(join(root, here)))?.isSymbolicLink() ? await resolveInside(root, here) : undefined
  const place = end?.startsWith('.default/') ? end : here
  if (RESERVED.has(place.split('/')[0] ?? ''))
    throw new ImageError('image-path', `/${rel} in the image leads to /${place}, which is only there on a running node`)
  return place
}

/** @returns the paths that were (with dryRun: would be) made or replaced */
export async function copyIn(edit: TreeEdit, from: string, rel: string, dryRun: boolean): Promise<string[]> {
  return await copyObject({ edit, dryRun }, await realpath(from), rel, [])
}

interface Copying {
  readonly edit: TreeEdit
  readonly dryRun: boolean
}

async function copyObject(how: Copying, from: string, rel: string, chain: readonly string[]): Promise<string[]> {
  const found = await stat(from)
  if (found.isFile()) return await copyFile(how, from, rel)
  // Sockets and devices are nothing to copy; rsync without -D leaves them out as well.
  if (!found.isDirectory()) return []
  if (chain.includes(from)) throw new ImageError('image-lists', `${from} contains itself through a symbolic link`)
  const { edit, dryRun } = how
  const place = await placeInside(edit.root, rel)
  const real = await resolveInside(edit.root, place)
  const there = real === undefined ? undefined : await lstatOrMissing(edit.path(real))
  if (real === undefined || (there !== undefined && !there.isDirectory()))
    throw new ImageError('image-path', `/${rel} in the image is not a directory, but ${from} is: move it away`)
  const changed: string[] = []
  if (there === undefined) {
    changed.push(rel)
    if (!dryRun) await edit.makeDirs(real, async (made) => (made === real ? from : undefined))
  }
  for (const name of (await readdir(from)).sort())
    changed.push(...(await copyObject(how, await realpath(join(from, name)), `${rel}/${name}`, [...chain, from])))
  return changed
}

async function copyFile({ edit, dryRun }: Copying, from: string, rel: string): Promise<string[]> {
  const place = await placeInside(edit.root, rel)
  const there = await lstatOrMissing(edit.path(place))
  if (there?.isDirectory())
    throw new ImageError('image-path', `/${rel} in the image is a directory, but ${from} is a file: move it away`)
  const source = await lstatOrMissing(from)
  // The quick check of rsync: a file of the same size and time is the same.
  const isSame =
    there?.isFile() &&
    source !== undefined &&
    (['size', 'mtimeNs', 'mode', 'uid', 'gid'] as const).every((fact) => there[fact] === source[fact])
  if (isSame) return []
  if (dryRun) return [rel]
  await edit.makeDirs('.statelite')
  await edit.removeTree(WORK_REL)
  await edit.copy(from, WORK_REL)
  await edit.makeDirs(parentOf(place))
  await edit.move(WORK_REL, place)
  return [rel]
}
