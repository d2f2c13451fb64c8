/** Files that unknown machines ask for: whose they are, and how many are kept. */
import test from 'ava'
import { openNeighbours } from '../../src/server/neighbours.ts'
import { openStrangerEvents } from '../../src/server/stranger-events.ts'
import type { BootEvent } from '../../src/timeline/event.ts'

const MAC = '52:54:00:77:00:0b'
const NODE_MAC = '52:54:00:77:00:01'
const LEASED: Readonly<Record<string, string>> = { '10.0.0.9': MAC, '10.0.0.10': NODE_MAC }

function open() {
  return openStrangerEvents({
    nodeOf: (ip) => (ip === '10.0.0.1' ? 'n1' : undefined),
    nodeOfMac: (mac) => (mac === NODE_MAC ? 'n1' : undefined),
    strangerAt: (ip) => LEASED[ip],
  })
}

const read = (ip: string, atMs = 0): BootEvent => {
  return { atMs, service: 'tftp', event: 'read', ip, object: 'undionly.kpxe', ok: false, detail: 'not found' }
}

test('a file that an unknown machine asks for stands under its hardware address', (t) => {
  t.is(open().kept(read('10.0.0.9'))?.mac, MAC)
  t.is(open().kept(read('10.0.0.8'))?.mac, undefined)
  t.is(open().kept(read('10.0.0.10'))?.mac, NODE_MAC, 'adopted while it has its old address')
  t.deepEqual(open().kept(read('10.0.0.1')), read('10.0.0.1'))
})

test('of one machine, and of all together, only so many are kept; of nodes every one', (t) => {
  const strangers = open()
  const kept = (ips: (at: number) => string) =>
    Array.from({ length: 100_000 }, (_, at) => strangers.kept(read(ips(at)))).filter(Boolean).length
  t.is(
    kept(() => '10.0.0.9'),
    200,
  )
  t.is(
    kept((at) => `10.9.${at >> 8}.${at & 255}`),
    1800,
  )
  t.is(
    kept(() => '10.0.0.1'),
    100_000,
  )
  t.truthy(strangers.kept(read('10.0.0.9', 60_000)), 'and later again')
})

test('the kernel’s table of neighbours is read now and then, and not for every event', (t) => {
  let reads = 0
  let nowMs = 1000
  const table = new Map<string, string>()
  const at = openNeighbours(
    () => nowMs,
    () => {
      reads += 1
      return new Map(table)
    },
  )
  for (let each = 0; each < 1000; each += 1) t.is(at('10.0.0.9'), undefined)
  t.is(reads, 1)
  table.set('10.0.0.9', MAC)
  nowMs += 101
  t.is(at('10.0.0.9'), MAC)
  nowMs += 500
  t.is(at('10.0.0.9'), MAC)
  t.is(reads, 2)
})
