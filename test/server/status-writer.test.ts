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
  const writer = openStatusWriter(store)
  writer.see(event, 'n1')
  writer.close()
  t.is(store.read('nodelist')[0]?.status, statusOfEvent(event))
  t.is(store.revision, 2)
  const revisions: number[] = []
  for await (const { revision } of store.history.transactions()) revisions.push(revision)
  t.deepEqual(revisions, [1])
  store.close()
})
