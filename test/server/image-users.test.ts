import test from 'ava'
import type { Snapshot } from '../../src/cluster/model.ts'
import type { NodeDirectory } from '../../src/nfs/exports.ts'
import { imageUsers } from '../../src/server/image-users.ts'

/** As much of a snapshot as the question needs: nodes n1… at 10.0.0.1…, images a and b. */
const snapshot = {
  images: new Map(['a', 'b'].map((name) => [name, { rootimgdir: `/install/${name}/` }])),
  nodeByIp: (ip: string) => (ip.startsWith('10.0.0.') ? { name: `n${ip.slice(7)}` } : undefined),
} as unknown as Snapshot

function users(
  rootimg: string,
  clients: readonly string[],
  mounts: Readonly<Record<string, readonly string[]>>,
): string[] {
  const of = (node: string): NodeDirectory[] => (mounts[node] ?? []).map((path) => ({ path, access: 'ro' }))
  return imageUsers(rootimg, snapshot, clients, { of })
}

test('connected nodes whose newest root is the image', (t) => {
  const mounts = {
    n1: ['/install/a/rootimg', '/state/n1', '/trees'],
    n2: ['/install/a/rootimg', '/install/b/rootimg', '/state/n2'],
    n3: ['/install/b/rootimg', '/install/a/rootimg'],
    n4: ['/state/n4'],
  }
  const all = ['10.0.0.3', '10.0.0.1', '10.0.0.2', '10.0.0.4', '10.0.0.5', '192.0.2.1']
  t.deepEqual(users('/install/a/rootimg', all, mounts), ['n1', 'n3'])
  t.deepEqual(users('/install//a/rootimg/', all, mounts), ['n1', 'n3'])
  t.deepEqual(users('/install/b/rootimg', all, mounts), ['n2'])
  t.deepEqual(users('/install/a/rootimg', ['10.0.0.2'], mounts), [])
  t.deepEqual(users('/install/a', all, mounts), [])
})
