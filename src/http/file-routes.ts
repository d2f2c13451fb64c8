/** Routes that lead to the disk: whole trees below a root, and single large files named by a callback. */

import { readdir, realpath, stat } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { answerFault, type FileGate, type FileServer, serveFile } from './files.ts'
import { HTTP_LIMITS } from './limits.ts'
import { type ListingEntry, renderListing } from './listing.ts'
import type { FileFault } from './opened-file.ts'
import { type HttpRoute, type RouteRequest, type RouteResponse, restOf, underPrefix } from './route.ts'
import { allowMethods, answerRefusal, answerText } from './text.ts'

export interface FileRouteOptions {
  /** Path below the root (`/postscripts/x`): true is not served and not listed. Asked for the name and its real place. */
  readonly deny?: (path: string) => boolean
  /** Directories are answered as HTML lists: nodes fetch script trees by following them. */
  readonly listing?: boolean
  /** Serve also what others may not read. Off: root would give away keys and shadow files of image trees. */
  readonly privateToo?: boolean
  readonly events?: HttpRoute['events']
}

/** A tree. Symlinks are followed inside the root only. */
export function fileRoute(server: FileServer, prefix: string, root: string, options: FileRouteOptions = {}): HttpRoute {
  const denied = (path: string): boolean => options.deny?.(path) ?? false
  const tree: Tree = { root, denied, privateToo: options.privateToo === true }
  treeCount += 1
  const gate: FileGate = {
    name: `tree ${treeCount}`,
    refuse: (file) => refusalInTree(tree, file.realPath, file.stat.mode),
  }
  return {
    name: `files ${prefix}`,
    events: options.events ?? 'count',
    matches: (path) => underPrefix(prefix, path),
    async handle(request, response) {
      const rest = restOf(prefix, request.path)
      if (denied(rest)) return answerRefusal(request, response, 403, `${request.path} is not served: denied`)
      await serveFile(server, request, response, join(root, rest), {
        gate,
        directory: () => answerDirectory(tree, rest, options.listing === true, request, response),
      })
    },
  }
}

let treeCount = 0

interface Tree {
  readonly root: string
  readonly denied: (path: string) => boolean
  readonly privateToo: boolean
}

/** Undefined: may be served. The root itself may be a symlink or appear later, so it is resolved here. */
async function refusalInTree(tree: Tree, realPath: string, mode: number): Promise<string | undefined> {
  const realRoot = await realpath(tree.root).catch(() => undefined)
  if (realRoot === undefined) return 'its root is missing'
  const below = relative(realRoot, realPath)
  if (below === '..' || below.startsWith(`..${sep}`) || below.startsWith(sep)) return 'it leads out of its tree'
  if (tree.denied(below === '' ? '' : `/${below}`)) return 'denied'
  if (tree.privateToo) return undefined
  if ((mode & 0o004) === 0) return 'its mode does not let others read it'
  for (let parent = dirname(realPath); parent.length > realRoot.length; parent = dirname(parent)) {
    const found = await stat(parent).catch(() => undefined)
    if (!found || (found.mode & 0o001) === 0) return 'the mode of a directory above it shuts others out'
  }
  return undefined
}

async function answerDirectory(
  tree: Tree,
  rest: string,
  listing: boolean,
  request: RouteRequest,
  response: RouteResponse,
): Promise<void> {
  if (!listing) return answerFault(request, response, { fault: 'missing', message: 'a directory' })
  if (!request.path.endsWith('/')) {
    const location = `${encodeURI(request.path).replace(/[?#]/g, encodeURIComponent)}/`
    return answerText(request, response, 301, `${location}\n`, { headers: { Location: location } })
  }
  const entries = await readListing(tree, rest)
  if ('fault' in entries) return answerFault(request, response, entries)
  answerText(request, response, 200, renderListing(request.path, entries), { type: 'text/html; charset=utf-8' })
}

async function readListing(tree: Tree, rest: string): Promise<ListingEntry[] | FileFault> {
  const directory = join(tree.root, rest)
  const realDirectory = await realpath(directory).catch(() => undefined)
  const found = realDirectory === undefined ? undefined : await stat(realDirectory).catch(() => undefined)
  if (realDirectory === undefined || !found) return { fault: 'missing', message: 'gone' }
  const refusal = await refusalInTree(tree, realDirectory, found.mode)
  if (refusal !== undefined) return { fault: 'forbidden', message: refusal }
  const entries: ListingEntry[] = []
  try {
    for (const entry of (await readdir(directory, { withFileTypes: true })).slice(0, HTTP_LIMITS.listingEntries)) {
      // Hidden names are served when asked for and not listed, as Apache does for xCAT's trees.
      if (entry.name.startsWith('.') || tree.denied(`${rest}${entry.name}`)) continue
      if (entry.isDirectory() || entry.isFile()) entries.push({ name: entry.name, isDirectory: entry.isDirectory() })
      else if (entry.isSymbolicLink()) entries.push(...(await readLink(tree, directory, entry.name)))
    }
  } catch (error) {
    return { fault: 'failed', message: error instanceof Error ? error.message : 'cannot be listed' }
  }
  return entries
}

/** A symlink stands in the list as what it leads to, and not at all when it would be refused. */
async function readLink(tree: Tree, directory: string, name: string): Promise<ListingEntry[]> {
  try {
    const target = await realpath(join(directory, name))
    const found = await stat(target)
    if ((await refusalInTree(tree, target, found.mode)) !== undefined) return []
    return found.isDirectory() || found.isFile() ? [{ name, isDirectory: found.isDirectory() }] : []
  } catch {
    return []
  }
}

/**
 * Kernels and initrds: `fileOf` says which absolute path stands behind what follows the prefix; undefined is a 404. The
 * answer is trusted: no root, no deny, any mode. `whyNot` has words for the 404, for the node's console and its timeline.
 */
export function blobRoute(
  server: FileServer,
  prefix: string,
  fileOf: (rest: string, clientIp: string, query: URLSearchParams) => string | undefined | Promise<string | undefined>,
  whyNot: (rest: string, clientIp: string) => string | undefined = () => undefined,
): HttpRoute {
  return {
    name: `blobs ${prefix}`,
    events: 'each',
    matches: (path) => underPrefix(prefix, path),
    async handle(request, response) {
      if (!allowMethods(request, response, 'GET', 'HEAD')) return
      const rest = restOf(prefix, request.path)
      const path = await fileOf(rest, request.clientIp, request.query)
      if (path === undefined)
        return answerRefusal(request, response, 404, whyNot(rest, request.clientIp) ?? `no file ${request.path}`)
      await serveFile(server, request, response, path)
    },
  }
}
