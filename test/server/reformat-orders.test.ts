import test from 'ava'
import { doneOrder, takeBackOrder, withoutOrder } from '../../src/server/reformat-orders.ts'
import { openSqliteStore } from '../../src/store/sqlite.ts'
import { cell } from '../../src/tables/row.ts'
import type { BootEvent } from '../../src/timeline/event.ts'

const report = (over: Partial<BootEvent>): BootEvent => ({
  ...{ atMs: 0, service: 'initrd', event: 'report', node: 'n1', stage: 'localdisk', result: 'ok', ok: true },
  detail: 'vda was partitioned and formatted\nreformatted t6abc1\n',
  ...over,
})

test('only the end of the stage says that an order is carried out', (t) => {
  t.is(doneOrder(report({})), 't6abc1')
  t.is(doneOrder(report({ detail: 'reformat t6abc1 was not carried out: vdb is left alone' })), undefined)
  t.is(doneOrder(report({ result: 'failed' })), undefined)
  t.is(doneOrder(report({ stage: 'root' })), undefined)
  t.is(doneOrder(report({ service: 'http' })), undefined)
})

test('that order is taken back, and nothing else', (t) => {
  t.is(withoutOrder('reformat=t6abc1', 't6abc1'), '')
  t.is(withoutOrder('reformat=t6abc1,boot', 't6abc1'), 'boot')
  t.is(withoutOrder('reformat=t6abc2', 't6abc1'), 'reformat=t6abc2')
  t.is(withoutOrder('boot', 't6abc1'), 'boot')
})

test('in the tables', (t) => {
  const store = openSqliteStore({ path: ':memory:' })
  t.teardown(() => store.close())
  store.transact((transaction) => transaction.setRows('chain', { node: 'n1' }, { currchain: 'reformat=t6abc1' }), {
    author: 'test',
  })
  const currchain = () => store.read('chain').map((row) => cell(row, 'currchain'))
  takeBackOrder(store, 'n1', 't6abc2')
  t.deepEqual(currchain(), ['reformat=t6abc1'])
  takeBackOrder(store, 'n1', 't6abc1')
  t.deepEqual(currchain(), store.read('chain').length === 0 ? [] : [''])
})
