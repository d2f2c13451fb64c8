import test from 'ava'
import type { Snapshot } from '../../src/cluster/model.ts'
import type { NodeDirectory } from '../../src/nfs/exports.ts'
import { rootUsers } from '../../src/nfs/root-users.ts'

/** As much of a snapshot as the question needs: nodes n1… at 10.0.0.1…, images a and b. */
const snapshot = {
  images: new Map(['a', 'b'].map((name) => [name, { rootimgdir: `/install/${name}/` }])),
  nodeByIp: (ip: string) => (ip.startsWith('10.0.0.') ? { name: `n${ip.slice(7)}` } : undefined),
  node: (name: string) => (/^n\d+$/.test(name) ? { name } : undefined),
} as unknown as Snapshot

/** `n1`, `n1@3` of a generation, `(n1)` when it is not connected. */
function users(
  rootimgdir: string,
  clients: readonly string[],
  mounts: Readonly<Record<string, readonly string[]>>,
): string[] {
  const of = (node: string): NodeDirectory[] => (mounts[node] ?? []).map((path) => ({ path, access: 'ro' }))
  const found = rootUsers(rootimgdir, snapshot, clients, { of, nodes: () => Object.keys(mounts) })
  return found.map(({ node, generation, connected }) => {
    const text = generation === undefined ? node : `${node}@${generation}`
    return connected ? text : `(${text})`
  })
}

test('nodes whose newest root is the image, and of which generation', (t) => {
  const mounts = {
    n1: ['/install/a/rootimg', '/state/n1', '/trees'],
    n2: ['/install/a/rootimg', '/install/b/rootimg', '/state/n2'],
    n3: ['/install/b/rootimg', '/install/a/generations/3/rootimg'],
    n4: ['/state/n4'],
    n5: ['/install/a/generations/2/rootimg', '/install/a/generations/10/rootimg'],
    removed: ['/install/a/rootimg'],
  }
  const all = ['10.0.0.3', '10.0.0.1', '10.0.0.2', '10.0.0.4', '192.0.2.1']
  t.deepEqual(users('/install/a', all, mounts), ['n1', 'n3@3', '(n5@10)'])
  t.deepEqual(users('/install//a/', all, mounts), ['n1', 'n3@3', '(n5@10)'])
  t.deepEqual(users('/install/b', all, mounts), ['n2'])
  t.deepEqual(users('/install/a', ['10.0.0.2'], mounts), ['(n1)', '(n3@3)', '(n5@10)'])
  t.deepEqual(users('/install', all, mounts), [])
})
