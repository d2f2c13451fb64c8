/** The audit log of calls, and undo as a property: what is taken back leaves the tables as they were. */
import { mkdtempSync, rmSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import { LOCAL_ROOT } from '../../src/api/methods/context.ts'
import { recordAudit } from '../../src/api/methods/history/audit.ts'
import { revertChanges } from '../../src/api/methods/history/revert.ts'
import { openSqliteStore } from '../../src/store/sqlite.ts'
import type { Store, Transaction } from '../../src/store/store.ts'
import { cell, type Row } from '../../src/tables/row.ts'
import { openApiRig, type Rig } from './rig.ts'

async function auditRows(rig: Rig): Promise<Row[]> {
  const { data } = await rig.client.call('tables.dump', { table: 'auditlog' })
  return data as Row[]
}

async function lastAudit(rig: Rig): Promise<Record<string, string | null>> {
  const { recid: _recid, audittime, disable: _disable, ...row } = (await auditRows(rig)).at(-1) ?? {}
  const atMs = Date.parse(String(audittime).replace(' ', 'T'))
  if (Math.abs(Date.now() - atMs) > 60_000) throw new Error(`audittime ${audittime}`)
  return row
}

const HOST = hostname().split('.')[0]
const CALL = { userid: 'root', clientname: HOST, clienttype: 'cli' }

test('every change has its row in the audit log: made, refused by a check, failed, without effect', async (t) => {
  const rig = await openApiRig(t)
  const chtab = (...words: string[]) => rig.client.call('tables.change', { words })
  await chtab('node=n1', 'nodelist.groups=all', 'noderes.netboot=xnba')
  t.deepEqual(await lastAudit(rig), {
    ...CALL,
    command: 'chtab',
    noderange: null,
    args: 'node=n1 nodelist.groups=all noderes.netboot=xnba',
    status: 'Allowed',
    comments: 'revision 1: nodelist node=n1 added (groups: all); noderes node=n1 added (netboot: xnba)',
  })
  await rig.client.call('objects.change', { operands: ['n1'], assignments: ['netboot=grub2'] })
  t.deepEqual(await lastAudit(rig), {
    ...CALL,
    command: 'chdef',
    noderange: 'n1',
    args: '-o n1 netboot=grub2',
    status: 'Allowed',
    comments: 'revision 2: noderes node=n1 netboot: xnba -> grub2',
  })
  await chtab('node=n1', 'noderes.netboot=grub2')
  t.like(await lastAudit(rig), { status: 'Allowed', comments: null })
  await t.throwsAsync(chtab('node=n1', 'mac.mac=nonsense'))
  const refused = await lastAudit(rig)
  t.is(refused.status, 'Failed')
  t.regex(refused.comments ?? '', /^LB_BAD_EDIT: mac row node=n1.*nonsense/)
  const restored = await rig.client.call('tables.restore', { table: 'mac', csv: 'no header' })
  t.is(restored.exitStatus, 1)
  t.like(await lastAudit(rig), { command: 'tabrestore', args: 'mac.csv', status: 'Failed' })
  const count = (await auditRows(rig)).length
  await rig.client.call('tables.change', { words: ['node=n1', 'noderes.netboot=xnba'], dryRun: true })
  await t.throwsAsync(rig.client.call('tables.change', { words: ['node=n1', 'mac.mac=bad'], dryRun: true }))
  await rig.client.call('objects.show', { names: 'n1' })
  t.is((await auditRows(rig)).length, count, 'neither dry runs nor what only looks')
})

test('a large change has a short row', async (t) => {
  const rig = await openApiRig(t)
  await rig.client.call('objects.make', { operands: ['n[1-300]'], assignments: ['groups=all'] })
  const { comments } = await lastAudit(rig)
  t.true((comments ?? '').length <= 500, comments ?? '')
  t.regex(comments ?? '', /^revision 1: nodelist node=n1 added \(groups: all\); .*; … and \d+ more rows$/)
})

test('what is refused by policy is logged whatever auditskipcmds says; changes are, unless their command is named', async (t) => {
  const rig = await openApiRig(t)
  const store = rig.store
  const skip = (value: string) => {
    store.transact((transaction) => transaction.setRows('site', { key: 'auditskipcmds' }, { value }), {
      author: 'test',
    })
  }
  const caller = { ...LOCAL_ROOT, user: 'bob', host: 'cn2', role: 'viewer', clientType: 'api' } as const
  const rmdef = { command: 'rmdef', noderange: 'n1', words: ['-o', 'n1'] }
  const denied = () => recordAudit(store, caller, rmdef, { status: 'Denied', comments: 'no rule allows it' })
  const edit = () => rig.client.call('tables.change', { words: ['key=a', `site.value=${Math.random()}`] })
  const counts: number[] = []
  for (const value of ['', 'ALL', 'tabrestore, rmdef', 'clienttype:api', 'chtab,nodels', 'clienttype:cli']) {
    skip(value)
    const before = (await auditRows(rig)).length
    t.is(denied(), undefined)
    t.like(await lastAudit(rig), {
      userid: 'bob',
      clientname: 'cn2',
      clienttype: 'api',
      command: 'rmdef',
      noderange: 'n1',
      status: 'Denied',
      comments: 'no rule allows it',
    })
    await edit()
    counts.push((await auditRows(rig)).length - before)
  }
  t.deepEqual(counts, [2, 2, 2, 2, 1, 1])
})

test('secrets stand neither in the audit log nor in the history, and undo brings them back', async (t) => {
  const rig = await openApiRig(t)
  const secrets = ['s3cret-one', 's3cret-two', 's3cret-three', 's3cret-four', 's3cret-five']
  await rig.client.call('objects.make', { operands: ['n1'], assignments: ['groups=all', 'mgt=ipmi'] })
  await rig.client.call('tables.change', { words: ['key=system,username=root', `passwd.password=${secrets[0]}`] })
  await rig.client.call('objects.change', { operands: ['n1'], assignments: [`bmcpassword=${secrets[1]}`, 'bmc=bmc1'] })
  await rig.client.call('tables.change', { words: ['key=snmpc', `site.value=${secrets[2]}`] })
  await rig.client.call('tables.change', { words: ['key=system,username=root', `passwd.password=${secrets[3]}`] })
  await t.throwsAsync(rig.client.call('tables.change', { words: [`passwd.nosuch=${secrets[4]}`, 'bad'] }))
  await t.throwsAsync(rig.client.call('tables.change', { words: ['key=a', `nosuch.password=${secrets[4]}`] }))
  const conflict = await t.throwsAsync(rig.client.call('history.undo', { revisions: ['2'] }))
  t.regex(
    conflict?.message ?? '',
    /passwd key=system,username=root: password is \*+, it was \*+ \(revision 5, root: chtab/,
  )
  await rig.client.call('history.undo', { revisions: [] })
  await t.throwsAsync(rig.client.call('history.undo', { revisions: ['2', 'x'] }))
  const shown: unknown[] = [await auditRows(rig), conflict?.message]
  shown.push(await rig.client.call('history.list', { number: 100 }))
  shown.push(await rig.client.call('history.diff', { revisions: ['0', 'now'] }))
  for (let revision = 1; revision <= rig.store.revision; revision++)
    shown.push(await rig.client.call('history.diff', { revisions: [String(revision)] }))
  const text = JSON.stringify(shown)
  for (const secret of secrets.slice(0, 4)) t.false(text.includes(secret), secret)
  t.true(text.includes('********'))
  t.is(rig.store.read('passwd')[0]?.password, secrets[0])
})

const NODE = fc.constantFrom('a', 'b', 'c')
const step = (...kinds: string[]) =>
  fc.record({
    kind: fc.constantFrom(...kinds),
    table: fc.constantFrom('noderes', 'bootparams'),
    node: NODE,
    other: NODE,
    column: fc.constantFrom(0, 1),
    value: fc.constantFrom('x', 'y'),
  })
const STEP = step('set', 'unset', 'rename', 'delete', 'insert', 'replace')
/** A renamed row takes its cells along: they are not compared by name then. */
const STILL = step('set', 'set', 'unset', 'delete', 'insert', 'replace')
type Step = typeof STEP extends fc.Arbitrary<infer S> ? S : never
const COLUMNS = { noderes: ['netboot', 'tftpserver'], bootparams: ['kernel', 'initrd'] } as const

function perform(transaction: Transaction, { kind, table, node, other, column, value }: Step): void {
  const name = COLUMNS[table as keyof typeof COLUMNS][column as 0 | 1]
  const has = (key: string) => transaction.read(table).some((row) => row.node === key)
  if (kind === 'set') transaction.setRows(table, { node }, { [name]: value })
  if (kind === 'unset') transaction.setRows(table, { node }, { [name]: '' })
  if (kind === 'rename' && has(node) && !has(other)) transaction.setRows(table, { node }, { node: other })
  if (kind === 'delete') transaction.deleteRows(table, { node })
  if (kind === 'insert' && !has(node)) transaction.insertRow(table, { node, [name]: value })
  if (kind === 'replace') transaction.replaceTable(table, [{ node, [name]: value }])
}

/** Cells by table, row and column; the order of rows does not count. */
function cells(store: Store): Map<string, string> {
  const found = new Map<string, string>()
  for (const table of Object.keys(COLUMNS))
    for (const row of store.read(table))
      for (const column in row)
        if (cell(row, column) !== '') found.set(`${table} ${row.node} ${column}`, cell(row, column))
  return found
}

async function changesOf(store: Store, revision: number) {
  const found = []
  for await (const change of store.history.changes(revision)) found.push(change)
  return found
}

async function revert(t: ExecutionContext, store: Store, revision: number, force = false): Promise<number> {
  const changes = await changesOf(store, revision)
  const before = cells(store)
  const { result } = store.transact((transaction) => revertChanges(transaction, changes, force), {
    author: 'undo',
    undoes: [revision],
  })
  if (result.length > 0 && !force) t.deepEqual(cells(store), before)
  return result.length
}

const byName = (map: Map<string, string>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1))

test('random transactions, all undone from the newest to the oldest: the tables of the beginning; and back again', async (t) => {
  const store = openSqliteStore({ path: ':memory:' })
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(STEP, { minLength: 1, maxLength: 5 }), { maxLength: 6 }), async (runs) => {
      const states: [string, string][][] = [byName(cells(store))]
      const first = store.revision
      for (const steps of runs) {
        const before = store.revision
        store.transact(
          (transaction) => {
            for (const step of steps) perform(transaction, step)
          },
          { author: 'test' },
        )
        if (store.revision > before) states.push(byName(cells(store)))
      }
      const last = store.revision
      for (let revision = last; revision > first; revision--) {
        t.is(await revert(t, store, revision), 0)
        t.deepEqual(byName(cells(store)), states[revision - first - 1])
      }
      // Each undo undone, the newest first, is every transaction made again.
      for (let revision = store.revision; revision > last; revision--) t.is(await revert(t, store, revision), 0)
      t.deepEqual(byName(cells(store)), states.at(-1))
    }),
    { numRuns: 200, includeErrorInReport: true },
  )
  store.close()
})

const NODES = ['a', 'b', 'c', 'd', 'e', 'f'] as const
const SOME = fc.shuffledSubarray([...NODES], { minLength: 1 })

test('rows come back to their places, whatever way they went', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ kind: fc.constantFrom('delete', 'keep', 'rename', 'add'), nodes: SOME }), { maxLength: 5 }),
      async (runs) => {
        const store = openSqliteStore({ path: ':memory:' })
        const author = 'test'
        const order = () => store.read('noderes').map((row) => `${row.node}${row.netboot}`)
        store.transact(
          (tx) =>
            tx.replaceTable(
              'noderes',
              NODES.map((node) => ({ node, netboot: '1' })),
            ),
          { author },
        )
        const states = new Map([[store.revision, order()]])
        const first = store.revision
        for (const { kind, nodes } of runs) {
          const isNamed = (node: string | null | undefined) => nodes.some((name) => name === node)
          store.transact(
            (tx) => {
              const rows = tx.read('noderes')
              if (kind === 'delete') for (const node of nodes) tx.deleteRows('noderes', { node })
              if (kind === 'keep')
                tx.replaceTable(
                  'noderes',
                  rows.filter(({ node }) => isNamed(node)),
                )
              if (kind === 'add') for (const node of nodes) tx.setRows('noderes', { node }, { netboot: '2' })
              if (kind === 'rename')
                for (const { node } of rows.filter((row) => isNamed(row.node)))
                  tx.setRows('noderes', { node: node ?? '' }, { node: `${node}.${store.revision}` })
            },
            { author },
          )
          states.set(store.revision, order())
        }
        for (let revision = store.revision; revision > first; revision--) {
          t.is(await revert(t, store, revision), 0)
          t.deepEqual(order(), states.get(revision - 1))
        }
        store.close()
      },
    ),
    { numRuns: 300, includeErrorInReport: true },
  )
})

test('the place of a row is on the disk, too; behind a row that is gone there is none', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'liteboot-places-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  const path = join(directory, 'tables.sqlite')
  const order = (store: Store) => store.read('noderes').map(({ node }) => node)
  const author = 'test'
  const store = openSqliteStore({ path })
  store.transact(
    (tx) =>
      tx.replaceTable(
        'noderes',
        ['a', 'b', 'c', 'd'].map((node) => ({ node })),
      ),
    { author },
  )
  store.transact((tx) => tx.deleteRows('noderes', { node: 'b' }), { author })
  store.transact((tx) => tx.deleteRows('noderes', { node: 'c' }), { author })
  t.is(await revert(t, store, 2), 0)
  t.deepEqual(order(store), ['a', 'b', 'd'])
  store.transact((tx) => tx.deleteRows('noderes', { node: 'a' }), { author })
  t.is(await revert(t, store, 3), 0)
  t.deepEqual(order(store), ['b', 'd', 'c'])
  store.close()
  const again = openSqliteStore({ path })
  t.deepEqual(order(again), ['b', 'd', 'c'])
  again.close()
})

test('an undo in the middle keeps every cell of later transactions, or refuses and does nothing', async (t) => {
  const store = openSqliteStore({ path: ':memory:' })
  let refused = 0
  let made = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(STILL, { minLength: 1, maxLength: 4 }),
      fc.array(STILL, { maxLength: 4 }),
      async (one, two) => {
        const run = (steps: readonly Step[]) => {
          const before = store.revision
          store.transact(
            (transaction) => {
              for (const step of steps) perform(transaction, step)
            },
            { author: 'test' },
          )
          return store.revision > before
        }
        const start = cells(store)
        if (!run(one)) return
        const revision = store.revision
        const middle = cells(store)
        run(two)
        const end = cells(store)
        const conflicts = await revert(t, store, revision)
        const now = cells(store)
        if (conflicts > 0) refused++
        else {
          made++
          for (const name of new Set([...start.keys(), ...middle.keys(), ...end.keys(), ...now.keys()])) {
            const later = middle.get(name) !== end.get(name)
            // A cell changed by the later one stays as that left it; all others are as before the first.
            if (later && end.get(name) !== start.get(name)) t.is(now.get(name), end.get(name), name)
            if (!later) t.is(now.get(name), start.get(name), name)
          }
        }
      },
    ),
    { numRuns: 400, includeErrorInReport: true },
  )
  t.true(refused > 20 && made > 20, `${refused} refused, ${made} made`)
  store.close()
})

test('undo over ten thousand rows, and its row in the audit log', async (t) => {
  const rig = await openApiRig(t)
  await rig.client.call('objects.make', { operands: ['n[1-10000]'], assignments: ['groups=all', 'netboot=grub2'] })
  await rig.client.call('objects.change', { operands: ['all'], assignments: ['netboot=petitboot'], type: 'node' })
  const { output } = await rig.client.call('history.undo', { revisions: ['2'] })
  t.regex(output[0] ?? '', /^undone: revision 2 \(chdef .*; this is revision 3$/)
  t.true(rig.store.read('noderes').every((row) => row.netboot === 'grub2'))
  t.regex((await lastAudit(rig)).comments ?? '', /^revision 3: noderes node=n1 netboot: petitboot -> grub2; /)
})

test('a file that cannot be read is not quoted in the audit log', async (t) => {
  const rig = await openApiRig(t)
  const header = '#key,username,password'
  const files = [`"system","root","s3cret-six`, `"system","root","s3cret-six","x"`, `"system","root",s3cret-six"`]
  for (const line of files) {
    const { errors } = await rig.client.call('tables.restore', { table: 'passwd', csv: `${header}\n${line}\n` })
    t.regex(errors.join('\n'), /s3cret-six/, 'who typed it may see it')
    const { status, comments } = await lastAudit(rig)
    t.is(status, 'Failed')
    t.regex(comments ?? '', /line \d+/)
    t.notRegex(comments ?? '', /s3cret/)
  }
})
