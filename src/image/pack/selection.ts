/** What of a tree is packed: all of one file system, less what the exlist leaves out. Paths as in find(1): `.`, `./etc`. */
import { type BigIntStats, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { ImageError } from '../image-error.ts'
import { type Exlist, readExlist } from '../lists/exlist.ts'
import { type ListEntry, type ListOptions, renderListFault } from '../lists/list-file.ts'
import { bytesOfName, textOfName } from './file-name.ts'

export interface Selection {
  readonly root: string
  /** Directories before what is in them; names in byte order. */
  readonly paths: readonly string[]
  /** The topmost of the paths that are left out: what is below each is left out as well. */
  readonly left: readonly string[]
  /** Directories on which something else is mounted: packed empty. */
  readonly mountPoints: readonly string[]
  /** Sum of the sizes of regular files, hard links once. */
  readonly dataBytes: number
  /** Of the nodes that unpack it. */
  readonly pageBytes: number
  /** Memory that a tmpfs of theirs needs for it: whole pages. */
  readonly tmpfsBytes: number
  /** Patterns of the exlist that match nothing, worded for their author. */
  readonly idlePatterns: readonly string[]
}

export interface SelectionRequest {
  readonly root: string
  /** Files of linuximage.exlist. */
  readonly exlist: readonly string[]
  readonly lists: Omit<ListOptions, 'trailingComments'>
  /** Patterns left out in any case. */
  readonly leaveOut?: readonly string[]
  /** Paths (`./tmp`) packed whatever the patterns say, as far as they are there, with what is below those that end in `/`. */
  readonly keep?: readonly string[]
  /** Left out: 4 KiB. */
  readonly pageBytes?: number
}

/** @throws ImageError image-pack for a list that cannot be read */
export function selectTree(request: SelectionRequest): Selection {
  const exlist = readExlist(request.exlist, request.lists, request.leaveOut ?? [])
  if (exlist.faults.length > 0) throw new ImageError('image-pack', exlist.faults.map(renderListFault))
  const walked = walkTree(request.root)
  const chosen = addParents(chooseKept(exlist, walked.paths, request.keep ?? []))
  const paths = walked.paths.filter((path) => chosen.has(path))
  const left = walked.paths.filter((path) => !chosen.has(path) && chosen.has(parentOfPath(path)))
  const { root, pageBytes = 4096 } = request
  const idlePatterns = describeIdle(exlist.unmatched())
  return {
    root,
    paths,
    left,
    mountPoints: walked.mountPoints,
    pageBytes,
    ...measure(root, paths, pageBytes),
    idlePatterns,
  }
}

/** A list for all images of a family has many that this image does not need: above these they are one line. */
const MOST_NAMED = 3

export function describeIdle(entries: readonly ListEntry[]): string[] {
  return [...new Set(entries.map(({ file }) => file))].flatMap((file) => {
    const own = entries.filter((entry) => entry.file === file).sort((a, b) => a.line - b.line)
    if (own.length > MOST_NAMED) {
      const lines = own.map(({ line }) => line).join(', ')
      return [`${file}: ${own.length} patterns match nothing in the image: lines ${lines}`]
    }
    return own.map((entry) => renderListFault({ place: entry, message: `${entry.text} matches nothing in the image` }))
  })
}

/** All paths of one file system, sorted; sockets, which no archive can hold, left out. */
export function walkTree(root: string): { readonly paths: string[]; readonly mountPoints: string[] } {
  const paths: string[] = []
  const mountPoints: string[] = []
  const device = statOf(root, '.').dev
  const visit = (path: string): void => {
    paths.push(path)
    if (path !== '.' && statOf(root, path).dev !== device) {
      mountPoints.push(path)
      return
    }
    const entries = readdirSync(absolute(root, path), { withFileTypes: true, encoding: 'buffer' })
    entries.sort((a, b) => Buffer.compare(a.name, b.name))
    for (const entry of entries) {
      const below = `${path}/${textOfName(entry.name)}`
      if (entry.isDirectory()) visit(below)
      else if (!entry.isSocket()) paths.push(below)
    }
  }
  visit('.')
  return { paths, mountPoints }
}

export function absolute(root: string, path: string): Buffer {
  return Buffer.concat([Buffer.from(root), Buffer.from('/'), bytesOfName(path)])
}

export function statOf(root: string, path: string): BigIntStats {
  return lstatSync(absolute(root, path), { bigint: true })
}

export function parentOfPath(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 1))
}

function chooseKept(exlist: Exlist, paths: readonly string[], keep: readonly string[]): Set<string> {
  const chosen = exlist.select(paths)
  const exact = new Set(keep.filter((path) => !path.endsWith('/')))
  const trees = keep.filter((path) => path.endsWith('/'))
  for (const path of paths) if (exact.has(path) || trees.some((tree) => `${path}/`.startsWith(tree))) chosen.add(path)
  return chosen
}

/** A directory that only its own pattern leaves out would come back on the node with a default owner and mode. */
function addParents(chosen: Set<string>): Set<string> {
  for (const path of [...chosen]) {
    for (let at = path; at !== '.' && !chosen.has(parentOfPath(at)); ) {
      at = parentOfPath(at)
      chosen.add(at)
    }
  }
  chosen.add('.')
  return chosen
}

function measure(
  root: string,
  paths: readonly string[],
  pageBytes: number,
): { readonly dataBytes: number; readonly tmpfsBytes: number } {
  const seen = new Set<string>()
  let dataBytes = 0
  let tmpfsBytes = 0
  for (const path of paths) {
    const stat = statOf(root, path)
    // An inode of tmpfs takes about a kilobyte.
    tmpfsBytes += 1024
    if (!stat.isFile()) continue
    if (stat.nlink > 1n) {
      const key = `${stat.dev} ${stat.ino}`
      if (seen.has(key)) continue
      seen.add(key)
    }
    dataBytes += Number(stat.size)
    tmpfsBytes += Math.ceil(Number(stat.size) / pageBytes) * pageBytes
  }
  return { dataBytes, tmpfsBytes }
}

/** For `SelectionRequest.lists`: files of this machine. */
export function listReader(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
