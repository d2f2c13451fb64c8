/** How long a running system keeps its address when its root is on NFS: it hangs for ever when it loses it. */
import type { ClusterNode, Snapshot } from './model.ts'

/** RFC 2132 §9.2: for ever. */
export const INFINITE_LEASE_SECONDS = 0xffff_ffff
/** Shorter ones would only make traffic. */
const LEAST_SECONDS = 60

/** undefined: the node's root is not on NFS. site.nfsrootlease, else for ever. */
export function nfsRootLeaseSeconds(node: ClusterNode, snapshot: Snapshot): number | undefined {
  const image = node.imageName === undefined ? undefined : snapshot.images.get(node.imageName)
  if (image?.rootfstype !== 'nfs') return undefined
  const configured = snapshot.site.get('nfsrootlease')
  if (configured === undefined || !/^\d+$/.test(configured)) return INFINITE_LEASE_SECONDS
  return Math.min(Math.max(Number(configured), LEAST_SECONDS), INFINITE_LEASE_SECONDS)
}
