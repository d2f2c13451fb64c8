/** Who may report, what is kept, and what the waiting machine is told: through HTTP, with a store on disk. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { openCluster } from '../../src/cluster/cluster.ts'
import { discoveryRoutes } from '../../src/http/discovery-routes.ts'
import { HTTP_LIMITS } from '../../src/http/limits.ts'
import { openDiscoveryDesk } from '../../src/server/discovery-desk.ts'
import { openSqliteStore } from '../../src/store/sqlite.ts'
import type { BootEvent } from '../../src/timeline/event.ts'
import { inventoryText } from '../discovery/inventory-text.ts'
import { ask, openRig } from '../http/rig.ts'

const MAC = '52:54:00:77:00:0b'
const NODE: readonly (readonly [string, Record<string, string>, Record<string, string>])[] = [
  ['nodelist', { node: 'n1' }, { groups: 'all' }],
  ['mac', { node: 'n1' }, { mac: MAC }],
]

/** Everybody comes from 127.0.0.1, which is a dynamic address here. */
interface DeskCase {
  readonly discovery?: string
  readonly proxydhcp?: string
  /** null: nobody holds the address. */
  readonly lease?: string | null
  /** On the wire; null: nobody answers there. */
  readonly neighbour?: string | null
}

async function openDesk(t: ExecutionContext, options: DeskCase = {}) {
  const { discovery = 'demo', proxydhcp = '', lease = MAC, neighbour = null } = options
  const directory = mkdtempSync(join(tmpdir(), 'liteboot-desk-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  const store = openSqliteStore({ path: join(directory, 'tables.sqlite') })
  t.teardown(() => store.close())
  const set = (rows: typeof NODE) =>
    store.transact(
      (transaction) => rows.forEach(([table, keys, values]) => void transaction.setRows(table, keys, values)),
      {
        author: 'test',
      },
    )
  set([
    ['site', { key: 'discovery' }, { value: discovery }],
    ['site', { key: 'proxydhcp' }, { value: proxydhcp }],
    ['networks', { net: '127.0.0.0', mask: '255.0.0.0' }, { netname: 'demo', dynamicrange: '127.0.0.1-127.0.0.9' }],
  ])
  const cluster = openCluster(store)
  t.teardown(() => cluster.close())
  const told: BootEvent[] = []
  const warned: string[] = []
  const clock = { nowMs: 1_000_000 }
  const now = () => clock.nowMs
  const desk = openDiscoveryDesk({
    cluster,
    store,
    leasedTo: () => lease ?? undefined,
    neighbours: () => new Map(neighbour === null ? [] : [['127.0.0.1', neighbour]]),
    emit: (event) => void told.push(event),
    now,
    log: { warn: (message) => void warned.push(message) },
  })
  t.teardown(() => desk.close())
  const rig = await openRig(t, discoveryRoutes({ desk, emit: (event) => void told.push(event), now }))
  const report = async (body: string) => {
    const { status, body: answer } = await ask(rig.port, '/discover/v1/report', { method: 'POST', body })
    return `${status} ${answer.toString().trim()}`
  }
  const state = async () => {
    const { status, body } = await ask(rig.port, '/discover/v1/state')
    return `${status} ${body.toString().trim()}`
  }
  const adopt = () => {
    set(NODE)
    cluster.compileNow()
  }
  return { store, told, warned, clock, report, state, adopt, rows: () => store.read('discoverydata') }
}

test('a stranger reports, waits, is adopted, and is told to boot again', async (t) => {
  const { told, report, state, adopt, rows, store, clock } = await openDesk(t)
  t.is(await state(), '200 report')
  t.is(await report(inventoryText()), '200 wait')
  t.is(rows().length, 1)
  t.like(told[0], { service: 'server', event: 'discovered', mac: MAC, ip: '127.0.0.1', ok: true })
  t.is(await state(), '200 wait')
  const { revision } = store
  t.is(await report(inventoryText()), '200 wait')
  t.is(store.revision, revision, 'nothing new is not written')
  clock.nowMs += 3600_000
  t.is(await state(), '200 report', 'that it is still there is news, once an hour')
  t.is(await report(inventoryText()), '200 wait')
  t.true(store.revision > revision)
  t.is(await state(), '200 wait')
  t.is(told.length, 3)
  adopt()
  t.is(await state(), '200 reboot n1')
  t.is(await report(inventoryText()), '200 reboot n1')
})

test('a machine whose row was removed is asked to report again', async (t) => {
  const { report, state, store } = await openDesk(t)
  await report(inventoryText())
  store.transact((transaction) => transaction.deleteRows('discoverydata', {}), { author: 'test' })
  t.is(await state(), '200 report')
})

test('nobody else may: another network, no lease, another machine’s inventory', async (t) => {
  const closed = await openDesk(t, { discovery: 'other' })
  t.is(await closed.report(inventoryText()), '403 no discovery for 127.0.0.1')
  t.is(await closed.state(), '403 no discovery for 127.0.0.1')
  t.like(closed.told[0], { service: 'http', event: 'refused', ip: '127.0.0.1', ok: false })
  const unleased = await openDesk(t, { lease: null })
  t.is(await unleased.report(inventoryText()), '403 127.0.0.1 is not leased to anybody')
  const other = await openDesk(t, { lease: '52:54:00:77:00:99' })
  t.is(await other.report(inventoryText()), `403 127.0.0.1 belongs to 52:54:00:77:00:99, not to ${MAC}`)
  t.deepEqual([...closed.rows(), ...unleased.rows(), ...other.rows()], [])
})

test('beside a site’s DHCP server the neighbour on the wire is who reports, and our leases say nothing', async (t) => {
  const beside = { proxydhcp: 'demo', lease: null }
  const { report, state, adopt, told } = await openDesk(t, { ...beside, neighbour: MAC })
  t.is(await report(inventoryText()), '200 wait')
  t.like(told[0], { event: 'discovered', mac: MAC, ip: '127.0.0.1' })
  t.is(await state(), '200 wait')
  adopt()
  t.is(await state(), '200 reboot n1')
  const silent = await openDesk(t, { ...beside, lease: MAC })
  t.is(await silent.report(inventoryText()), '403 127.0.0.1 is on no wire of ours')
  const other = await openDesk(t, { ...beside, neighbour: '52:54:00:77:00:99' })
  t.is(await other.report(inventoryText()), `403 127.0.0.1 belongs to 52:54:00:77:00:99, not to ${MAC}`)
  const all = await openDesk(t, { ...beside, neighbour: MAC, discovery: 'ALL' })
  t.is(await all.report(inventoryText()), '403 no discovery for 127.0.0.1')
})

test('malformed, too long, and not posted', async (t) => {
  const { report, rows } = await openDesk(t)
  t.regex(await report('hello'), /^400 malformed inventory: does not begin with/)
  t.regex(await report('x'.repeat(HTTP_LIMITS.inventoryBytes + 1)), /^413 /)
  t.deepEqual(rows(), [])
})

test('too many reports are refused without a word in the log, and later ones are taken', async (t) => {
  const { report, rows, told, clock } = await openDesk(t)
  const answers: string[] = []
  for (let at = 0; at < 10; at++) answers.push((await report(inventoryText({ serial: `S${at}` }))).slice(0, 3))
  t.deepEqual(answers, [...Array(6).fill('200'), ...Array(4).fill('429')])
  t.is(rows()[0]?.serial, 'S5')
  t.is(told.length, 6)
  clock.nowMs += 10_000
  t.is(await report(inventoryText({ serial: 'S10' })), '200 wait')
})

test('two reports of one machine in one moment are one row', async (t) => {
  const { report, rows } = await openDesk(t)
  t.deepEqual(await Promise.all([report(inventoryText()), report(inventoryText({ serial: 'S2' }))]), [
    '200 wait',
    '200 wait',
  ])
  t.is(rows().length, 1)
  t.true(['S1', 'S2'].includes(rows()[0]?.serial ?? ''))
})
