/** Which directories a node's plan mounts: what our NFS service must let this node reach, and what others must export. */
import type { ClusterNode, Snapshot } from '../cluster/model.ts'
import { compileStatelite, type NodeStatelite } from './compile.ts'
import { isOwnAddress, type StateliteContext } from './context.ts'

export interface OwnDirectory {
  readonly path: string
  readonly access: 'ro' | 'rw'
}

/** A directory of the node's plan, and the server that has to export it. */
export interface PlanDirectory extends OwnDirectory {
  readonly server: string
}

/** Root and trees read-only, the persistent directory read-write. */
export function planDirectoriesOf(node: ClusterNode, snapshot: Snapshot, context: StateliteContext): PlanDirectory[] {
  const compiled = compileStatelite(node, snapshot, context)
  return compiled.image === undefined ? [] : directoriesOf(compiled)
}

/** For who has compiled it already. */
export function directoriesOf({ trees, root, persistent }: NodeStatelite): PlanDirectory[] {
  return [
    ...trees.flatMap(({ server, directory }) =>
      server === undefined ? [] : [{ server, path: directory, access: 'ro' as const }],
    ),
    // A packed root is fetched whole, over HTTP.
    ...(root?.type !== 'nfs' ? [] : [{ server: root.server, path: root.directory, access: 'ro' as const }]),
    ...(persistent === undefined
      ? []
      : [{ server: persistent.server, path: persistent.directory, access: 'rw' as const }]),
  ]
}

/** Nothing that another server serves. */
export function ownDirectoriesOf(node: ClusterNode, snapshot: Snapshot, context: StateliteContext): OwnDirectory[] {
  return planDirectoriesOf(node, snapshot, context)
    .filter(({ server }) => isOwnAddress(server, context))
    .map(({ path, access }) => ({ path, access }))
}
