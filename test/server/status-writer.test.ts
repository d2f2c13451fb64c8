/** What the server writes of booting nodes. */
import test from 'ava'
import { openStatusWriter } from '../../src/server/status-writer.ts'
import { openSqliteStore } from '../../src/store/sqlite.ts'
import type { BootEvent } from '../../src/timeline/event.ts'
import { statusOfEvent } from '../../src/timeline/state.ts'

test('the status of a node is no change of the history', async (t) => {
  const store = openSqliteStore({ path: ':memory:' })
  store.transact((transaction) => transaction.insertRow('nodelist', { node: 'n1' }), { author: 'root' })
  const event: BootEvent = {
    atMs: 1_700_000_000_000,
    service: 'os',
    event: 'report',
    stage: 'booted',
    result: 'ok',
    ok: true,
  }
  t.truthy(statusOfEvent(event))
  const writer = openStatusWriter(store, () => undefined)
  writer.see(event, 'n1')
  writer.close()
  t.is(store.read('nodelist')[0]?.status, statusOfEvent(event))
  t.is(store.revision, 2)
  const revisions: number[] = []
  for await (const { revision } of store.history.transactions()) revisions.push(revision)
  t.deepEqual(revisions, [1])
  store.close()
})

test('what a node booted stands in noderes.current_osimage, without a row for images that have no generations', (t) => {
  const store = openSqliteStore({ path: ':memory:' })
  store.transact(
    (transaction) => {
      for (const node of ['n1', 'n2', 'n3']) transaction.insertRow('nodelist', { node })
      transaction.insertRow('noderes', { node: 'n2', netboot: 'xnba' })
    },
    { author: 'root' },
  )
  const boots: Record<string, string> = { n1: 'el9@3', n2: 'el9@2', removed: 'el9@3' }
  const event = { service: 'os', event: 'report', stage: 'booted', result: 'ok', ok: true } as const
  const see = (...nodes: string[]) => {
    const writer = openStatusWriter(store, (node) => boots[node])
    for (const node of nodes) writer.see({ ...event, atMs: 1 }, node)
    writer.close()
  }
  const rows = () => store.read('noderes').map(({ node, netboot, current_osimage }) => [node, netboot, current_osimage])
  see('n1', 'n2', 'n3', 'removed')
  t.deepEqual(rows(), [
    ['n2', 'xnba', 'el9@2'],
    ['n1', null, 'el9@3'],
  ])
  const { revision } = store
  see('n1', 'n2')
  t.is(store.revision, revision, 'nothing is written twice')
  boots.n2 = 'el9@4'
  see('n2')
  t.deepEqual(rows()[0], ['n2', 'xnba', 'el9@4'])
  store.close()
})
