/**
 * Marks of whole trees: a digest over names, kinds, modes, owners, sizes, times, link targets and device numbers.
 *
 * Content is not read: as with rsync's quick check, a file of the same size and modification time is taken as the same.
 * The mark of an image's object also takes the change time, which no edit can leave alone.
 * Names are bytes, not text: a root file system may hold names that are no UTF-8.
 */
import { createHash, type Hash } from 'node:crypto'
import type { BigIntStats } from 'node:fs'
import { readdir, readlink } from 'node:fs/promises'
import { lstatOrMissing } from './confined.ts'

const SLASH = Buffer.from('/')

export function joinBytes(directory: Buffer, name: Buffer): Buffer {
  return Buffer.concat([directory, SLASH, name])
}

export async function markTree(path: string, withChangeTime: boolean): Promise<string | undefined> {
  const hash = createHash('sha256')
  const bytes = Buffer.from(path)
  const stat = await lstatOrMissing(bytes)
  if (stat === undefined) return undefined
  await addObject(hash, bytes, Buffer.alloc(0), stat, withChangeTime)
  return hash.digest('hex')
}

async function addObject(hash: Hash, path: Buffer, name: Buffer, stat: BigIntStats, withChangeTime: boolean) {
  const size = stat.isDirectory() ? 0n : stat.size
  const changed = withChangeTime ? stat.ctimeNs : 0n
  hash.update(`${name.length} `).update(name)
  hash.update(` ${stat.mode} ${stat.uid} ${stat.gid} ${stat.rdev} ${size} ${stat.mtimeNs} ${changed}\n`)
  if (stat.isSymbolicLink()) hash.update(await readlink(path, 'buffer')).update('\n')
  if (!stat.isDirectory()) return
  const names = (await readdir(path, { encoding: 'buffer' })).sort(Buffer.compare)
  hash.update(`${names.length} names\n`)
  for (const child of names) {
    const childPath = joinBytes(path, child)
    const childStat = await lstatOrMissing(childPath)
    if (childStat !== undefined) await addObject(hash, childPath, child, childStat, withChangeTime)
  }
}

/** True when there are only directories: nothing in it could be missed. */
export async function isSkeleton(path: string | Buffer): Promise<boolean> {
  const stat = await lstatOrMissing(path)
  if (stat === undefined) return true
  if (!stat.isDirectory()) return false
  const bytes = Buffer.from(path)
  for (const name of await readdir(bytes, { encoding: 'buffer' })) {
    if (!(await isSkeleton(joinBytes(bytes, name)))) return false
  }
  return true
}

/** A directory without names, a regular file without bytes. */
export async function isEmptyObject(path: string): Promise<boolean> {
  const stat = await lstatOrMissing(path)
  if (stat?.isDirectory()) return (await readdir(path, { encoding: 'buffer' })).length === 0
  return stat?.isFile() === true && stat.size === 0n
}
