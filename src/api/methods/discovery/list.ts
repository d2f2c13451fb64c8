/** discovered: the machines that wait, in the order in which `adopt` takes them. */
import { existsSync } from 'node:fs'
import { discoversOn, discoveryNetworkOf } from '../../../cluster/discovery.ts'
import type { MacAddress, Snapshot } from '../../../cluster/model.ts'
import { type DiscoveredMachine, type DiscoveredPort, isWaiting } from '../../../discovery/machine.ts'
import { openTimelineReader } from '../../../timeline/store.ts'
import { commandResult } from '../../protocol.ts'
import type { Method } from '../context.ts'
import { allMachines, machinesNamed } from './find.ts'

interface Listed extends DiscoveredMachine {
  /** What its boot address is bound to now, whoever bound it. */
  readonly boundTo: string | undefined
}

/** Of the last hour, and no more than fit on a screen. */
const OF_LATE_MS = 3600_000
const STOPPED_MAX = 5
const LOOKED_AT_MAX = 50

export const list: Method<'discovery.list'> = async (context, { machines: names = [], all, long }) => {
  context.server?.flushTimeline()
  const { snapshot } = await context.compiled()
  const everything = allMachines(context.store)
  const named = names.length > 0 ? machinesNamed(everything, names) : everything
  const listed = named
    .map((machine): Listed => ({ ...machine, boundTo: ownerOf(snapshot, machine) }))
    .filter((machine) => all || names.length > 0 || (isWaiting(machine) && machine.boundTo === undefined))
  const stopped = names.length > 0 || all ? [] : stoppedStrangers(context.timelineFile, snapshot)
  const notes = [...(listed.length > 0 ? [] : [noneWaits(snapshot, everything.length)]), ...stopped]
  const lines = long ? listed.flatMap(stanza) : table(listed)
  return commandResult(lines, listed.map(dataOf), notes)
}

function ownerOf(snapshot: Snapshot, { bootMac }: DiscoveredMachine): string | undefined {
  return bootMac === '' ? undefined : snapshot.portByMac(bootMac as MacAddress)?.node.name
}

/** Machines on networks that opt in, whose boot stopped before they could tell of themselves. */
function stoppedStrangers(file: string, snapshot: Snapshot): string[] {
  if (!existsSync(file)) return []
  const nowMs = Date.now()
  const reader = openTimelineReader({ file, now: () => nowMs })
  try {
    const found = reader
      .strangers()
      .slice(0, LOOKED_AT_MAX)
      .flatMap((mac) => {
        if (snapshot.portByMac(mac as MacAddress)) return []
        const boot = reader.boots(mac).at(-1)
        if (!boot || nowMs - boot.lastMs > OF_LATE_MS || (boot.state !== 'failed' && boot.state !== 'stuck')) return []
        const isOurs = boot.events.some(({ ip }) => ip !== undefined && discoveryNetworkOf(snapshot, ip) !== undefined)
        return isOurs ? [`${mac}: ${boot.summary}: liteboot timeline ${mac}`] : []
      })
    const more = found.length - STOPPED_MAX
    return [...found.slice(0, STOPPED_MAX), ...(more > 0 ? [`and ${more} more whose boot stopped`] : [])]
  } catch {
    // An older file, or one that is being made: the list does without.
    return []
  } finally {
    reader.close()
  }
}

function noneWaits(snapshot: Snapshot, known: number): string {
  const isOpen = snapshot.networks.some((network) => discoversOn(snapshot, network))
  if (!isOpen)
    return 'No machine waits: no network opts in to discovery (chdef -t site discovery=<network>; it needs a dynamicrange).'
  return known > 0 ? 'No machine waits; --all lists those that were adopted.' : 'No machine waits.'
}

function dataOf({ lastSeenMs, node, boundTo, ...machine }: Listed): object {
  const lastSeen = lastSeenMs === 0 ? null : new Date(lastSeenMs).toISOString()
  return { ...machine, node: node ?? boundTo ?? null, lastSeen }
}

const HEAD = ['FIRST SEEN', 'MAC', 'SERIAL', 'MODEL', 'ARCH', 'CPUS', 'MEMORY', 'DISKS', 'SWITCH PORT', 'NODE']

function table(machines: readonly Listed[]): string[] {
  if (machines.length === 0) return []
  const rows = machines.map((machine) => [
    machine.discoveryTime,
    machine.bootMac || machine.ports[0]?.mac || machine.uuid,
    machine.serial || '-',
    machine.model || '-',
    machine.arch || '-',
    machine.cpus === 0 ? '-' : String(machine.cpus),
    machine.memoryMiB === 0 ? '-' : size(machine.memoryMiB * 1024 * 1024),
    machine.disks.length === 0 ? '-' : disksOf(machine),
    bootPort(machine),
    machine.node ?? machine.boundTo ?? '-',
  ])
  // A column that nobody has anything in is only noise: the last one, most of the time.
  const widths = HEAD.map((head, at) => Math.max(head.length, ...rows.map((row) => row[at]?.length ?? 0)))
  return [HEAD, ...rows].map((row) =>
    row
      .map((text, at) => text.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

function bootPort({ ports, bootMac }: DiscoveredMachine): string {
  const seen = ports.filter(({ switchName }) => switchName !== '')
  const port = seen.find(({ mac }) => mac === bootMac) ?? seen[0]
  return port ? switchPort(port) : '-'
}

function switchPort({ switchName, switchPort: port }: DiscoveredPort): string {
  return `${switchName}/${port}`
}

function disksOf({ disks }: DiscoveredMachine): string {
  const total = disks.reduce((sum, { bytes }) => sum + bytes, 0)
  return `${disks.length} (${size(total)})`
}

/** `1.8 TiB`. */
function size(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
  let at = 0
  let value = bytes
  while (value >= 1024 && at < units.length - 1) {
    value /= 1024
    at += 1
  }
  return `${value >= 10 || Number.isInteger(value) ? Math.round(value) : value.toFixed(1)} ${units[at]}`
}

function stanza(machine: Listed): string[] {
  const facts: [string, string][] = [
    ['node', machine.node ?? machine.boundTo ?? ''],
    ['method', machine.method === 'undef' ? '' : machine.method],
    ['uuid', machine.uuid],
    ['serial', machine.serial],
    ['vendor', machine.vendor],
    ['model', machine.model],
    ['arch', machine.arch],
    ['cpus', machine.cpus === 0 ? '' : `${machine.cpus} ${machine.cpuType}`.trim()],
    ['memory', machine.memoryMiB === 0 ? '' : size(machine.memoryMiB * 1024 * 1024)],
    ['address', machine.ip],
    ['first seen', machine.discoveryTime],
    ['last seen', machine.lastSeenMs === 0 ? '' : new Date(machine.lastSeenMs).toISOString().replace(/\.\d+Z$/, 'Z')],
    ...machine.ports.map((port): [string, string] => ['port', portLine(port, machine.bootMac)]),
    ...machine.disks.map(({ name, bytes, model, serial }): [string, string] => [
      'disk',
      [name, size(bytes), model, serial && `serial ${serial}`].filter(Boolean).join(', '),
    ]),
  ]
  const lines = facts.filter(([, value]) => value !== '').map(([name, value]) => `    ${name}: ${value}`)
  return [machine.bootMac || machine.uuid, ...lines]
}

function portLine(port: DiscoveredPort, bootMac: string): string {
  const { name, mac, link, driver, switchName, switchDescription } = port
  const boot = mac === bootMac ? ['booted from'] : []
  const description = switchDescription === '' ? '' : ` (${switchDescription})`
  const plugged = switchName === '' ? [] : [`plugged into ${switchPort(port)}${description}`]
  return [`${name} ${mac}`, link && `link ${link}`, driver, ...boot, ...plugged].filter(Boolean).join(', ')
}
