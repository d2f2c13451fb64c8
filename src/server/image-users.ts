/** Which nodes run from an image root at the moment: nothing may be moved in it under their feet. */
import { resolve } from 'node:path'
import type { Ipv4, Snapshot } from '../cluster/model.ts'
import type { MountedExports } from '../nfs/exports.ts'

/**
 * A node that is connected, and whose newest mount of an image root is this one: older ones are of its earlier boots.
 * @param clients addresses with an open NFS connection
 * @returns node names, sorted
 */
export function imageUsers(
  rootimg: string,
  snapshot: Snapshot,
  clients: readonly string[],
  mounted: Pick<MountedExports, 'of'>,
): string[] {
  const wanted = resolve(rootimg)
  const roots = new Set([...snapshot.images.values()].map((image) => resolve(image.rootimgdir, 'rootimg')))
  const users = clients.flatMap((ip) => {
    const node = snapshot.nodeByIp(ip as Ipv4)
    const last = node && mounted.of(node.name).findLast(({ path }) => roots.has(resolve(path)))
    return last && resolve(last.path) === wanted ? [node.name] : []
  })
  return users.sort()
}
