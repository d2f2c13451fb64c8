/** Several processes on one file: nothing is lost between them, and nothing when one of them is killed. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { foldChanges } from '../../src/store/row-history.ts'
import { openSqliteStore } from '../../src/store/sqlite.ts'
import type { Store } from '../../src/store/store.ts'
import { cell } from '../../src/tables/row.ts'

const STORE = JSON.stringify(new URL('../../src/store/sqlite.ts', import.meta.url).href)

/** Adds its own row and counts up a shared one, `times` times; everything stands in the log, too. */
const WRITER = `
  import { readSync, writeSync } from 'node:fs'
  import { openSqliteStore } from ${STORE}
  const [path, name, times] = process.argv.slice(1)
  const store = openSqliteStore({ path })
  // All begin at once, when they are told to.
  writeSync(1, 'ready')
  readSync(0, Buffer.alloc(1))
  const pause = new Int32Array(new SharedArrayBuffer(4))
  for (let round = 0; round < Number(times); round++) {
    // Who commits again at once leaves the others no gap: they would run one after the other.
    Atomics.wait(pause, 0, 0, Math.random() * 2)
    store.transact((transaction) => {
      const row = transaction.read('site').find(({ key }) => key === 'count')
      transaction.setRows('site', { key: 'count' }, { value: String(Number(row?.value ?? 0) + 1) })
      transaction.insertRow('nodelist', { node: name + round, groups: 'all' })
      if (round % 3 === 2) transaction.deleteRows('nodelist', { node: name + (round - 1) })
    }, { author: name, log: ({ revision }) => [{ log: 'auditlog', values: { userid: name, comments: String(revision) } }] })
  }
  store.close()`

function start(path: string, name: string, times: number) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', WRITER, path, name, String(times)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  return { child, ready: once(child.stdout, 'data'), gone: once(child, 'close') }
}

function place(t: ExecutionContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'liteboot-processes-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  return join(directory, 'tables.sqlite')
}

/** Tables, history and audit log tell the same story; returns the number of transactions. */
async function checkStory(t: ExecutionContext, store: Store): Promise<number> {
  const revisions: number[] = []
  for await (const { revision } of store.history.transactions()) revisions.unshift(revision)
  t.deepEqual(
    revisions,
    Array.from({ length: store.revision }, (_, at) => at + 1),
  )
  const fold = foldChanges()
  for (const revision of revisions) {
    const changes = []
    for await (const change of store.history.changes(revision)) changes.push(change)
    fold.add(changes)
  }
  const told = fold.changes().map(({ key, after }) => `${Object.values(key)} ${after?.groups ?? after?.value}`)
  const rows = [
    ...store.read('nodelist').map((row) => `${cell(row, 'node')} ${row.groups}`),
    ...store.read('site').map((row) => `${cell(row, 'key')} ${row.value}`),
  ]
  t.deepEqual(told.sort(), rows.sort())
  const audited: number[] = []
  for await (const row of store.logs.rows('auditlog')) audited.push(Number(row.comments))
  t.deepEqual(audited, revisions)
  return revisions.length
}

test('three processes write at the same time: every edit is there, once', async (t) => {
  const path = place(t)
  openSqliteStore({ path }).close()
  const times = 240
  const writers = ['a', 'b', 'c'].map((name) => start(path, name, times))
  for (const { ready } of writers) await ready
  for (const { child } of writers) child.stdin.end('!')
  for (const { gone } of writers) t.deepEqual((await gone)[0], 0)
  const store = openSqliteStore({ path })
  t.is(store.read('site')[0]?.value, String(3 * times))
  t.is(store.read('nodelist').length, 3 * (times - times / 3))
  t.is(await checkStory(t, store), 3 * times)
  let turns = 0
  let last = ''
  for await (const { author } of store.history.transactions()) {
    if (author !== last) turns++
    last = author
  }
  t.true(turns > 20, `they took turns ${turns} times only: that proves nothing`)
  store.close()
})

test('writers killed at any moment: tables, history and audit log agree', async (t) => {
  const path = place(t)
  openSqliteStore({ path }).close()
  let before = 0
  for (let kill = 0; kill < 6; kill++) {
    const { child, ready, gone } = start(path, `k${kill}-`, 100_000)
    await ready
    child.stdin.end('!')
    const store = openSqliteStore({ path })
    while (store.revision === before) {
      await sleep(2)
      store.refresh()
    }
    await sleep(kill * 5)
    child.kill('SIGKILL')
    await gone
    store.close()
    const again = openSqliteStore({ path })
    before = await checkStory(t, again)
    t.is(again.read('site')[0]?.value, String(before))
    again.close()
  }
})
