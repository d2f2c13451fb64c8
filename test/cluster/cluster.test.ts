import test from 'ava'
import { openCluster } from '../../src/cluster/cluster.ts'
import type { MacAddress } from '../../src/cluster/model.ts'
import { openSqliteStore } from '../../src/store/sqlite.ts'

function open() {
  const store = openSqliteStore({ path: ':memory:' })
  const tasks: (() => void)[] = []
  const cluster = openCluster(store, { soon: (task) => tasks.push(task) })
  const set = (node: string, groups: string) =>
    store.transact((transaction) => transaction.setRows('nodelist', { node }, { groups }), { author: 'test' }).revision
  return { store, cluster, set, tasks }
}

test('several edits in a row give one snapshot; its number counts up', async (t) => {
  const { cluster, set, tasks } = open()
  const seen: number[] = []
  cluster.onChange((snapshot) => seen.push(snapshot.number))
  t.is(cluster.current.number, 1)
  set('a', 'all')
  const revision = set('b', 'all')
  t.is(tasks.length, 1)
  t.is(cluster.current.nodeNames.length, 0)
  const waited = cluster.waitFor(revision)
  tasks[0]?.()
  t.is((await waited).number, 2)
  t.deepEqual(seen, [2])
  t.is(cluster.current.nodeNames.length, 2)
  t.is((await cluster.waitFor(revision)).number, 2)
})

test('an old snapshot never changes, also what it has not worked out yet', (t) => {
  const { cluster, set, store } = open()
  set('a', 'g')
  const old = cluster.compileNow()
  store.transact(
    (transaction) => {
      transaction.setRows('noderes', { node: 'g' }, { netboot: 'xnba' })
      transaction.setRows('nodelist', { node: 'a' }, { groups: 'h' })
      transaction.setRows('mac', { node: 'a' }, { mac: '02:00:00:00:00:01' })
    },
    { author: 'test' },
  )
  cluster.compileNow()
  t.is(old.node('a')?.netboot, undefined)
  t.deepEqual(old.node('a')?.groups, ['g'])
  t.is(old.portByMac('02:00:00:00:00:01' as MacAddress), undefined)
  t.deepEqual(cluster.current.node('a')?.groups, ['h'])
})

test('closing ends the waiting and the compiling', async (t) => {
  const { cluster, set, tasks } = open()
  set('a', 'all')
  const waited = cluster.waitFor(99)
  cluster.close()
  tasks[0]?.()
  await t.throwsAsync(waited, { message: 'the cluster was closed' })
  t.is(cluster.current.number, 1)
})
