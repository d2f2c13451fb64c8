/** What every store must do. Run with a way to open a store twice on the same data. */
import type { ExecutionContext, TestFn } from 'ava'
import fc from 'fast-check'
import { type Checker, type Store, StoreFault } from '../../src/store/store.ts'
import type { Finding } from '../../src/tables/findings.ts'

export interface StoreUnderTest {
  /** A second call sees what the first one wrote, as another process would. */
  open(): Store
  remove(): void
}

const BY = { author: 'test' }

export function testStoreContract(test: TestFn, kind: string, prepare: () => StoreUnderTest): void {
  const check = (title: string, run: (t: ExecutionContext, store: Store, place: StoreUnderTest) => void) =>
    test(`${kind}: ${title}`, (t) => {
      const place = prepare()
      const store = place.open()
      try {
        run(t, store, place)
      } finally {
        store.close()
        place.remove()
      }
    })

  check('set: every matching row, else a new one, nothing when there is nothing to say', (t, store) => {
    const set = (keys: Record<string, string>, values: Record<string, string>) =>
      store.transact((transaction) => transaction.setRows('litefile', keys, values), BY).result
    t.is(set({ image: 'a', file: '/x' }, { options: 'ro' }), 1)
    t.is(set({ image: 'b', file: '/x' }, { options: 'rw' }), 1)
    t.is(set({ file: '/x' }, { options: 'con' }), 2)
    t.is(set({ image: 'c', file: '/y' }, { options: '' }), 0)
    t.deepEqual(
      store.read('litefile').map((row) => [row.image, row.options]),
      [
        ['a', 'con'],
        ['b', 'con'],
      ],
    )
    set({ image: 'a', file: '/x' }, { options: '' })
    t.is(store.read('litefile')[0]?.options, null)
  })

  check('insert refuses a key that is taken, a missing required column, unknown names; nothing stays', (t, store) => {
    const code = (change: () => void) => {
      try {
        change()
        return undefined
      } catch (error) {
        return error instanceof StoreFault ? error.code : 'other'
      }
    }
    const insert = (table: string, values: Record<string, string>) => () =>
      store.transact((transaction) => {
        transaction.setRows('site', { key: 'x' }, { value: 'y' })
        transaction.insertRow(table, values)
      }, BY)
    store.transact((transaction) => transaction.insertRow('nodelist', { node: 'n1' }), BY)
    t.is(code(insert('nodelist', { node: 'n1' })), 'key-taken')
    t.is(code(insert('statelite', { node: 'n1', mntopts: 'soft' })), 'required')
    t.is(code(insert('nosuch', {})), 'no-such-table')
    t.is(code(insert('nodelist', { bogus: '' })), 'no-such-column')
    t.is(
      code(() => store.read('nosuch')),
      'no-such-table',
    )
    t.deepEqual(store.read('site'), [])
    t.is(store.revision, 1)
  })

  check('a transaction sees its own changes, others see all of it or nothing', (t, store) => {
    t.throws(() =>
      store.transact((transaction) => {
        transaction.setRows('nodelist', { node: 'n1' }, { groups: 'all' })
        t.is(transaction.read('nodelist').length, 1)
        t.is(store.read('nodelist').length, 0)
        throw new Error('stop')
      }, BY),
    )
    t.is(store.read('nodelist').length, 0)
    t.is(store.revision, 0)
  })

  check('delete and replace', (t, store) => {
    store.transact(
      (transaction) =>
        transaction.replaceTable(
          'nodelist',
          ['a', 'b', 'c'].map((node) => ({ node, groups: 'g' })),
        ),
      BY,
    )
    t.is(store.transact((transaction) => transaction.deleteRows('nodelist', { node: 'b' }), BY).result, 1)
    t.is(store.transact((transaction) => transaction.deleteRows('nodelist', { node: 'b' }), BY).result, 0)
    t.deepEqual(
      store.read('nodelist').map(({ node }) => node),
      ['a', 'c'],
    )
    t.is(store.transact((transaction) => transaction.deleteRows('nodelist', { groups: 'g' }), BY).result, 2)
    t.throws(
      () => store.transact((transaction) => transaction.replaceTable('nodelist', [{ node: 'x' }, { node: 'x' }]), BY),
      { instanceOf: StoreFault },
    )
    t.deepEqual(store.read('nodelist'), [])
  })

  check('only errors the edit brings about refuse it; warnings come back', (t, store) => {
    const bad: Checker = (view) =>
      view.read('site').flatMap((row): Finding[] =>
        row.value === 'bad' || row.value === 'odd'
          ? [
              {
                severity: row.value === 'bad' ? 'error' : 'warning',
                code: row.value,
                table: 'site',
                row: `key=${row.key}`,
                message: 'm',
              },
            ]
          : [],
      )
    const set = (key: string, value: string, checkers: readonly Checker[] = [bad], dryRun = false) =>
      store.transact((transaction) => transaction.setRows('site', { key }, { value }), { ...BY, checkers, dryRun })
    t.true(set('old', 'bad', []).committed)
    const refused = set('new', 'bad')
    t.false(refused.committed)
    t.deepEqual(
      refused.findings.map(({ row }) => row),
      ['key=new'],
    )
    t.is(store.read('site').length, 1)
    const warned = set('new', 'odd')
    t.true(warned.committed)
    t.is(warned.findings[0]?.code, 'odd')
    const tried = set('third', 'fine', [bad], true)
    t.false(tried.committed)
    t.is(tried.changes.length, 1)
    t.is(store.read('site').length, 2)
    t.true(set('old', 'repaired').committed)
  })

  check('rows keep their order and survive reopening', (t, store, place) => {
    const names = ['z', 'a', 'm', 'b']
    for (const node of names)
      store.transact((transaction) => transaction.insertRow('nodelist', { node, comments: 'ü"\n\'' }), BY)
    store.transact((transaction) => transaction.setRows('nodelist', { node: 'a' }, { groups: 'late' }), BY)
    const again = place.open()
    t.deepEqual(
      again.read('nodelist').map(({ node }) => node),
      names,
    )
    t.deepEqual(again.read('nodelist'), store.read('nodelist'))
    t.is(again.revision, store.revision)
    again.close()
  })

  check('changes are told, of this process and of others', (t, store, place) => {
    const told: string[] = []
    const stop = store.onChange(({ tables, revision, author }) =>
      told.push(`${tables.join('+')} ${revision} ${author}`),
    )
    store.transact((transaction) => transaction.setRows('site', { key: 'a' }, { value: '1' }), BY)
    store.transact((transaction) => transaction.setRows('site', { key: 'a' }, { value: '1' }), BY)
    const other = place.open()
    other.transact((transaction) => {
      transaction.setRows('site', { key: 'a' }, { value: '2' })
      transaction.setRows('nodelist', { node: 'n' }, { groups: 'g' })
    }, BY)
    store.refresh()
    store.refresh()
    t.deepEqual(told, ['site 1 test', 'nodelist+site 2 undefined'])
    t.is(store.read('site')[0]?.value, '2')
    stop()
    store.transact((transaction) => transaction.setRows('site', { key: 'a' }, { value: '3' }), BY)
    t.is(told.length, 2)
    other.close()
  })

  check('a writer works on what another process has just written: no edit is lost', (t, store, place) => {
    const other = place.open()
    const add = (writer: Store) =>
      writer.transact((transaction) => {
        const count = Number(transaction.read('site')[0]?.value ?? 0)
        transaction.setRows('site', { key: 'count' }, { value: String(count + 1) })
      }, BY)
    for (let round = 0; round < 10; round++) {
      add(store)
      add(other)
    }
    t.is(other.read('site')[0]?.value, '20')
    t.is(other.revision, 20)
    other.close()
  })

  check('any run of edits leaves memory and disk the same', (t, store, place) => {
    const key = fc.record({ image: fc.constantFrom('', 'a', 'b'), file: fc.constantFrom('/x', '/y') })
    const edit = fc.oneof(
      fc.record({ kind: fc.constant('set' as const), keys: key, value: fc.constantFrom('', 'ro', 'rw') }),
      fc.record({ kind: fc.constant('delete' as const), keys: key, value: fc.constant('') }),
    )
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 12 }), (edits) => {
        const model = new Map<string, string>()
        store.transact((transaction) => transaction.replaceTable('litefile', []), BY)
        store.transact((transaction) => {
          for (const { kind, keys, value } of edits) {
            const name = JSON.stringify(keys)
            if (kind === 'delete') {
              transaction.deleteRows('litefile', keys)
              model.delete(name)
            } else {
              transaction.setRows('litefile', keys, { options: value })
              if (value !== '' || model.has(name)) model.set(name, value)
            }
          }
        }, BY)
        const shown = (one: Store) =>
          one
            .read('litefile')
            .map(({ image, file, options }) => [JSON.stringify({ image, file }), options ?? ''])
            .sort()
        t.deepEqual(shown(store), [...model].sort())
        const again = place.open()
        t.deepEqual(shown(again), shown(store))
        again.close()
      }),
      { numRuns: 40 },
    )
  })
}
