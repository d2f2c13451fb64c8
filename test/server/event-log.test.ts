/** What stands in the table eventlog of nodes that boot, or do not. */
import test from 'ava'
import { type EventLog, openEventLog } from '../../src/server/event-log.ts'
import { openSqliteStore } from '../../src/store/sqlite.ts'
import type { RowValues, Store } from '../../src/store/store.ts'
import { foldBoots } from '../../src/timeline/boot.ts'
import type { BootEvent } from '../../src/timeline/event.ts'

const START = Date.UTC(2026, 10, 20, 12)

interface Desk {
  readonly log: EventLog
  readonly store: Store
  readonly warnings: string[]
  clock: { nowMs: number }
  isBusy: boolean
  emit(afterMs: number, event: Partial<BootEvent>, node?: string): void
  told(): Promise<string[]>
}

function openDesk(): Desk {
  const store = openSqliteStore({ path: ':memory:' })
  const clock = { nowMs: START }
  const warnings: string[] = []
  const events = new Map<string, BootEvent[]>()
  const desk: Desk = {
    store,
    warnings,
    clock,
    isBusy: false,
    log: openEventLog({
      append: (rows: readonly RowValues[]) => {
        if (desk.isBusy) throw new Error('the tables are being changed')
        store.logs.append(rows.map((values) => ({ log: 'eventlog', values })))
      },
      lastBoot: (node) => foldBoots(node, events.get(node) ?? [], clock.nowMs).at(-1),
      host: 'mn1',
      now: () => clock.nowMs,
      warn: (message) => warnings.push(message),
    }),
    emit(afterMs, event, node = 'n1') {
      clock.nowMs += afterMs
      const whole: BootEvent = { atMs: clock.nowMs, service: 'initrd', event: 'report', ok: true, node, ...event }
      events.set(node, [...(events.get(node) ?? []), whole])
      desk.log.see(whole, node)
      desk.log.tick()
    },
    async told() {
      const found: string[] = []
      for await (const row of store.logs.rows('eventlog'))
        found.push([row.severity, row.eventtype, row.node, row.component, row.message].join(' '))
      return found
    },
  }
  return desk
}

const STARTED = 'informational server mn1 server liteboot has started'

test('a boot that ends well: one row, with what it took; what the node reads afterwards is no event', async (t) => {
  const desk = openDesk()
  desk.emit(0, { service: 'dhcp', event: 'DISCOVER' })
  desk.emit(1000, { service: 'dhcp', event: 'ACK' })
  desk.emit(20_000, { stage: 'switch', result: 'ok', bootId: 'b1' })
  desk.emit(10_000, { service: 'os', stage: 'booted', result: 'ok', bootId: 'b1' })
  desk.emit(1000, { service: 'os', stage: 'booted', result: 'ok', bootId: 'b1' })
  desk.emit(900_000, { service: 'dhcp', event: 'ACK' })
  desk.clock.nowMs += 120_000
  desk.log.tick()
  t.deepEqual(await desk.told(), [STARTED, 'informational boot n1 booted booted after 31.0 s'])
  desk.log.close()
  t.is((await desk.told()).at(-1), 'informational server mn1 server liteboot stops')
  for await (const row of desk.store.logs.rows('eventlog', { newest: 2 })) {
    t.regex(row.eventtime ?? '', /^2026-11-20 \d\d:\d\d:\d\d$/)
    t.like(row, { monitor: 'liteboot', monnode: 'mn1', application: 'liteboot' })
  }
  desk.store.close()
})

test('a stage that fails again and again: once for each boot and reason', async (t) => {
  const desk = openDesk()
  const failed = { stage: 'root', result: 'failed', ok: false, bootId: 'b1' } as const
  for (let retry = 0; retry < 5; retry++) desk.emit(5000, { ...failed, detail: 'mount: refused\nlog' })
  desk.emit(5000, { ...failed, detail: 'mount: not there' })
  desk.emit(5000, { ...failed, bootId: 'b2', detail: 'mount: not there' })
  for (let retry = 0; retry < 3; retry++)
    desk.emit(30_000, { service: 'server', event: 'boot file', ok: false, detail: 'no image el9' })
  t.deepEqual((await desk.told()).slice(1), [
    'critical boot n1 root boot failed at root: mount: refused',
    'critical boot n1 root boot failed at root: mount: not there',
    'critical boot n1 root boot failed at root: mount: not there',
    'critical boot n1 boot file boot failed at boot file: no image el9',
  ])
  desk.log.close()
  desk.store.close()
})

test('a boot of which nothing is heard any more: one row, with what to look at', async (t) => {
  const desk = openDesk()
  desk.emit(0, { service: 'dhcp', event: 'ACK' })
  for (let second = 0; second < 600; second++) {
    desk.clock.nowMs += 1000
    desk.log.tick()
  }
  const told = (await desk.told()).slice(1)
  t.is(told.length, 1)
  t.regex(told[0] ?? '', /^warning boot n1 loader stuck at loader, last seen dhcp ACK/)
  for await (const { rawdata } of desk.store.logs.rows('eventlog', { newest: 1 })) t.truthy(rawdata)
  desk.log.close()
  desk.store.close()
})

test('a thousand nodes at once have their rows in one transaction, and busy tables lose none', async (t) => {
  const desk = openDesk()
  desk.isBusy = true
  for (let node = 0; node < 1000; node++) {
    const failed = { service: 'initrd', event: 'report', stage: 'root', result: 'failed', ok: false } as const
    desk.log.see({ ...failed, atMs: desk.clock.nowMs, node: `n${node}` }, `n${node}`)
  }
  desk.log.tick()
  t.regex(desk.warnings[0] ?? '', /being changed/)
  desk.isBusy = false
  desk.log.tick()
  t.is((await desk.told()).length, 1001)
  desk.log.close()
  desk.store.close()
})
