/**
 * The snapshot → who may mount what. A node may mount the root of its image, its own persistent directory and the trees
 * its image uses, as far as they are ours; nothing else, and nothing of another node. Of its image every generation may be
 * mounted: one may be promoted between a node's plan and its mount.
 *
 * A running node keeps what it has mounted when its rows change: its new image is for its next boot. What each node
 * mounted is remembered (and kept on disk by the caller), under the node's name: an address that passes to another node
 * takes no rights with it.
 */
import { createHash } from 'node:crypto'
import type { Cluster, ClusterNode, Ipv4, Snapshot } from '../cluster/model.ts'
import { generationRoot, parseRoot } from '../statelite/generations.ts'
import type { ExportGrant, ExportTable } from './export-table.ts'

/** A directory of ours that a node's plan names. */
export interface NodeDirectory {
  readonly path: string
  readonly access: 'ro' | 'rw'
}

export interface ExportOptions {
  readonly cluster: Cluster
  /** Directories of ours in the node's plan; called once per snapshot and node. */
  directoriesOf(node: ClusterNode, snapshot: Snapshot): readonly NodeDirectory[]
  /** Where a path really is: rehearsals serve persistent directories from elsewhere. */
  localDirectory(directory: NodeDirectory): string
  readonly mounted: MountedExports
  /** Whether a directory is there: which generations an image has. */
  hasDirectory(dir: string): boolean
  /**
   * Where the tree now lies that was mounted as `<rootimgdir>/rootimg`, when that is a generation's by now; undefined: where
   * it lay. Asked at every call, so that the tree of a running node is never exchanged.
   */
  movedRoot(dir: string): string | undefined
}

/** Node → what it has mounted. */
export interface MountedExports {
  of(node: string): readonly NodeDirectory[]
  /** Every node that mounted something. */
  nodes(): Iterable<string>
  add(node: string, directory: NodeDirectory): void
}

/** Where an exported path really is: rehearsals serve persistent directories from below a scratch directory. */
export function exportDirectory({ path, access }: NodeDirectory, scratch: string | undefined): string {
  return scratch !== undefined && access === 'rw' ? scratch + path : path
}

type Grants = ReadonlyMap<number, ExportGrant>

const NOTHING: Grants = new Map()

/** 32 bits of the digest of the path: the same in every process, so that handles outlive restarts. */
export function exportId(path: string): number {
  return createHash('sha256').update(path).digest().readUInt32BE(0) || 1
}

export function openExports(options: ExportOptions): ExportTable {
  const { cluster, mounted } = options
  let compiledFor: Snapshot | undefined
  let byAddress = new Map<string, Grants>()
  let listedFor: Snapshot | undefined
  let listed: readonly ListedExport[] = []

  function compile(node: ClusterNode, snapshot: Snapshot): Grants {
    const grants = new Map<number, ExportGrant>()
    // What the tables say now comes last, so that it wins over what is only remembered.
    for (const directory of [...mounted.of(node.name), ...options.directoriesOf(node, snapshot)]) {
      const grant = grantOf(directory)
      grants.set(grant.id, grant)
    }
    return grants
  }

  function grantOf(directory: NodeDirectory): ExportGrant {
    const { path, access } = directory
    return { id: exportId(path), path, dir: options.localDirectory(directory), access, frozen: false }
  }

  /** `path` is, or lies in, a root of an image whose root this client may mount anyway. */
  function otherGeneration(clientIp: string, grants: Grants, path: string): ExportGrant | undefined {
    const place = imageRootAbove(path)
    if (place === undefined) return undefined
    const isOfItsImage = [...grants.values()].some(
      (grant) => grant.access === 'ro' && parseRoot(grant.path)?.rootimgdir === place.rootimgdir,
    )
    const grant = grantOf({ path: place.path, access: 'ro' })
    if (!isOfItsImage || !options.hasDirectory(grant.dir)) return undefined
    byAddress.set(clientIp, new Map([...grants, [grant.id, grant]]))
    return grant
  }

  /** The first mount of a `<rootimgdir>/rootimg` stays with that tree, also when the path means another one by now. */
  function settled(grant: ExportGrant): ExportGrant {
    if (grant.access !== 'ro' || !grant.path.endsWith('/rootimg')) return grant
    const moved = parseRoot(grant.path)?.number === undefined ? options.movedRoot(grant.dir) : undefined
    return moved === undefined ? grant : { ...grant, dir: moved }
  }

  function grantsOf(clientIp: string): Grants {
    const snapshot = cluster.current
    if (snapshot !== compiledFor) {
      compiledFor = snapshot
      byAddress = new Map()
    }
    const known = byAddress.get(clientIp)
    if (known) return known
    const node = snapshot.nodeByIp(clientIp as Ipv4)
    // Strangers are not remembered: their number has no bound.
    if (!node) return NOTHING
    const grants = compile(node, snapshot)
    byAddress.set(clientIp, grants)
    return grants
  }

  return {
    forMount(clientIp, path) {
      let best: ExportGrant | undefined
      const grants = grantsOf(clientIp)
      for (const grant of grants.values()) {
        const inside = path === grant.path || path.startsWith(`${grant.path}/`)
        if (inside && grant.path.length > (best?.path.length ?? -1)) best = grant
      }
      best ??= otherGeneration(clientIp, grants, path)
      const node = best && cluster.current.nodeByIp(clientIp as Ipv4)
      if (best && node) mounted.add(node.name, { path: best.path, access: best.access })
      return best && settled(best)
    },
    forHandle: (clientIp, id) => {
      const grant = grantsOf(clientIp).get(id)
      return grant && settled(grant)
    },
    list() {
      // libnfs asks at every mount; walking ten thousand nodes takes 150 ms.
      if (listedFor !== cluster.current) {
        listedFor = cluster.current
        listed = listExports(listedFor, options.directoriesOf)
      }
      return listed
    },
  }
}

/** `/i/generations/3/rootimg` for itself and everything below it. */
function imageRootAbove(path: string): { readonly path: string; readonly rootimgdir: string } | undefined {
  const end = /\/rootimg(?=\/|$)/.exec(path)
  const root = end === null ? undefined : path.slice(0, end.index + '/rootimg'.length)
  const place = root === undefined ? undefined : parseRoot(root)
  if (root === undefined || place === undefined) return undefined
  const { rootimgdir, number } = place
  return { rootimgdir, path: number === undefined ? root : generationRoot(rootimgdir, number) }
}

export interface ListedExport extends NodeDirectory {
  /** Given where directories of several servers are listed. */
  readonly server?: string
  readonly clients: readonly string[]
}

/** Directories of all nodes with their clients, sorted. */
export function listExports(
  snapshot: Snapshot,
  directoriesOf: (node: ClusterNode, snapshot: Snapshot) => readonly (NodeDirectory & { readonly server?: string })[],
): ListedExport[] {
  const exports = new Map<string, ListedExport & { clients: string[] }>()
  for (const name of snapshot.nodeNames) {
    const node = snapshot.node(name)
    if (!node?.ip) continue
    for (const directory of directoriesOf(node, snapshot)) {
      const key = `${directory.server ?? ''}:${directory.path}`
      const entry = exports.get(key) ?? { ...directory, clients: [] }
      entry.clients.push(node.ip)
      exports.set(key, entry)
    }
  }
  return [...exports].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry)
}
