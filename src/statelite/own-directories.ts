/** Which directories of ours a node's plan mounts: what our NFS service must let this node reach. */
import type { ClusterNode, Snapshot } from '../cluster/model.ts'
import { compileStatelite } from './compile.ts'
import { isOwnAddress, type StateliteContext } from './context.ts'

export interface OwnDirectory {
  readonly path: string
  readonly access: 'ro' | 'rw'
}

/** Root and trees read-only, the persistent directory read-write; nothing that another server serves. */
export function ownDirectoriesOf(node: ClusterNode, snapshot: Snapshot, context: StateliteContext): OwnDirectory[] {
  const compiled = compileStatelite(node, snapshot, context)
  if (compiled.image === undefined) return []
  const mounts: { server: string | undefined; directory: string; access: 'ro' | 'rw' }[] = [
    ...compiled.trees.map(({ server, directory }) => ({ server, directory, access: 'ro' as const })),
  ]
  if (compiled.root !== undefined) mounts.push({ ...compiled.root, access: 'ro' })
  if (compiled.persistent !== undefined) mounts.push({ ...compiled.persistent, access: 'rw' })
  return mounts
    .filter(({ server }) => server !== undefined && isOwnAddress(server, context))
    .map(({ directory, access }) => ({ path: directory, access }))
}
