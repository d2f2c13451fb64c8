/** A machine that was discovered, as a row of discoverydata and as a value. */
import { cell, type Row } from '../tables/row.ts'
import type { Inventory, InventoryDisk } from './inventory.ts'

export interface DiscoveredPort {
  readonly name: string
  readonly mac: string
  readonly link: string
  readonly driver: string
  readonly place: string
  readonly switchName: string
  readonly switchPort: string
  readonly switchAddress: string
  readonly switchDescription: string
}

export interface DiscoveredMachine {
  /** Key of its row. */
  readonly uuid: string
  /** Undefined: it waits. */
  readonly node: string | undefined
  readonly method: string
  /** MM-DD-YYYY HH:MM:SS, first seen. */
  readonly discoveryTime: string
  readonly lastSeenMs: number
  readonly arch: string
  readonly serial: string
  readonly vendor: string
  readonly model: string
  readonly cpus: number
  readonly cpuType: string
  readonly memoryMiB: number
  /** What it booted from: the address that is bound to the node. '' in rows that came from elsewhere. */
  readonly bootMac: string
  /** Address it had when it was last seen. */
  readonly ip: string
  readonly ports: readonly DiscoveredPort[]
  readonly disks: readonly InventoryDisk[]
}

/** Columns of a row, all but node, method and discoverytime. */
export function machineColumns(inventory: Inventory, ip: string, nowMs: number): Record<string, string> {
  const { ports, neighbours } = inventory
  const list = (value: (port: (typeof ports)[number]) => string) =>
    ports
      .flatMap((port) => {
        const text = value(port)
        // The list's own separators, which names of switches may contain.
        return text === '' ? [] : [`${port.name}!${text.replaceAll(',', ' ')}`]
      })
      .join(',')
  const boot = ports.find(({ name }) => name === inventory.boot)
  const other = {
    boot: boot?.mac ?? '',
    seen: new Date(nowMs).toISOString(),
    vendor: inventory.vendor,
    links: Object.fromEntries(ports.map(({ name, link }) => [name, link])),
    disks: inventory.disks,
  }
  return {
    arch: inventory.arch,
    cpucount: String(inventory.cpus),
    cputype: inventory.cpuType,
    memory: String(inventory.memoryMiB),
    mtm: inventory.model,
    serial: inventory.serial,
    nicdriver: list(({ driver }) => driver),
    nicipv4: list(({ name }) => (name === inventory.boot ? ip : '')),
    nichwaddr: list(({ mac }) => mac),
    nicpci: list(({ place }) => place),
    switchname: list(({ name }) => neighbours.get(name)?.switchName ?? ''),
    switchaddr: list(({ name }) => neighbours.get(name)?.address ?? ''),
    switchdesc: list(({ name }) => neighbours.get(name)?.description ?? ''),
    switchport: list(({ name }) => neighbours.get(name)?.port ?? ''),
    otherdata: JSON.stringify(other),
  }
}

export function machineOf(row: Row): DiscoveredMachine {
  const lists = Object.fromEntries(
    ['nicdriver', 'nicipv4', 'nichwaddr', 'nicpci', 'switchname', 'switchaddr', 'switchdesc', 'switchport'].map(
      (column): [string, ReadonlyMap<string, string>] => [column, parseList(cell(row, column))],
    ),
  )
  const of = (column: string, name: string) => lists[column]?.get(name) ?? ''
  const other = parseOther(cell(row, 'otherdata'))
  const names = [...(lists.nichwaddr?.keys() ?? [])]
  const node = cell(row, 'node')
  return {
    uuid: cell(row, 'uuid'),
    node: node === '' || node === 'undef' ? undefined : node,
    method: cell(row, 'method') || 'undef',
    discoveryTime: cell(row, 'discoverytime'),
    lastSeenMs: Date.parse(other.seen) || 0,
    arch: cell(row, 'arch'),
    serial: cell(row, 'serial'),
    vendor: other.vendor,
    model: cell(row, 'mtm'),
    cpus: Number(cell(row, 'cpucount')) || 0,
    cpuType: cell(row, 'cputype'),
    memoryMiB: Number.parseInt(cell(row, 'memory'), 10) || 0,
    bootMac: other.boot,
    ip: [...(lists.nicipv4?.values() ?? [])][0] ?? '',
    ports: names.map((name) => ({
      name,
      mac: of('nichwaddr', name),
      link: other.links[name] ?? '',
      driver: of('nicdriver', name),
      place: of('nicpci', name),
      switchName: of('switchname', name),
      switchPort: of('switchport', name),
      switchAddress: of('switchaddr', name),
      switchDescription: of('switchdesc', name),
    })),
    disks: other.disks,
  }
}

/**
 * machineOf, for whoever looks at all rows again and again: a thousand of the longest take a fifth of a second to read, and
 * strangers decide how long they are.
 */
export function rememberMachines(): (row: Row) => DiscoveredMachine {
  let known = new Map<string, { readonly row: Row; readonly machine: DiscoveredMachine }>()
  return (row) => {
    const uuid = cell(row, 'uuid')
    let entry = known.get(uuid)
    if (!entry || !isSameRow(entry.row, row)) {
      entry = { row, machine: machineOf(row) }
      if (known.size >= REMEMBERED) known = new Map()
      known.set(uuid, entry)
    }
    return entry.machine
  }
}

/** Rows that are adopted stay in the table; more than these are read anew. */
const REMEMBERED = 8192

function isSameRow(one: Row, other: Row): boolean {
  if (one === other) return true
  const columns = Object.keys(other)
  return columns.length === Object.keys(one).length && columns.every((column) => one[column] === other[column])
}

/** It told this server of itself, and is no node yet. Rows of an xCAT server have no boot port. */
export function isWaiting({ node, bootMac }: DiscoveredMachine): boolean {
  return node === undefined && bootMac !== ''
}

export function inOrder(machines: readonly DiscoveredMachine[]): DiscoveredMachine[] {
  return machines
    .map((machine) => ({ machine, key: sortKey(machine) }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ machine }) => machine)
}

/** The year first; two of one second in the order of their addresses, so that it never changes. */
function sortKey({ discoveryTime, bootMac, uuid }: DiscoveredMachine): string {
  const time = discoveryTime.replace(/^(\d\d)-(\d\d)-(\d{4})/, '$3-$1-$2')
  return `${time} ${bootMac} ${uuid}`
}

/** `MM-DD-YYYY HH:MM:SS`, local time, as xCAT writes it. */
export function renderDiscoveryTime(atMs: number): string {
  const date = new Date(atMs)
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${two(date.getMonth() + 1)}-${two(date.getDate())}-${date.getFullYear()}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}

function parseList(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split(',').flatMap((item): [string, string][] => {
      const bar = item.indexOf('!')
      return bar > 0 ? [[item.slice(0, bar).trim(), item.slice(bar + 1).trim()]] : []
    }),
  )
}

interface OtherData {
  readonly boot: string
  readonly seen: string
  readonly vendor: string
  readonly links: Readonly<Record<string, string>>
  readonly disks: readonly InventoryDisk[]
}

/** Rows may have been written by other programs, and their otherdata is anything. */
function parseOther(text: string): OtherData {
  const other: Partial<OtherData> = parseObject(text)
  const word = (value: unknown) => (typeof value === 'string' ? value : '')
  return {
    boot: word(other.boot),
    seen: word(other.seen),
    vendor: word(other.vendor),
    links: typeof other.links === 'object' && other.links !== null ? other.links : {},
    disks: Array.isArray(other.disks) ? other.disks : [],
  }
}

function parseObject(text: string): object {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}
