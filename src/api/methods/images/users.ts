/** Who runs from which generation of an image, as guards and lists ask. */
import { dirname, join } from 'node:path'
import type { Snapshot } from '../../../cluster/model.ts'
import { adoptedRoot } from '../../../image/generations/adopt.ts'
import { currentNumber } from '../../../image/generations/layout.ts'
import { openMounted } from '../../../nfs/mounted.ts'
import { type RootUser, rootUsers } from '../../../nfs/root-users.ts'
import { parseBootName } from '../../../statelite/generations.ts'
import { cell } from '../../../tables/row.ts'
import type { MethodContext } from '../context.ts'

/** Generation → nodes that run it; `undefined` is the image in a directory without generations. */
export type UsersByGeneration = ReadonlyMap<number | undefined, readonly RootUser[]>

type Asked = Pick<MethodContext, 'server' | 'timelineFile' | 'store'>

/**
 * By their newest mount of our NFS server; where that knows nothing of a node (a root in memory, another NFS server), by what
 * it reported to have booted.
 */
export function usersByGeneration(context: Asked, snapshot: Snapshot, rootimgdir: string): UsersByGeneration {
  const byGeneration = new Map<number | undefined, RootUser[]>()
  const seen = new Set<string>()
  const add = (user: RootUser) => {
    seen.add(user.node)
    byGeneration.set(user.generation, [...(byGeneration.get(user.generation) ?? []), user])
  }
  // What was mounted before there were generations is the first of them now.
  const first = adoptedRoot(rootimgdir) === undefined ? undefined : 1
  for (const user of mountUsers(context, snapshot, rootimgdir)) add({ ...user, generation: user.generation ?? first })
  for (const row of context.store.read('noderes')) {
    const boot = parseBootName(cell(row, 'current_osimage'))
    const image = boot && [...snapshot.images.values()].find(({ name }) => name === boot.image)
    const node = cell(row, 'node')
    if (boot && image?.rootimgdir === rootimgdir && !seen.has(node) && snapshot.node(node) !== undefined)
      add({ node, generation: boot.number, connected: false })
  }
  return byGeneration
}

/** While no server runs nobody is connected, but its nodes are still there and will want their roots back. */
function mountUsers({ server, timelineFile }: Asked, snapshot: Snapshot, rootimgdir: string): readonly RootUser[] {
  if (server !== undefined) return server.usersOf(rootimgdir)
  return rootUsers(rootimgdir, snapshot, [], openMounted(join(dirname(timelineFile), 'mounted.json')))
}

/** Connected nodes that run from what would be changed by an edit of the current generation in its place. */
export function usersOfCurrent(context: Asked, snapshot: Snapshot, rootimgdir: string): string[] {
  const users = usersByGeneration(context, snapshot, rootimgdir).get(currentNumber(rootimgdir)) ?? []
  return users.filter(({ connected }) => connected).map(({ node }) => node)
}
