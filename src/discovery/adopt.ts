/**
 * Which machine becomes which node. Pure, and never of its own accord: somebody named the nodes, and how they are told
 * apart. A pair is only made when there is exactly one answer.
 */
import type { DiscoveredMachine } from './machine.ts'

export type AdoptBy = 'order' | 'serial' | 'switch'

/** What the tables say of a node that might be one of the machines. */
export interface Candidate {
  readonly name: string
  /** Hardware addresses it has already. */
  readonly macs: readonly string[]
  readonly serial: string
  readonly mtm: string
  /** Rows of the table switch. */
  readonly switchPorts: readonly { readonly switchName: string; readonly port: string }[]
}

export interface Pair {
  readonly node: string
  readonly machine: DiscoveredMachine
}

export interface Matched {
  readonly pairs: readonly Pair[]
  /** A line for each node that got none, and why. */
  readonly left: readonly { readonly node: string; readonly why: string }[]
}

/** @param machines those that wait, in order @param addressesOf what a switch is also called: its addresses */
export function matchMachines(
  by: AdoptBy,
  nodes: readonly Candidate[],
  machines: readonly DiscoveredMachine[],
  addressesOf: (switchName: string) => readonly string[],
): Matched {
  const pairs: Pair[] = []
  const left: { node: string; why: string }[] = []
  const open = nodes.filter(({ name, macs }) => {
    if (macs.length > 0) left.push({ node: name, why: `has ${macs.join(' ')} already` })
    return macs.length === 0
  })
  if (by === 'order') {
    for (const [at, node] of open.entries()) {
      const machine = machines[at]
      if (machine) pairs.push({ node: node.name, machine })
      else left.push({ node: node.name, why: 'no more machines wait' })
    }
    return { pairs, left }
  }
  for (const node of open) {
    const found = by === 'serial' ? bySerial(node, machines) : bySwitch(node, machines, addressesOf)
    if ('why' in found) left.push({ node: node.name, why: found.why })
    else pairs.push({ node: node.name, machine: found })
  }
  return withoutRivals(pairs, left)
}

type Found = DiscoveredMachine | { readonly why: string }

function only(found: readonly DiscoveredMachine[], what: string): Found {
  const [machine, ...others] = found
  if (!machine) return { why: `no machine waits with ${what}` }
  if (others.length > 0) return { why: `${found.length} machines wait with ${what}: adopt them with --mac` }
  return machine
}

function bySerial({ serial, mtm }: Candidate, machines: readonly DiscoveredMachine[]): Found {
  if (serial === '') return { why: 'its serial number is not known (vpd.serial)' }
  const isSame = (a: string, b: string) => a.trim().toLowerCase() === b.trim().toLowerCase()
  const found = machines.filter(
    (machine) => isSame(machine.serial, serial) && (mtm === '' || machine.model === '' || isSame(machine.model, mtm)),
  )
  return only(found, mtm === '' ? `serial ${serial}` : `serial ${serial} and model ${mtm}`)
}

function bySwitch(
  { switchPorts }: Candidate,
  machines: readonly DiscoveredMachine[],
  addressesOf: (switchName: string) => readonly string[],
): Found {
  if (switchPorts.length === 0) return { why: 'its switch port is not known (table switch)' }
  const found = machines.filter((machine) =>
    machine.ports.some((port) =>
      switchPorts.some(
        (wanted) =>
          isSamePort(wanted.port, port.switchPort) &&
          isSameSwitch(wanted.switchName, port.switchName, port.switchAddress, addressesOf(wanted.switchName)),
      ),
    ),
  )
  return only(found, `switch port ${switchPorts.map(({ switchName, port }) => `${switchName}/${port}`).join(' or ')}`)
}

/** Switches say their long name, tables the short one, or its address. */
function isSameSwitch(wanted: string, said: string, address: string, addresses: readonly string[]): boolean {
  if (said === '') return false
  const [one, other] = [wanted.toLowerCase(), said.toLowerCase()]
  const isName = !/^\d+(\.\d+){3}$/.test(one)
  return (
    one === other ||
    (isName && one.split('.')[0] === other.split('.')[0] && !(one.includes('.') && other.includes('.'))) ||
    (address !== '' && (one === address || addresses.includes(address)))
  )
}

/** `7` in the table is `Ethernet1/7` or `swp7` of the switch; two names must be the same. */
export function isSamePort(wanted: string, said: string): boolean {
  const [one, other] = [wanted.trim().toLowerCase(), said.trim().toLowerCase()]
  if (one === '' || other === '') return false
  if (one === other) return true
  return /^\d+$/.test(one) && /(?:^|[^\d])0*(\d+)$/.exec(other)?.[1] === String(Number(one))
}

/** One machine that fits two nodes is neither. */
function withoutRivals(pairs: readonly Pair[], left: { node: string; why: string }[]): Matched {
  const nodesOf = new Map<string, string[]>()
  for (const { node, machine } of pairs) nodesOf.set(machine.uuid, [...(nodesOf.get(machine.uuid) ?? []), node])
  const kept = pairs.filter(({ node, machine }) => {
    const rivals = nodesOf.get(machine.uuid) ?? []
    if (rivals.length > 1) left.push({ node, why: `${machine.bootMac} would be ${rivals.join(' and ')}` })
    return rivals.length === 1
  })
  return { pairs: kept, left }
}
