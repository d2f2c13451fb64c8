/** Reports → rows of discoverydata, and back. */
import test from 'ava'
import { type Inventory, parseInventory } from '../../src/discovery/inventory.ts'
import { limits } from '../../src/discovery/limits.ts'
import { inOrder, isWaiting, machineOf, rememberMachines } from '../../src/discovery/machine.ts'
import { RateLimit } from '../../src/discovery/rate.ts'
import { rowUpdate, saysNothingNew } from '../../src/discovery/upsert.ts'
import type { Row } from '../../src/tables/row.ts'
import { inventoryText, lldpLine, type Said } from './inventory-text.ts'

const AT = new Date(2026, 10, 22, 13, 5, 9).getTime()
const DAY = 24 * 3600_000

function inventory(said: Said = {}): Inventory {
  const found = parseInventory(Buffer.from(inventoryText(said)))
  if ('fault' in found) throw new Error(found.fault)
  return found
}

function updated(rows: readonly Row[], said: Said, atMs = AT) {
  const update = rowUpdate(rows, inventory(said), '10.77.9.1', atMs)
  if ('fault' in update) throw new Error(update.fault)
  const before = rows.find((row) => row.uuid === update.uuid) ?? {}
  const row: Row = { ...before, ...update.values, uuid: update.uuid }
  return { update, row, rows: [...rows.filter(({ uuid }) => uuid !== update.uuid && uuid !== update.forget), row] }
}

test('a row as xCAT has it, and the machine in it', (t) => {
  const { row } = updated([], { more: [lldpLine('eth0', 'sw1,old', 'Ethernet1/7')] })
  t.like(row, {
    uuid: '6f5c1f0a-5bb6-4a5c-9f5e-0d3c1a2b3c4d',
    method: 'undef',
    discoverytime: '11-22-2026 13:05:09',
    nichwaddr: 'eth0!52:54:00:77:00:0b',
    nicipv4: 'eth0!10.77.9.1',
    switchname: 'eth0!sw1 old',
    switchport: 'eth0!Ethernet1/7',
  })
  t.like(machineOf(row), {
    serial: 'S1',
    model: 'Box 7',
    bootMac: '52:54:00:77:00:0b',
    ip: '10.77.9.1',
    lastSeenMs: AT,
  })
  t.like(machineOf(row).ports[0], { link: 'up', switchName: 'sw1 old', switchPort: 'Ethernet1/7' })
})

test('rows of another program are read as far as they go', (t) => {
  const row = { uuid: 'X', node: 'undef', nichwaddr: 'eth0!00:00:00:00:00:01', otherdata: '<xml/>', memory: '16000MB' }
  t.like(machineOf(row), { node: undefined, bootMac: '', memoryMiB: 16_000, disks: [] })
  t.false(isWaiting(machineOf(row)))
  t.notThrows(() => machineOf({ uuid: 'Y', otherdata: '[1]' }))
})

test('a machine that reports again keeps its row and its place; only news are written', (t) => {
  const first = updated([], {})
  const again = updated(first.rows, {}, AT + 60_000)
  t.is(again.rows.length, 1)
  t.is(again.row.discoverytime, first.row.discoverytime)
  t.true(saysNothingNew(first.row, again.update.values, AT + 60_000))
  t.false(saysNothingNew(first.row, again.update.values, AT + 3600_000), 'that it is still there is news')
  const plugged = updated(first.rows, { more: [lldpLine('eth0', 'sw1', '7')] })
  t.false(saysNothingNew(first.row, plugged.update.values, AT))
})

test('boards that all have one UUID are machines of their own', (t) => {
  const { rows } = updated(updated([], {}).rows, { mac: '52:54:00:77:00:0c', serial: 'S2' })
  t.deepEqual(
    rows.map(({ uuid }) => uuid),
    ['6f5c1f0a-5bb6-4a5c-9f5e-0d3c1a2b3c4d', '00000000-0000-0000-0000-52540077000c'],
  )
  t.is(updated(rows, { mac: '52:54:00:77:00:0c', serial: 'S2' }).rows.length, 2)
})

test('a stranger that was adopted once waits anew', (t) => {
  const { row } = updated([], {})
  const adopted = { ...row, node: 'n1', method: 'switch' }
  t.like(updated([adopted], {}, AT + DAY).row, { node: '', method: 'undef', discoverytime: '11-23-2026 13:05:09' })
})

test('they stand in the order in which they were first seen, over the turn of a year', (t) => {
  const { rows } = updated(
    updated([], { mac: '52:54:00:77:00:02', uuid: '-' }, new Date(2027, 0, 1).getTime()).rows,
    { mac: '52:54:00:77:00:01', uuid: '-' },
    new Date(2026, 11, 31).getTime(),
  )
  t.deepEqual(
    inOrder(rows.map(machineOf)).map(({ bootMac }) => bootMac),
    ['52:54:00:77:00:01', '52:54:00:77:00:02'],
  )
})

test('the list is bounded: a full one takes nobody, unless somebody is long gone', (t) => {
  const [row] = updated([], { mac: '02:00:00:00:00:00', uuid: '-' }).rows
  const full = Array.from({ length: limits.waiting }, (_, at): Row => {
    const mac = `02:00:00:00:${(at >> 8).toString(16).padStart(2, '0')}:${(at & 255).toString(16).padStart(2, '0')}`
    const text = (value: string | null | undefined) => (value ?? '').replaceAll('02:00:00:00:00:00', mac)
    return { ...row, uuid: `u${at}`, nichwaddr: text(row?.nichwaddr), otherdata: text(row?.otherdata) }
  })
  const refused = rowUpdate(full, inventory(), '10.77.9.1', AT + DAY)
  t.regex('fault' in refused ? refused.fault : '', /1024 machines wait already/)
  t.like(rowUpdate(full, inventory(), '10.77.9.1', AT + 8 * DAY), { forget: 'u0' })
  t.false('fault' in rowUpdate(full, inventory({ mac: '02:00:00:00:00:07', uuid: '-' }), '10.77.9.1', AT + DAY))
})

test('a rate: a burst, then one at a time; whoever is counted is forgotten in the end', (t) => {
  const rate = new RateLimit({ burst: 2, seconds: 10 }, 2)
  t.deepEqual(
    [0, 0, 0].map((atMs) => rate.allows('a', atMs)),
    [true, true, false],
  )
  t.false(rate.allows('a', 9_000))
  t.true(rate.allows('a', 10_500))
  t.true(rate.allows('b', 10_500))
  t.true(rate.allows('c', 10_500))
  t.true(rate.allows('a', 10_501), 'only two are remembered')
})

test('a machine with two ports on one wire is one machine, whichever it boots from, with a UUID or without', (t) => {
  const ports = ['52:54:00:77:00:0b', '52:54:00:77:00:0c'] as const
  const boots = (at: 0 | 1, uuid: string): Said => {
    const more = [`port\teth1\t${ports[at === 0 ? 1 : 0]}\tup\tvirtio_net\t0000:00:03.0`]
    return { mac: ports[at], uuid, more }
  }
  for (const uuid of ['6f5c1f0a-5bb6-4a5c-9f5e-0d3c1a2b3c4d', '-', '03000200-0400-0500-0006-000700080009']) {
    const first = updated([], boots(0, uuid))
    const { rows, row } = updated(first.rows, boots(1, uuid), AT + 60_000)
    t.is(rows.length, 1, uuid)
    t.is(row.discoverytime, first.row.discoverytime)
    t.is(machineOf(row).bootMac, ports[1])
    t.deepEqual(
      machineOf(row)
        .ports.map(({ mac }) => mac)
        .sort(),
      ports,
    )
  }
  // Only one of the ports: anybody could name it.
  t.is(updated(updated([], boots(0, '-')).rows, { mac: ports[1], uuid: '-' }).rows.length, 2)
})

test('rows that are looked at again are read once, and anew when a cell has changed', (t) => {
  const { row } = updated([], {})
  const read = rememberMachines()
  const first = read(row)
  t.is(read({ ...row }), first)
  t.deepEqual(read({ ...row, node: 'n1' }), machineOf({ ...row, node: 'n1' }))
  t.not(read(row), first)
  t.deepEqual(rowUpdate([row], inventory(), '10.77.9.1', AT, read), rowUpdate([row], inventory(), '10.77.9.1', AT))
})
