/** Which row of discoverydata a report belongs to, and what the row becomes. Pure. */
import { cell, type Row } from '../tables/row.ts'
import type { Inventory } from './inventory.ts'
import { limits } from './limits.ts'
import { type DiscoveredMachine, inOrder, machineColumns, machineOf, renderDiscoveryTime } from './machine.ts'

export interface RowUpdate {
  readonly uuid: string
  readonly values: Readonly<Record<string, string>>
  /** A machine that is forgotten to make room. */
  readonly forget: string | undefined
}

/**
 * One machine, one row: found by the address it boots from, then by its UUID. Boards exist by the thousand that all have
 * the same UUID: a row with other addresses is another machine, and this one gets a UUID made of its address.
 */
export function rowUpdate(
  rows: readonly Row[],
  inventory: Inventory,
  ip: string,
  nowMs: number,
  read: (row: Row) => DiscoveredMachine = machineOf,
): RowUpdate | { readonly fault: string } {
  const machines = rows.map(read)
  const bootMac = inventory.ports.find(({ name }) => name === inventory.boot)?.mac ?? ''
  const macs = new Set(inventory.ports.map(({ mac }) => mac))
  const isSame = (machine: DiscoveredMachine) => machine.ports.some(({ mac }) => macs.has(mac))
  // A machine without a UUID that boots from its other port: nobody else has the same ports, all of them.
  const hasSamePorts = ({ ports }: DiscoveredMachine) =>
    ports.length === macs.size && ports.every(({ mac }) => macs.has(mac))
  const own =
    machines.find((machine) => machine.bootMac === bootMac) ??
    machines.find((machine) => machine.uuid.toLowerCase() === inventory.uuid && isSame(machine)) ??
    machines.find(hasSamePorts)
  const isTaken = machines.some((machine) => machine.uuid.toLowerCase() === inventory.uuid && machine !== own)
  const uuid = own?.uuid ?? (inventory.uuid === '' || isTaken ? uuidOfMac(bootMac) : inventory.uuid)
  const columns = machineColumns(inventory, ip, nowMs)
  if (own) {
    // It asks as a stranger: whatever it was adopted as, it is not that node any more.
    const again = own.node === undefined ? {} : { node: '', method: 'undef', discoverytime: renderDiscoveryTime(nowMs) }
    return { uuid, values: { ...columns, ...again }, forget: undefined }
  }
  const waiting = machines.filter(({ node }) => node === undefined)
  const room = waiting.length < limits.waiting ? { forget: undefined } : makeRoom(waiting, nowMs)
  if ('fault' in room) return room
  const first = { method: 'undef', discoverytime: renderDiscoveryTime(nowMs) }
  return { uuid, values: { ...columns, ...first }, forget: room.forget }
}

function makeRoom(
  waiting: readonly DiscoveredMachine[],
  nowMs: number,
): { readonly forget: string } | { readonly fault: string } {
  const gone = inOrder(waiting).find(({ lastSeenMs }) => nowMs - lastSeenMs > limits.forgottenMs)
  if (gone) return { forget: gone.uuid }
  return { fault: `${waiting.length} machines wait already: adopt them, or liteboot discovered --remove` }
}

/** Nothing but the time is new, and that hardly: need not be written. */
export function saysNothingNew(row: Row | undefined, values: Readonly<Record<string, string>>, nowMs: number): boolean {
  if (!row || !isHeard(row, nowMs)) return false
  return Object.entries(values).every(([column, value]) =>
    column === 'otherdata' ? withoutTime(cell(row, column)) === withoutTime(value) : cell(row, column) === value,
  )
}

/** It has reported of late. */
export function isHeard(row: Row, nowMs: number): boolean {
  return nowMs - machineOf(row).lastSeenMs < limits.heardMs
}

function withoutTime(otherdata: string): string {
  return otherdata.replace(/"seen":"[^"]*",/, '')
}

function uuidOfMac(mac: string): string {
  return `00000000-0000-0000-0000-${mac.replaceAll(':', '').slice(-12)}`
}
