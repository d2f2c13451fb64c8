/**
 * What differs between two image trees. This folder compares directories it is given; tables are the caller's business.
 *
 * Paths are seen as a node sees them: where liteimg made a path a link into `/.default`, what lies there is compared, so a
 * tree that is prepared and one that is not differ in nothing but what somebody changed. Times alone are no difference.
 */
import type { BigIntStats } from 'node:fs'
import { type FileHandle, open, readdir, readlink } from 'node:fs/promises'
import { lstatOrMissing } from '../liteimg/confined.ts'
import { linkTargets } from '../liteimg/entry.ts'

export type Difference = 'kind' | 'content' | 'mode' | 'owner' | 'target' | 'device'

export interface TreeChange {
  readonly path: string
  readonly change: 'added' | 'removed' | 'changed'
  readonly what: readonly Difference[]
  /** A directory that is in one of the trees only: how many objects are below it. */
  readonly below?: number
}

export interface TreeDiff {
  /** In the order of their names, at most `limit`. */
  readonly changes: readonly TreeChange[]
  readonly added: number
  readonly removed: number
  readonly changed: number
}

/** liteimg's own. */
const NOT_SEEN = new Set(['.default', '.statelite'])
const PIECE_BYTES = 256 * 1024

/** @param rootA,rootB names inside are bytes: kept as Latin-1 until they are shown */
export async function diffTrees(rootA: string, rootB: string, limit = 10_000): Promise<TreeDiff> {
  const comparison = new Comparison(rootA, rootB, limit)
  await comparison.directory('', '', '')
  const { changes, counts } = comparison
  return { changes, ...counts }
}

class Comparison {
  readonly changes: TreeChange[] = []
  readonly counts = { added: 0, removed: 0, changed: 0 }
  readonly #a: Side
  readonly #b: Side
  readonly #limit: number

  constructor(rootA: string, rootB: string, limit: number) {
    this.#a = new Side(rootA)
    this.#b = new Side(rootB)
    this.#limit = limit
  }

  /** @param rel as a node sees it; `a` and `b` where it lies in each tree */
  async directory(rel: string, a: string, b: string): Promise<void> {
    const names = new Set([...(await this.#a.names(a)), ...(await this.#b.names(b))])
    for (const name of [...names].sort()) {
      if (rel === '' && NOT_SEEN.has(name)) continue
      const here = below(rel, name)
      const [left, right] = [await this.#a.object(here, below(a, name)), await this.#b.object(here, below(b, name))]
      if (left === undefined && right !== undefined) await this.#oneSided(this.#b, here, right, 'added')
      else if (left !== undefined && right === undefined) await this.#oneSided(this.#a, here, left, 'removed')
      else if (left !== undefined && right !== undefined) await this.#both(here, left, right)
    }
  }

  async #oneSided(side: Side, rel: string, found: Found, change: 'added' | 'removed'): Promise<void> {
    const isDirectory = found.stat.isDirectory()
    const count = isDirectory ? await side.count(found.at) : 0
    this.counts[change] += count + 1
    this.#note({
      path: shown(rel) + (isDirectory ? '/' : ''),
      change,
      what: [],
      ...(isDirectory ? { below: count } : {}),
    })
  }

  async #both(rel: string, left: Found, right: Found): Promise<void> {
    const what = await this.#differences(left, right)
    if (what.length > 0) {
      this.counts.changed++
      this.#note({ path: shown(rel), change: 'changed', what })
    }
    if (left.stat.isDirectory() && right.stat.isDirectory()) await this.directory(rel, left.at, right.at)
  }

  async #differences(left: Found, right: Found): Promise<Difference[]> {
    const [a, b] = [left.stat, right.stat]
    // One file with two names: copies of a generation share what did not change.
    if (a.dev === b.dev && a.ino === b.ino) return []
    if ((a.mode & 0o170000n) !== (b.mode & 0o170000n)) return ['kind']
    const what: Difference[] = []
    if (a.isSymbolicLink())
      return (await this.#a.target(left.at)) === (await this.#b.target(right.at)) ? [] : ['target']
    if (a.isFile() && !(await this.#hasSameContent(left, right))) what.push('content')
    if (a.mode !== b.mode) what.push('mode')
    if (a.uid !== b.uid || a.gid !== b.gid) what.push('owner')
    if (a.rdev !== b.rdev && (a.isCharacterDevice() || a.isBlockDevice())) what.push('device')
    return what
  }

  async #hasSameContent(left: Found, right: Found): Promise<boolean> {
    if (left.stat.size !== right.stat.size) return false
    if (left.stat.mtimeNs === right.stat.mtimeNs) return true
    const a = await open(this.#a.path(left.at), 'r')
    try {
      const b = await open(this.#b.path(right.at), 'r')
      try {
        return await haveSameBytes(a, b)
      } finally {
        await b.close()
      }
    } finally {
      await a.close()
    }
  }

  #note(change: TreeChange): void {
    if (this.changes.length < this.#limit) this.changes.push(change)
  }
}

interface Found {
  readonly stat: BigIntStats
  /** Where it lies, relative to the tree. */
  readonly at: string
}

class Side {
  readonly #root: string

  constructor(root: string) {
    this.#root = root
  }

  path(at: string): Buffer {
    return Buffer.concat([Buffer.from(this.#root), Buffer.from('/'), Buffer.from(at, 'latin1')])
  }

  async names(at: string): Promise<string[]> {
    return (await readdir(this.path(at), { encoding: 'buffer' })).map((name) => name.toString('latin1'))
  }

  async target(at: string): Promise<string> {
    return (await readlink(this.path(at), { encoding: 'buffer' })).toString('latin1')
  }

  async object(rel: string, at: string): Promise<Found | undefined> {
    const stat = await lstatOrMissing(this.path(at))
    if (stat?.isSymbolicLink() && (await this.target(at)) === linkTargets(rel).image) {
      const kept = `.default/${rel}`
      const there = await lstatOrMissing(this.path(kept))
      if (there !== undefined) return { stat: there, at: kept }
    }
    return stat === undefined ? undefined : { stat, at }
  }

  async count(at: string): Promise<number> {
    let count = 0
    for (const name of await this.names(at)) {
      count++
      if ((await lstatOrMissing(this.path(below(at, name))))?.isDirectory()) count += await this.count(below(at, name))
    }
    return count
  }
}

function below(rel: string, name: string): string {
  return rel === '' ? name : `${rel}/${name}`
}

function shown(rel: string): string {
  return Buffer.from(rel, 'latin1').toString('utf8')
}

async function haveSameBytes(a: FileHandle, b: FileHandle): Promise<boolean> {
  const [left, right] = [Buffer.alloc(PIECE_BYTES), Buffer.alloc(PIECE_BYTES)]
  for (let at = 0; ; ) {
    const { bytesRead } = await a.read(left, 0, PIECE_BYTES, at)
    const other = await b.read(right, 0, PIECE_BYTES, at)
    if (bytesRead !== other.bytesRead || !left.subarray(0, bytesRead).equals(right.subarray(0, bytesRead))) return false
    if (bytesRead === 0) return true
    at += bytesRead
  }
}
