import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import test from 'ava'
import { type BootEvent, EVERY_NODE, START_EVENT } from '../../src/timeline/event.ts'
import { openTimeline, openTimelineReader } from '../../src/timeline/store.ts'
import { get, report, T0, wholeBoot } from './scenes.ts'

const directory = mkdtempSync(join(tmpdir(), 'liteboot-timeline-'))
test.after.always(() => rmSync(directory, { recursive: true, force: true }))

let files = 0
function newFile(): string {
  files += 1
  return join(directory, `timeline-${files}.sqlite`)
}

const now = (): number => T0 + 60_000

test('events come back as they were emitted, in order of time, also after a restart', (t) => {
  const file = newFile()
  const events = wholeBoot()
  const timeline = openTimeline({ file, now })
  for (const event of [...events].reverse()) timeline.emit(event)
  t.deepEqual(
    timeline.eventsOf('cn01').map(({ atMs }) => atMs),
    events.map(({ atMs }) => atMs).sort((a, b) => a - b),
  )
  timeline.close()
  const again = openTimeline({ file, now })
  t.deepEqual(
    new Set(again.eventsOf('cn01').map((event) => JSON.stringify(sorted(event)))),
    new Set(events.map((event) => JSON.stringify(sorted(event)))),
  )
  t.is(again.boots('cn01').at(-1)?.summary, 'booted after 33.2 s')
  again.close()
})

function sorted(event: BootEvent): object {
  return Object.fromEntries(Object.entries(event).sort(([a], [b]) => (a < b ? -1 : 1)))
}

test('a start of the server stands in each boot that was under way, and in no list of nodes', (t) => {
  const timeline = openTimeline({ file: newFile(), now })
  const start = (second: number): BootEvent => {
    return { atMs: T0 + second * 1000, service: 'server', event: START_EVENT, node: EVERY_NODE, ok: true }
  }
  for (const event of [...wholeBoot(), start(-5), start(10.5), start(50)]) timeline.emit(event)
  const [boot] = timeline.boots('cn01')
  t.deepEqual(
    boot?.events.filter(({ event }) => event === START_EVENT).map(({ atMs }) => atMs - T0),
    [10_500],
  )
  t.deepEqual(
    boot?.events.map(({ atMs }) => atMs),
    boot?.events.map(({ atMs }) => atMs).sort((a, b) => a - b),
  )
  t.is(boot?.summary, 'booted after 33.2 s')
  t.deepEqual(
    timeline.subjects().map(({ subject }) => subject),
    ['cn01'],
  )
  t.deepEqual(timeline.boots('cn02'), [])
  timeline.close()
})

test('sinceMs and limit: the newest are kept', (t) => {
  const timeline = openTimeline({ file: newFile(), now })
  for (let second = 0; second < 10; second += 1) timeline.emit(get(second, `/f${second}`))
  const names = (events: BootEvent[]): (string | undefined)[] => events.map(({ object }) => object)
  t.deepEqual(names(timeline.eventsOf('cn01', { limit: 2 })), ['/f8', '/f9'])
  t.deepEqual(names(timeline.eventsOf('cn01', { sinceMs: T0 + 8000 })), ['/f8', '/f9'])
  timeline.close()
})

test('events without a node are given to the node of their MAC, then of their address; strangers stay under the MAC', (t) => {
  const timeline = openTimeline({
    file: newFile(),
    now,
    nodeOfMac: (mac) => (mac === 'aa:aa:aa:aa:aa:aa' ? 'cn07' : undefined),
    nodeOfIp: (ip) => (ip === '10.77.0.8' ? 'cn08' : undefined),
  })
  const base = { atMs: T0, service: 'dhcp', event: 'DISCOVER', ok: true } as const
  timeline.emit({ ...base, mac: 'aa:aa:aa:aa:aa:aa', ip: '10.77.0.8' })
  timeline.emit({ ...base, ip: '10.77.0.8' })
  timeline.emit({ ...base, mac: 'bb:bb:bb:bb:bb:bb', ip: '10.77.0.99' })
  timeline.emit({ ...base, ip: '10.77.0.99' })
  const counts = ['cn07', 'cn08', 'bb:bb:bb:bb:bb:bb', '10.77.0.99'].map((who) => timeline.eventsOf(who).length)
  t.deepEqual(counts, [1, 1, 1, 1])
  t.is(timeline.subjects().length, 4)
  timeline.close()
})

test('history per node is bounded, and one busy node costs the others nothing', async (t) => {
  const timeline = openTimeline({ file: newFile(), now, limits: { eventsPerNode: 50, flushMs: 5 } })
  timeline.emit(get(0, '/quiet', { node: 'cn02' }))
  for (let index = 0; index < 500; index += 1) timeline.emit(get(index / 100, `/f${index}`))
  while (timeline.eventsOf('cn01').length > 50) await pause(10)
  const kept = timeline.eventsOf('cn01')
  t.is(kept.length, 50)
  t.is(kept.at(-1)?.object, '/f499')
  t.is(timeline.eventsOf('cn02').length, 1)
  timeline.close()
})

test('old events go', async (t) => {
  const timeline = openTimeline({ file: newFile(), now, limits: { ageMs: 50_000, pruneMs: 20 } })
  timeline.emit(get(0, '/old'))
  timeline.emit(get(30, '/young'))
  timeline.flush()
  while (timeline.eventsOf('cn01').some(({ object }) => object === '/old')) await pause(10)
  t.deepEqual(
    timeline.eventsOf('cn01').map(({ object }) => object),
    ['/young'],
  )
  timeline.close()
})

test('a full queue drops and counts, and never throws; so does a closed timeline', (t) => {
  const timeline = openTimeline({ file: newFile(), now, limits: { queueEvents: 3 } })
  for (let index = 0; index < 5; index += 1) timeline.emit(get(index, '/f'))
  t.is(timeline.counters.dropped, 2)
  t.is(timeline.eventsOf('cn01').length, 3)
  timeline.close()
  timeline.close()
  t.notThrows(() => timeline.emit(get(9, '/late')))
  t.is(timeline.counters.dropped, 3)
})

test('in a flood a node\u2019s repeated DHCP events are counted and not kept; reports and the first of each kind are', (t) => {
  const timeline = openTimeline({ file: newFile(), now, limits: { floodEventsPerSecond: 100, repeatMs: 10_000 } })
  const discover = (node: string, atMs: number): BootEvent => ({
    atMs,
    service: 'dhcp',
    event: 'DISCOVER',
    node,
    ok: true,
  })
  // Calm: everything is kept.
  for (let i = 0; i < 50; i++) timeline.emit(discover('cn01', T0 + i * 20))
  t.is(timeline.eventsOf('cn01').length, 50)
  // 200 events in each of three seconds: the second before decides.
  for (let i = 0; i < 600; i++) timeline.emit(discover(i % 2 ? 'cn02' : 'cn03', T0 + 1000 + i * 5))
  timeline.emit(report(3.999, 'root', 'ok', { node: 'cn02' }))
  // From the second second on: 400 events, of which the first of each node is kept.
  t.is(timeline.counters.repeated, 398)
  t.is(timeline.eventsOf('cn02').filter(({ service }) => service === 'initrd').length, 1)
  timeline.close()
})

test('long texts are cut, not refused', (t) => {
  const timeline = openTimeline({ file: newFile(), now })
  timeline.emit(report(0, 'root', 'failed', { detail: 'x'.repeat(100_000) }))
  t.is(timeline.eventsOf('cn01')[0]?.detail?.length, 8192)
  timeline.close()
})

test('another reader sees the events while the server writes', (t) => {
  const file = newFile()
  const timeline = openTimeline({ file, now })
  timeline.emit(get(0, '/one'))
  timeline.flush()
  const reader = openTimelineReader({ file, now })
  t.is(reader.eventsOf('cn01').length, 1)
  timeline.emit(get(1, '/two'))
  timeline.flush()
  t.is(reader.eventsOf('cn01').length, 2)
  reader.close()
  timeline.close()
})

test('a file that is no database is put aside and a new one begun', (t) => {
  const file = newFile()
  writeFileSync(file, 'this is not a database, but long enough to be looked at as one'.repeat(50))
  const warnings: string[] = []
  const timeline = openTimeline({ file, now, log: { warn: (_, message) => warnings.push(message) } })
  timeline.emit(get(0, '/one'))
  t.is(timeline.eventsOf('cn01').length, 1)
  timeline.close()
  t.is(warnings.length, 1)
  t.true(readdirSync(directory).some((name) => name.includes('.broken-')))
})

test('kill -9 of the writer loses at most what was not flushed yet', async (t) => {
  const file = newFile()
  const store = new URL('../../src/timeline/store.ts', import.meta.url).href
  const script = `
    import { openTimeline } from ${JSON.stringify(store)}
    const timeline = openTimeline({ file: ${JSON.stringify(file)}, now: Date.now })
    let seq = 0
    setInterval(() => {
      timeline.emit({ atMs: ${T0} + seq, service: 'http', event: 'get', node: 'cn01', object: String(seq), ok: true })
      seq += 1
      if (seq % 20 === 0) console.log(timeline.counters.written)
    }, 2)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  let written = 0
  child.stdout.setEncoding('utf8')
  child.stdout.on('data', (text: string) => {
    written = Number(text.trim().split('\n').at(-1))
    if (written >= 200) child.kill('SIGKILL')
  })
  await once(child, 'exit')
  t.true(written >= 200)
  const timeline = openTimeline({ file, now })
  const kept = timeline.eventsOf('cn01')
  t.true(kept.length >= written)
  // Nothing is missing in between.
  t.deepEqual(
    kept.map(({ object }) => object),
    kept.map((_, index) => String(index)),
  )
  timeline.close()
})

test('of machines that are no nodes only the newest events are kept, however many addresses they make up', (t) => {
  const timeline = openTimeline({ file: newFile(), now, limits: { strangerEvents: 100 } })
  for (const event of wholeBoot()) timeline.emit(event)
  const before = timeline.eventsOf('cn01').length
  for (let each = 0; each < 3000; each += 1) {
    const who =
      each % 2 === 0
        ? { mac: `02:00:00:00:${hex(each >> 8)}:${hex(each & 255)}` }
        : { ip: `10.9.${each >> 8}.${each & 255}` }
    timeline.emit({ atMs: T0 + each, service: 'dhcp', event: 'DISCOVER', ok: true, ...who })
  }
  timeline.flush()
  timeline.emit({ atMs: T0 + 3000, service: 'dhcp', event: 'DISCOVER', ok: true, mac: '02:00:00:01:00:00' })
  return waitUntil(() => timeline.subjects().length <= 101).then(() => {
    t.is(timeline.subjects().length, 101)
    t.is(timeline.eventsOf('02:00:00:01:00:00').length, 1, 'the newest')
    t.is(timeline.eventsOf('cn01').length, before, 'of a node nothing is lost')
    timeline.close()
  })
})

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0')
}

async function waitUntil(is: () => boolean): Promise<void> {
  for (let turn = 0; turn < 500 && !is(); turn += 1) await pause(20)
}

test('names that clients make up cannot write to the terminal of whoever reads them', (t) => {
  const timeline = openTimeline({ file: newFile(), now })
  const object = 'a\u001b[2J\u202eb'
  timeline.emit({
    atMs: T0,
    service: 'tftp',
    event: 'read',
    ip: '10.0.0.9',
    object,
    ok: false,
    detail: `no\u0007 ${object}\nx`,
  })
  t.like(timeline.eventsOf('10.0.0.9')[0], { object: 'a?[2J?b', detail: 'no? a?[2J?b\nx' })
  timeline.close()
})
