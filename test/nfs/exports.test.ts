/** Which roots a node may mount when its image has generations, and that the tree of a running node is never exchanged. */
import test from 'ava'
import type { Cluster, ClusterNode, Snapshot } from '../../src/cluster/model.ts'
import { type NodeDirectory, openExports } from '../../src/nfs/exports.ts'

function stage(root: string) {
  const nodes = new Map([
    ['10.0.0.1', { name: 'n1' } as ClusterNode],
    ['10.0.0.2', { name: 'n2' } as ClusterNode],
  ])
  const snapshot = { nodeByIp: (ip: string) => nodes.get(ip) } as unknown as Snapshot
  const kept = new Map<string, NodeDirectory[]>()
  const disk = { directories: new Set<string>(), moved: undefined as string | undefined }
  const state = { root }
  const exports = openExports({
    cluster: { current: snapshot } as Cluster,
    directoriesOf: (node) =>
      node.name === 'n1'
        ? [
            { path: state.root, access: 'ro' },
            { path: '/state/n1', access: 'rw' },
          ]
        : [],
    localDirectory: ({ path }) => path,
    mounted: {
      of: (node) => kept.get(node) ?? [],
      nodes: () => kept.keys(),
      add: (node, directory) => kept.set(node, [...(kept.get(node) ?? []), directory]),
    },
    hasDirectory: (dir) => disk.directories.has(dir),
    movedRoot: () => disk.moved,
  })
  return { exports, disk, kept, state }
}

const at = (n: number) => `/i/generations/${n}/rootimg`

test('every generation of the image that is there, and of no other', (t) => {
  const { exports, disk } = stage(at(3))
  disk.directories = new Set([at(1), at(2), '/other/generations/1/rootimg', '/i/rootimg'])
  t.is(exports.forMount('10.0.0.1', at(3))?.dir, at(3))
  const older = exports.forMount('10.0.0.1', at(2))
  t.like(older, { dir: at(2), access: 'ro', path: at(2) })
  t.is(exports.forHandle('10.0.0.1', older?.id ?? 0)?.dir, at(2), 'its handles are good at once')
  t.is(exports.forMount('10.0.0.1', `${at(1)}/usr/share`)?.path, at(1))
  t.is(exports.forMount('10.0.0.1', '/i/rootimg')?.dir, '/i/rootimg')
  t.is(exports.forMount('10.0.0.1', at(4)), undefined, 'is not there')
  t.is(exports.forMount('10.0.0.1', '/i/generations/2'), undefined)
  t.is(exports.forMount('10.0.0.1', '/i/generations/.new-4/rootimg'), undefined)
  t.is(exports.forMount('10.0.0.1', '/other/generations/1/rootimg'), undefined)
  t.is(exports.forMount('10.0.0.2', at(2)), undefined, 'another node, with another image')
  t.is(exports.forMount('192.0.2.1', at(2)), undefined)
})

test('a mount is remembered under its generation, also over a restart', (t) => {
  const before = stage(at(2))
  before.disk.directories.add(at(1))
  const grant = before.exports.forMount('10.0.0.1', at(1))
  const after = stage(at(5))
  for (const [node, directories] of before.kept) after.kept.set(node, directories)
  t.is(after.exports.forHandle('10.0.0.1', grant?.id ?? 0)?.dir, at(1))
})

test('what was mounted before there were generations stays that tree, from one call to the next', (t) => {
  const { exports, disk, state } = stage('/i/rootimg')
  const grant = exports.forMount('10.0.0.1', '/i/rootimg')
  t.is(grant?.dir, '/i/rootimg')
  disk.moved = at(1)
  t.is(exports.forHandle('10.0.0.1', grant?.id ?? 0)?.dir, at(1))
  state.root = at(2)
  t.is(exports.forHandle('10.0.0.1', grant?.id ?? 0)?.dir, at(1))
  t.is(exports.forMount('10.0.0.1', '/i/rootimg')?.dir, at(1))
})
