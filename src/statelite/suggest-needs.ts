/**
 * Written paths of several nodes → what each of them needs: a directory that can be written, or a file. Knows no rows.
 *
 * What decides: on a mounted file it can be written, but it cannot be removed or replaced; a mounted directory takes
 * everything below it. So a new file asks for its directory, and what was removed for the directory it was removed from.
 */
import { LEARNED_KINDS, type LearnedBoot, type LearnedPath } from './learn.ts'
import { ancestorsOf, checkEntryPath, isDirectoryPath } from './paths.ts'

/** One path, of all nodes that wrote it. */
export interface Written extends Pick<LearnedPath, 'path' | 'kind' | 'origin'> {
  readonly nodes: Set<string>
  /** Nothing that was written is in it. */
  readonly isLeaf: boolean
  /** Paths it stands for: itself, and those that the node counted without listing them. */
  readonly count: number
}

export type Need = { readonly row: string } | { readonly left: string } | { readonly nothing: true }

/** Whether a whole directory is never a row. */
export type IsShared = (directory: string) => boolean

/** In byte order of nothing: the order of first sight. */
export function mergeWritten(
  lists: readonly { readonly node: string; readonly boots: readonly LearnedBoot[] }[],
): Written[] {
  const merged = new Map<string, LearnedPath & { nodes: Set<string>; count: number }>()
  const parents = new Set<string>()
  const add = (node: string, found: LearnedPath, count: number) => {
    const known = merged.get(found.path)
    for (const above of ancestorsOf(found.path)) parents.add(above)
    if (known === undefined) merged.set(found.path, { ...found, nodes: new Set([node]), count })
    else {
      known.nodes.add(node)
      const isStronger = strength(found) > strength(known)
      merged.set(found.path, { ...(isStronger ? { ...known, ...found } : known), count: Math.max(known.count, count) })
    }
  }
  for (const { node, boots } of lists) {
    for (const boot of boots) {
      for (const found of boot.paths) add(node, found, 1)
      for (const { directory, count } of boot.more) {
        if (directory === '/') continue
        add(node, { kind: 'f', origin: 'new', sizeBytes: 0, mtime: 0, path: `${directory}*` }, count)
      }
    }
  }
  return [...merged.values()].map(({ path, kind, origin, nodes, count }) => ({
    path,
    kind,
    origin,
    nodes,
    count,
    isLeaf: !parents.has(path),
  }))
}

/** Of two nodes' words about one path the one that asks for more, and never the one that came first. */
function strength({ kind, origin }: LearnedPath): number {
  const asks = kind === 'w' || origin === 'replaced' ? 2 : origin === 'new' ? 1 : 0
  return asks * LEARNED_KINDS.length + LEARNED_KINDS.indexOf(kind)
}

export function parentOfPath(path: string): string {
  return ancestorsOf(path)[0] ?? '/'
}

export function needOf(written: Written, isShared: IsShared): Need {
  const { path, kind, origin, isLeaf } = written
  const parent = parentOfPath(path)
  if (kind === 'd') {
    if (origin === 'replaced' && !isShared(parent)) return asRow(parent, isShared)
    if (!isShared(path)) return isLeaf || origin !== 'old' ? asRow(path, isShared) : { nothing: true }
    if (!isLeaf) return { nothing: true }
    return origin === 'new'
      ? { left: 'an empty directory: make it in the image' }
      : { left: 'something was made in it and removed again, or its mode was changed' }
  }
  if (!isShared(parent)) return asRow(kind === 'f' && origin === 'old' ? path : parent, isShared)
  switch (kind) {
    case 'w':
      return { left: `removed from ${parent}: remove it from the image` }
    case 'l':
      return { left: `a symbolic link in ${parent} cannot be a row: make it in the image` }
    case 'f':
      return path.endsWith('/*') ? { left: `many files in ${parent}` } : asRow(path, isShared)
    default:
      return { left: `a socket, pipe or device in ${parent} cannot be a row: put it into /run` }
  }
}

/** A path that cannot be an entry (a blank in a name) is covered by the nearest directory above that can. */
function asRow(path: string, isShared: IsShared): Need {
  const row = [path, ...ancestorsOf(path)].find((candidate) => checkEntryPath(candidate) === undefined)
  if (row !== undefined && (row === path || !isShared(row))) return { row }
  return { left: checkEntryPath(path) ?? 'no row can cover it' }
}

/** The nearest directory above or at all of these rows; a file counts as its directory. */
export function commonDirectory(rows: readonly string[]): string {
  const [first = '/', ...others] = rows.map((row) => (isDirectoryPath(row) ? row : parentOfPath(row)))
  return others.reduce((common, row) => {
    const above = [common, ...ancestorsOf(common)]
    return above.find((candidate) => row.startsWith(candidate)) ?? '/'
  }, first)
}
