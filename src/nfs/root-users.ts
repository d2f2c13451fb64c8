/** Which nodes run from which generation of an image: nothing may be moved in it under their feet, or removed. */
import { resolve } from 'node:path'
import type { Ipv4, NodeName, Snapshot } from '../cluster/model.ts'
import { parseRoot, type RootPlace, renderBootName } from '../statelite/generations.ts'
import type { MountedExports } from './exports.ts'

/** A node, and the generation of an image that it booted last. */
export interface RootUser {
  readonly node: string
  /** undefined: `<rootimgdir>/rootimg`, mounted before the image had generations. */
  readonly generation: number | undefined
  /** false: it was switched off, or waits for the server. */
  readonly connected: boolean
}

/**
 * The newest mount of an image root counts: older ones are of a node's earlier boots.
 * @param clients addresses with an open NFS connection
 * @returns sorted by node
 */
export function rootUsers(
  rootimgdir: string,
  snapshot: Snapshot,
  clients: readonly string[],
  mounted: Pick<MountedExports, 'of' | 'nodes'>,
): RootUser[] {
  const wanted = resolve(rootimgdir)
  const images = new Set([...snapshot.images.values()].map((image) => resolve(image.rootimgdir)))
  const connected = new Set(clients.flatMap((ip) => snapshot.nodeByIp(ip as Ipv4)?.name ?? []))
  const users: RootUser[] = []
  for (const node of mounted.nodes()) {
    if (snapshot.node(node) === undefined) continue
    const last = lastRoot(node, images, mounted)
    if (last?.rootimgdir === wanted)
      users.push({ node, generation: last.number, connected: connected.has(node as NodeName) })
  }
  return users.sort((a, b) => (a.node < b.node ? -1 : 1))
}

/** `image@3`: what a node mounted last, when that is a generation of its image. */
export function mountedBoot(node: string, snapshot: Snapshot, mounted: Pick<MountedExports, 'of'>): string | undefined {
  const imageName = snapshot.node(node)?.imageName
  const image = imageName === undefined ? undefined : snapshot.images.get(imageName)
  if (image === undefined) return undefined
  const last = lastRoot(node, new Set([resolve(image.rootimgdir)]), mounted)
  return last?.number === undefined ? undefined : renderBootName(image.name, last.number)
}

function lastRoot(
  node: string,
  rootimgdirs: ReadonlySet<string>,
  mounted: Pick<MountedExports, 'of'>,
): RootPlace | undefined {
  const places = mounted.of(node).map(({ path }) => parseRoot(resolve(path)))
  return places.findLast((place) => place !== undefined && rootimgdirs.has(place.rootimgdir))
}
