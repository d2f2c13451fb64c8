import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { STORE_LIMITS } from '../../src/store/limits.ts'
import { openSqliteStore } from '../../src/store/sqlite.ts'
import { type Store, StoreFault } from '../../src/store/store.ts'
import { testStoreContract } from './contract.ts'
import { testHistoryContract } from './history-contract.ts'

function prepare() {
  const directory = mkdtempSync(join(tmpdir(), 'liteboot-store-'))
  const path = join(directory, 'etc', 'liteboot.db')
  return { path, open: () => openSqliteStore({ path }), remove: () => rmSync(directory, { recursive: true }) }
}

testStoreContract(test, 'sqlite', prepare)
testHistoryContract(test, 'sqlite', prepare)

test('files are readable by their owner only; the directory is made', (t) => {
  const place = prepare()
  const store = place.open()
  store.transact((transaction) => transaction.setRows('site', { key: 'a' }, { value: 'b' }), { author: 'test' })
  for (const name of [place.path, `${place.path}-wal`, `${place.path}-shm`])
    t.is(statSync(name).mode & 0o777, 0o600, name)
  store.close()
  place.remove()
})

test('rows written with plain SQL are noticed', (t) => {
  const place = prepare()
  const store = place.open()
  const told: string[] = []
  store.onChange(({ tables }) => told.push(tables.join('+')))
  store.logs.append([{ log: 'auditlog', values: { command: 'x' } }])
  const other = new DatabaseSync(place.path)
  other.exec("INSERT INTO site (key, value) VALUES ('domain', 'x')")
  other.close()
  store.refresh()
  t.is(store.read('site')[0]?.value, 'x')
  t.deepEqual(told, ['site'])
  store.close()
  place.remove()
})

test('polling asks every half second and stops with the store', (t) => {
  const place = prepare()
  let look: (() => void) | undefined
  let stopped = false
  const poll = (task: () => void, everyMs: number) => {
    t.is(everyMs, 500)
    look = task
    return () => {
      stopped = true
    }
  }
  const store = openSqliteStore({ path: place.path, poll })
  const other = place.open()
  other.transact((transaction) => transaction.setRows('site', { key: 'a' }, { value: 'b' }), { author: 'test' })
  other.close()
  t.is(store.read('site').length, 0)
  look?.()
  t.is(store.read('site').length, 1)
  store.close()
  t.true(stopped)
  look?.()
  place.remove()
})

test('a file of a newer version is refused; an older one gets the missing columns and tables', (t) => {
  const place = prepare()
  place.open().close()
  const database = new DatabaseSync(place.path)
  database.exec(
    'DROP TABLE nodepos; ALTER TABLE site DROP COLUMN comments; INSERT INTO site (key, value) VALUES (1, 2)',
  )
  database.close()
  const store = place.open()
  t.deepEqual(store.read('nodepos'), [])
  t.deepEqual(store.read('site'), [{ key: '1', value: '2', comments: null, disable: null }])
  store.close()
  const newer = new DatabaseSync(place.path)
  newer.exec('PRAGMA user_version = 999')
  newer.close()
  t.throws(place.open, { instanceOf: StoreFault, message: /newer liteboot/ })
  place.remove()
})

test('a history from before places of removed rows were kept goes on with them', async (t) => {
  const place = prepare()
  const author = 'test'
  const store = place.open()
  store.transact(
    (tx) =>
      tx.replaceTable(
        'noderes',
        ['a', 'b', 'c'].map((node) => ({ node })),
      ),
    { author },
  )
  store.transact((tx) => tx.deleteRows('noderes', { node: 'c' }), { author })
  store.close()
  const database = new DatabaseSync(place.path)
  database.exec('ALTER TABLE liteboot_history_rows DROP COLUMN behind')
  database.close()
  const again = place.open()
  again.transact((tx) => tx.deleteRows('noderes', { node: 'b' }), { author })
  const behind = async (revision: number) => {
    for await (const change of again.history.changes(revision)) return change.behind
    return t.fail()
  }
  t.is(await behind(2), undefined)
  t.deepEqual(await behind(3), { node: 'a' })
  again.close()
  place.remove()
})

test('a writer killed at any moment leaves whole transactions', async (t) => {
  const place = prepare()
  place.open().close()
  const writer = `
    import { writeSync } from 'node:fs'
    import { openSqliteStore } from ${JSON.stringify(new URL('../../src/store/sqlite.ts', import.meta.url).href)}
    const store = openSqliteStore({ path: process.argv[1] })
    for (let round = store.revision + 1; ; round++) {
      store.transact((transaction) => {
        for (const node of ['a', 'b', 'c']) transaction.setRows('nodelist', { node }, { groups: 'g' + round })
        transaction.setRows('site', { key: 'round' }, { value: String(round) })
      }, { author: 'writer' })
      say(round + '\\n')
    }
    // Waits for a slow reader: nothing may be committed that was not reported, but the last.
    function say(text) {
      for (;;)
        try {
          return writeSync(1, text)
        } catch (error) {
          if (error.code !== 'EAGAIN') throw error
        }
    }`
  for (let kill = 0; kill < 5; kill++) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', writer, place.path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let said = ''
    const started = new Promise<void>((resolve) =>
      child.stdout.on('data', (data) => {
        said += String(data)
        resolve()
      }),
    )
    const gone = new Promise((resolve) => child.once('close', resolve))
    await started
    await sleep(kill * 7)
    child.kill('SIGKILL')
    await gone
    const store = place.open()
    const lines = said.split('\n')
    const lastSaid = Number(lines.at(-2))
    const round = Number(store.read('site')[0]?.value)
    // What was reported as committed is there; at most one more was committed before it could be reported.
    t.true(round === lastSaid || round === lastSaid + 1, `${round} after ${lastSaid}`)
    t.is(store.revision, round)
    t.deepEqual(
      store.read('nodelist').map(({ groups }) => groups),
      Array(3).fill(`g${round}`),
    )
    store.close()
  }
  place.remove()
})

test('a transaction of another process that does not end is reported, and nothing is lost', (t) => {
  const place = prepare()
  const store = openSqliteStore({ path: place.path, busyTimeoutMs: 20 })
  const other = new DatabaseSync(place.path)
  other.exec('BEGIN IMMEDIATE')
  const set = () =>
    store.transact((transaction) => transaction.setRows('site', { key: 'a' }, { value: 'b' }), { author: 'test' })
  t.throws(set, { instanceOf: StoreFault, message: /being changed by another process/ })
  other.exec('ROLLBACK')
  other.close()
  t.true(set().committed)
  store.close()
  place.remove()
})

test('the history is bounded in transactions and in bytes; the newest is kept whatever its size', async (t) => {
  const place = prepare()
  const open = (transactions: number, bytes: number) =>
    openSqliteStore({ path: place.path, historyBounds: { transactions, bytes } })
  const set = (store: Store, value: string) =>
    store.transact((transaction) => transaction.setRows('site', { key: 'a' }, { value }), { author: 'test' })
  const revisions = async (store: Store) => {
    const found: number[] = []
    for await (const { revision } of store.history.transactions()) found.push(revision)
    return found
  }
  const store = open(3, 10_000)
  for (let round = 1; round <= 7; round++) set(store, String(round))
  t.deepEqual(await revisions(store), [7, 6, 5])
  t.is(await store.history.reachesBackTo(), 4)
  set(store, 'x'.repeat(9000))
  t.deepEqual(await revisions(store), [8, 7, 6])
  set(store, 'y'.repeat(9000))
  t.deepEqual(await revisions(store), [9])
  store.close()
  const rows = new DatabaseSync(place.path).prepare('SELECT DISTINCT revision FROM liteboot_history_rows').all()
  t.deepEqual(
    rows.map(({ revision }) => revision),
    [9],
  )
  const wider = open(1000, 1_000_000)
  set(wider, 'z')
  t.deepEqual(await revisions(wider), [10, 9])
  wider.close()
  place.remove()
})

test('a log is bounded: the oldest rows fall off, in steps', async (t) => {
  const place = prepare()
  const store = place.open()
  const { logRows, logStep } = STORE_LIMITS
  const row = (recid: number) => ({ recid: String(recid), comments: 'x' })
  store.logs.replace('auditlog', [row(1), row(2), row(logStep), row(logRows - 1), row(logRows + logStep - 1)])
  const recids = async () => {
    const found: number[] = []
    for await (const { recid } of store.logs.rows('auditlog')) found.push(Number(recid))
    return found
  }
  t.deepEqual(await recids(), [1, 2, logStep, logRows - 1, logRows + logStep - 1])
  store.logs.append([{ log: 'auditlog', values: { comments: 'next' } }])
  t.deepEqual(await recids(), [logRows - 1, logRows + logStep - 1, logRows + logStep])
  store.close()
  place.remove()
})
