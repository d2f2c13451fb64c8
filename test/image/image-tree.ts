/** Image trees for the tests: built from a list, read back completely, byte for byte. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { LiteEntry, LiteOption } from '../../src/image/liteimg/entry.ts'
import type { LiteimgRequest } from '../../src/image/liteimg/liteimg.ts'

export type Item =
  | { readonly kind: 'file'; readonly path: string; readonly content: string; readonly mode?: number }
  | { readonly kind: 'dir'; readonly path: string; readonly mode?: number }
  | { readonly kind: 'symlink'; readonly path: string; readonly target: string }
  | { readonly kind: 'hardlink'; readonly path: string; readonly to: string }

export function file(path: string, content: string, mode = 0o644): Item {
  return { kind: 'file', path, content, mode }
}

const places: string[] = []
process.once('exit', () => {
  for (const place of places) rmSync(place, { recursive: true, force: true })
})

/** A directory with `rootimg/`, the node script and a canary that no test may change. */
export function makeWorkplace(items: readonly Item[]): string {
  const place = mkdtempSync(join(tmpdir(), 'liteboot-image-'))
  places.push(place)
  const root = join(place, 'rootimg')
  mkdirSync(root)
  writeFileSync(join(place, 'statelite'), '#!/bin/sh\n: node side\n')
  mkdirSync(join(place, 'outside'))
  writeFileSync(join(place, 'outside', 'canary'), 'untouched\n')
  buildTree(root, items)
  return place
}

export function buildTree(root: string, items: readonly Item[]): void {
  for (const item of items) {
    const path = join(root, item.path)
    mkdirSync(item.kind === 'dir' ? path : dirname(path), { recursive: true })
    if (item.kind === 'file') writeFileSync(path, item.content)
    if (item.kind === 'symlink') symlinkSync(item.target, path)
    if (item.kind === 'hardlink') linkSync(join(root, item.to), path)
    if ((item.kind === 'file' || item.kind === 'dir') && item.mode !== undefined) chmodSync(path, item.mode)
  }
  // Old, odd times, nanoseconds included: a restored tree must have these, not those of the test run.
  for (const path of walk(root).reverse())
    execFileSync('touch', ['-h', '-d', `@${1_000_000_000 + path.length}.123456789`, path])
}

function walk(path: string): string[] {
  if (!lstatSync(path).isDirectory()) return [path]
  return [path, ...readdirSync(path).flatMap((name) => walk(join(path, name)))]
}

/** Everything a tree is: kind, mode, owner, time, content or target, and which names are one file. */
export function readTree(root: string, without: readonly string[] = []): Record<string, string> {
  const seen = new Map<bigint, string>()
  const tree: Record<string, string> = {}
  const visit = (rel: string) => {
    if (without.includes(rel)) return
    const path = join(root, rel)
    const stat = lstatSync(path, { bigint: true })
    const kind = stat.isDirectory() ? 'dir' : stat.isSymbolicLink() ? `-> ${readlinkSync(path)}` : 'file'
    let what = `${kind} ${(stat.mode & 0o7777n).toString(8)} ${stat.uid}:${stat.gid} ${stat.mtimeNs}`
    if (stat.isFile()) {
      what += ` ${createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 16)}`
      const twin = seen.get(stat.ino)
      if (twin !== undefined) what += ` = ${twin}`
      else seen.set(stat.ino, rel)
    }
    tree[`/${rel}`] = what
    if (stat.isDirectory()) for (const name of readdirSync(path).sort()) visit(rel === '' ? name : `${rel}/${name}`)
  }
  visit('')
  return tree
}

/** What liteimg leaves in an image that has no entries any more. */
export const LEFT_BEHIND = [
  '.statelite',
  '.default',
  '.sllocal',
  'etc/init.d',
  'etc/mtab',
  'proc',
  'sys',
  'dev',
  'run',
  'tmp',
]

export function entry(option: LiteOption, path: string): LiteEntry {
  return { option, path, parent: undefined }
}

export function request(
  place: string,
  entries: readonly LiteEntry[],
  more: Partial<LiteimgRequest> = {},
): LiteimgRequest {
  return {
    rootimg: join(place, 'rootimg'),
    entries,
    revision: `r${entries.length}`,
    validate: () => [],
    nodeScript: join(place, 'statelite'),
    ...more,
  }
}
