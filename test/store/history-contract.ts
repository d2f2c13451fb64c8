/** What every store must remember, and how it keeps logs. */
import type { ExecutionContext, TestFn } from 'ava'
import fc from 'fast-check'
import type { HistoryFilter, RecordedChange } from '../../src/store/history.ts'
import { foldChanges } from '../../src/store/row-history.ts'
import { type Store, StoreFault, type Transaction, type TransactOptions } from '../../src/store/store.ts'
import { cell, type Row } from '../../src/tables/row.ts'
import type { StoreUnderTest } from './contract.ts'

const REQUEST = { host: 'admin1', clientType: 'cli', command: 'chtab', noderange: 'n1', words: ['a', 'b c'] }

export function testHistoryContract(test: TestFn, kind: string, prepare: () => StoreUnderTest): void {
  const check = (title: string, run: (t: ExecutionContext, store: Store, place: StoreUnderTest) => Promise<void>) =>
    test(`${kind}: ${title}`, async (t) => {
      const place = prepare()
      const store = place.open()
      try {
        await run(t, store, place)
      } finally {
        store.close()
        place.remove()
      }
    })

  check(
    'a transaction is remembered: who, when, what was asked for, rows before and after',
    async (t, store, place) => {
      const from = Date.now()
      make(store, (tx) => {
        tx.setRows('noderes', { node: 'n1' }, { netboot: 'xnba', tftpserver: '10.0.0.1' })
        tx.setRows('litefile', { image: 'a', file: '/x' }, { options: 'ro' })
      })
      make(store, (tx) => {
        tx.setRows('noderes', { node: 'n1' }, { netboot: 'grub2', tftpserver: '' })
        tx.deleteRows('litefile', { image: 'a' })
      })
      const again = place.open()
      const [second, first, ...others] = await transactions(again)
      again.close()
      t.deepEqual(others, [])
      t.true((first?.atMs ?? 0) >= from && (first?.atMs ?? 0) <= Date.now())
      t.deepEqual(
        { ...first, atMs: 0 },
        { revision: 1, atMs: 0, author: 'test', request: REQUEST, undoes: [], rows: 2 },
      )
      t.deepEqual([second?.revision, second?.rows], [2, 2])
      t.deepEqual(await changes(store, 1), [
        {
          table: 'noderes',
          key: { node: 'n1' },
          before: undefined,
          after: { netboot: 'xnba', tftpserver: '10.0.0.1' },
        },
        { table: 'litefile', key: { image: 'a', file: '/x' }, before: undefined, after: { options: 'ro' } },
      ])
      t.deepEqual(await changes(store, 2), [
        {
          table: 'noderes',
          key: { node: 'n1' },
          before: { netboot: 'xnba', tftpserver: '10.0.0.1' },
          after: { netboot: 'grub2', tftpserver: null },
        },
        { table: 'litefile', key: { image: 'a', file: '/x' }, before: { options: 'ro' }, after: undefined, behind: {} },
      ])
    },
  )

  check('what came back to be as it was is no change of a row; a new key is one change', async (t, store) => {
    const rows = ['a', 'b', 'c'].map((node) => ({ node, groups: 'g' }))
    make(store, (tx) => tx.replaceTable('nodelist', rows))
    make(store, (tx) => {
      tx.replaceTable('nodelist', [...rows].reverse())
      tx.setRows('nodelist', { node: 'b' }, { groups: 'h' })
      tx.insertRow('nodelist', { node: 'd' })
      tx.deleteRows('nodelist', { node: 'd' })
    })
    t.deepEqual(await changes(store, 2), [
      { table: 'nodelist', key: { node: 'b' }, before: { groups: 'g' }, after: { groups: 'h' } },
    ])
    make(store, (tx) => {
      tx.setRows('nodelist', { node: 'a' }, { node: 'x', groups: 'k' })
      tx.setRows('nodelist', { node: 'b' }, { node: 'a' })
    })
    t.deepEqual(await changes(store, 3), [
      { table: 'nodelist', key: { node: 'a' }, before: { node: 'a', groups: 'g' }, after: { node: 'x', groups: 'k' } },
      { table: 'nodelist', key: { node: 'b' }, before: { node: 'b' }, after: { node: 'a' } },
    ])
  })

  check('what was not made, or is not to be kept, is not remembered', async (t, store) => {
    const set = (value: string) => (tx: Transaction) => tx.setRows('site', { key: 'a' }, { value })
    const faults = () => [{ severity: 'error' as const, code: 'x', table: 'site', row: '', message: '' }]
    make(store, set('1'), { dryRun: true })
    make(store, set('1'), { checkers: [(view) => (view.read('site').length > 0 ? faults() : [])] })
    t.throws(() =>
      make(store, (tx) => {
        set('1')(tx)
        throw new Error('stop')
      }),
    )
    t.is(await store.history.reachesBackTo(), undefined)
    make(store, set('1'), { record: false, log: () => [{ log: 'auditlog', values: { command: 'x' } }] })
    make(store, set('1'))
    t.deepEqual(await transactions(store), [])
    t.is(store.revision, 1)
    t.is((await log(store)).length, 1)
    make(store, set('2'), { undoes: [1] })
    t.deepEqual(
      (await transactions(store)).map(({ revision, undoes }) => [revision, ...undoes]),
      [[2, 1]],
    )
    t.is(await store.history.reachesBackTo(), 1)
  })

  check('transactions are found by table, row, time and revision', async (t, store) => {
    const names = ['a', 'b', 'key', 'we"ird', '100%']
    for (const node of names) make(store, (tx) => tx.insertRow('nodelist', { node, groups: 'all' }))
    make(store, (tx) => tx.insertRow('noderes', { node: 'a' }))
    make(store, (tx) => tx.setRows('site', { key: 'domain' }, { value: 'a' }))
    const found = async (filter: HistoryFilter) => (await transactions(store, filter)).map(({ revision }) => revision)
    t.deepEqual(await found({}), [7, 6, 5, 4, 3, 2, 1])
    t.deepEqual(await found({ names: ['a'] }), [6, 1])
    t.deepEqual(await found({ names: ['a', 'b'], tables: ['nodelist'] }), [2, 1])
    t.deepEqual(await found({ names: ['key'] }), [3])
    t.deepEqual(await found({ names: ['we"ird'] }), [4])
    t.deepEqual(await found({ names: ['100%'] }), [5])
    t.deepEqual(await found({ tables: ['noderes', 'site'] }), [7, 6])
    t.deepEqual(await found({ after: 2, upTo: 4 }), [4, 3])
    t.deepEqual(await found({ sinceMs: Date.now() + 60_000 }), [])
    t.is((await found({ sinceMs: Date.now() - 60_000 })).length, 7)
  })

  check('more transactions and rows than fit a page', async (t, store) => {
    for (let round = 0; round < 1201; round++)
      make(store, (tx) => tx.setRows('site', { key: 'a' }, { value: String(round) }))
    const numbers = (await transactions(store)).map(({ revision }) => revision)
    t.deepEqual(
      numbers,
      Array.from({ length: 1201 }, (_, at) => 1201 - at),
    )
    const rows = Array.from({ length: 1500 }, (_, at) => ({ node: `n${at}` }))
    make(store, (tx) => tx.replaceTable('nodelist', rows))
    t.deepEqual(
      (await changes(store, 1202)).map(({ key }) => key),
      rows,
    )
  })

  check('any run of edits: what is remembered leads from the tables before to the tables after', async (t, store) => {
    const step = fc.record({
      kind: fc.constantFrom('set', 'rename', 'delete', 'replace', 'insert'),
      node: fc.constantFrom('a', 'b', 'c'),
      other: fc.constantFrom('a', 'b', 'c', 'd'),
      groups: fc.constantFrom('', 'g', 'h'),
    })
    const shown = (rows: readonly Row[]) => new Map(rows.map((row) => [cell(row, 'node'), cell(row, 'groups')]))
    let through = store.revision
    const folded = foldChanges()
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
        const tables = shown(store.read('nodelist'))
        const before = store.revision
        make(store, (tx) => {
          for (const { kind, node, other, groups } of steps) {
            const taken = tx.read('nodelist').some((row) => row.node === other)
            if (kind === 'set') tx.setRows('nodelist', { node }, { groups, comments: 'x' })
            if (kind === 'rename' && !taken) tx.setRows('nodelist', { node }, { node: other })
            if (kind === 'delete') tx.deleteRows('nodelist', { node })
            if (kind === 'insert' && !taken) tx.insertRow('nodelist', { node: other, groups })
            if (kind === 'replace') tx.replaceTable('nodelist', [{ node, groups, comments: 'x' }])
          }
        })
        if (store.revision === before) return
        const made = await changes(store, store.revision)
        apply(tables, made)
        t.deepEqual([...tables].sort(), [...shown(store.read('nodelist'))].sort())
        folded.add(made)
        through = store.revision
      }),
      { numRuns: 150, includeErrorInReport: true },
    )
    const whole = new Map<string, string>()
    apply(whole, folded.changes())
    t.is(through, store.revision)
    t.deepEqual([...whole].sort(), [...shown(store.read('nodelist'))].sort())
  })

  check('log rows are kept with their transaction or not at all', async (t, store, place) => {
    const write = (options: Partial<TransactOptions>, stop = false) =>
      make(
        store,
        (tx) => {
          tx.setRows('site', { key: 'a' }, { value: String(store.revision) })
          if (stop) throw new Error('stop')
        },
        { log: ({ revision, changes: made }) => [row(`${revision} ${made.length}`)], ...options },
      )
    const row = (comments: string) => ({ log: 'auditlog', values: { comments } })
    write({})
    write({ dryRun: true })
    t.throws(() => write({}, true))
    t.throws(() => write({ log: () => [{ log: 'auditlog', values: { nosuch: 'x' } }] }), { instanceOf: StoreFault })
    t.is(store.revision, 1)
    const again = place.open()
    t.deepEqual(
      (await log(again)).map(({ recid, comments }) => [recid, comments]),
      [['1', '1 1']],
    )
    again.close()
  })

  check('logs: numbered, read from the new end, pruned from the old one, replaced', async (t, store) => {
    const append = (...comments: string[]) =>
      store.logs.append(comments.map((text) => ({ log: 'eventlog', values: { message: text, eventtime: text } })))
    append('1', '2', '3')
    append('4', '5', '6', '7', '8', '9')
    const shown = async (newest?: number) =>
      (await log(store, 'eventlog', newest)).map(({ recid, message }) => `${recid}:${message}`).join(' ')
    t.is(await shown(2), '8:8 9:9')
    t.is(await shown(0), '')
    t.is(await shown(100), '1:1 2:2 3:3 4:4 5:5 6:6 7:7 8:8 9:9')
    const pruned = (which: Parameters<Store['logs']['prune']>[1], dryRun = false) =>
      store.logs.prune('eventlog', which, { dryRun }).map(({ recid }) => Number(recid))
    t.deepEqual(pruned('all', true), [1, 2, 3, 4, 5, 6, 7, 8, 9])
    t.deepEqual(pruned({ count: 2 }), [1, 2])
    t.deepEqual(pruned({ belowRecid: 4 }), [3])
    t.deepEqual(pruned({ percent: 20 }), [4])
    t.deepEqual(pruned({ percent: 19 }), [])
    t.deepEqual(pruned({ before: '6' }), [5])
    t.is(await shown(), '6:6 7:7 8:8 9:9')
    t.deepEqual(pruned('all'), [6, 7, 8, 9])
    append('x')
    t.is(await shown(), '10:x')
    const bad = (values: Record<string, string>) => {
      const fault = t.throws(() => store.logs.replace('eventlog', [{ recid: '1' }, values]), { instanceOf: StoreFault })
      return fault?.code
    }
    t.is(bad({ recid: '1' }), 'key-taken')
    t.is(bad({ recid: '1x' }), 'bad-value')
    t.is(bad({ nosuch: '1' }), 'no-such-column')
    t.throws(() => store.logs.append([{ log: 'site', values: {} }]), { instanceOf: StoreFault })
    t.is(await shown(), '10:x')
    store.logs.replace('eventlog', [{ recid: '70', message: 'seventy' }, { message: 'next' }])
    t.is(await shown(), '70:seventy 71:next')
    t.deepEqual(await log(store), [])
  })

  check('logs are no tables, and no change of the tables', async (t, store, place) => {
    const faults = [
      () => store.read('auditlog'),
      () => make(store, (tx) => tx.insertRow('auditlog', { command: 'x' })),
      () => make(store, (tx) => tx.replaceTable('eventlog', [])),
    ].map((run) => t.throws(run, { instanceOf: StoreFault })?.code)
    t.deepEqual(faults, ['is-log', 'is-log', 'is-log'])
    const told: number[] = []
    store.onChange(({ revision }) => told.push(revision))
    make(store, (tx) => tx.setRows('site', { key: 'a' }, { value: '1' }))
    const rows = store.read('site')
    const other = place.open()
    other.logs.append([{ log: 'auditlog', values: { command: 'x' } }])
    store.refresh()
    store.logs.append([{ log: 'auditlog', values: { command: 'y' } }])
    other.refresh()
    other.logs.prune('auditlog', { count: 1 })
    store.refresh()
    t.is(store.read('site'), rows)
    t.deepEqual(told, [1])
    make(other, (tx) => tx.setRows('site', { key: 'a' }, { value: '2' }))
    store.refresh()
    t.deepEqual(told, [1, 2])
    t.is(cell(store.read('site')[0] ?? {}, 'value'), '2')
    other.close()
  })
}

function make(store: Store, change: (transaction: Transaction) => unknown, options: Partial<TransactOptions> = {}) {
  return store.transact(change, { author: 'test', request: REQUEST, ...options })
}

const transactions = (store: Store, filter?: HistoryFilter) => gather(store.history.transactions(filter))
const changes = (store: Store, revision: number) => gather(store.history.changes(revision))
const log = (store: Store, name = 'auditlog', newest?: number) =>
  gather(store.logs.rows(name, newest === undefined ? {} : { newest }))

async function gather<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

/** By the key and one column; a removal must have known what it removed. */
function apply(nodes: Map<string, string>, made: readonly RecordedChange[]): void {
  const nameOf = ({ key }: RecordedChange) => String(key.node)
  for (const change of made) {
    const { before } = change
    if (!before) continue
    const known = nodes.get(nameOf(change))
    if (known === undefined) throw new Error(`${nameOf(change)} was not there`)
    if (('groups' in before || !change.after) && (before.groups ?? '') !== known)
      throw new Error('before is not before')
  }
  const present = new Map(nodes)
  for (const change of made) if (change.before) nodes.delete(nameOf(change))
  for (const change of made) {
    const { after } = change
    if (!after) continue
    const name = String(after.node ?? nameOf(change))
    if (nodes.has(name)) throw new Error(`${name} is there already`)
    const kept = change.before ? (present.get(nameOf(change)) ?? '') : ''
    nodes.set(name, 'groups' in after ? String(after.groups ?? '') : kept)
  }
}
