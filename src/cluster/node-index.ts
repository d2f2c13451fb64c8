/**
 * Which node has which hardware address and which IP address. The dearest part of a snapshot at ten thousand nodes, so
 * the last one is kept when nothing it was made from has changed: status reports change nodelist all the time.
 */
import { parseMacCell } from '../tables/addresses.ts'
import { parseHierarchicalAttributes, type Resolver } from '../tables/resolve.ts'
import { cell, indexRows, isEnabled, type Row, type TablesView } from '../tables/row.ts'
import { NODE_NAME } from '../tables/values.ts'
import { parseIpv4 } from './addresses.ts'
import type { Ipv4, MacAddress, NodeName } from './model.ts'
import { assignAddresses, type PortAddress, type PortCell, parseOtherInterfaces } from './ports.ts'

export interface NodeAddresses {
  readonly ip: Ipv4 | undefined
  readonly interfaceName: string | undefined
  readonly ports: readonly PortAddress[]
}

export interface NodeIndex {
  readonly names: readonly NodeName[]
  readonly addresses: ReadonlyMap<string, NodeAddresses>
  readonly nodeByMac: ReadonlyMap<MacAddress, NodeName>
  readonly nodeByIp: ReadonlyMap<Ipv4, NodeName>
  readonly faults: readonly string[]
  readonly sources: Sources
}

interface Sources {
  readonly nodelist: readonly Row[]
  readonly mac: readonly Row[]
  readonly hosts: readonly Row[]
  readonly accumulating: string
}

function sourcesOf(view: TablesView): Sources {
  const accumulating = JSON.stringify([...parseHierarchicalAttributes(view)])
  return { nodelist: view.read('nodelist'), mac: view.read('mac'), hosts: view.read('hosts'), accumulating }
}

/** Only names, groups and disable of nodelist bear on addresses. */
function sameMembers(some: readonly Row[], others: readonly Row[]): boolean {
  if (some === others) return true
  if (some.length !== others.length) return false
  return some.every((row, at) => {
    const other = others[at] as Row
    return (
      row === other || (row.node === other.node && row.groups === other.groups && isEnabled(row) === isEnabled(other))
    )
  })
}

export function compileNodeIndex(view: TablesView, resolver: Resolver, previous: NodeIndex | undefined): NodeIndex {
  const sources = sourcesOf(view)
  const old = previous?.sources
  if (
    previous &&
    old &&
    old.mac === sources.mac &&
    old.hosts === sources.hosts &&
    old.accumulating === sources.accumulating &&
    sameMembers(old.nodelist, sources.nodelist)
  )
    return previous
  const faults: string[] = []
  const names: NodeName[] = []
  for (const name of indexRows(sources.nodelist, 'node').keys()) {
    if (NODE_NAME.test(name)) names.push(name as NodeName)
    else faults.push(`nodelist row node=${name}: the name is not letters, digits, "-" and "_"; the node is left out`)
  }
  const nodeByMac = new Map<MacAddress, NodeName>()
  const nodeByIp = new Map<Ipv4, NodeName>()
  const addresses = new Map<string, NodeAddresses>()
  const claim = <K extends string>(owners: Map<K, NodeName>, key: K, node: NodeName, table: string): boolean => {
    const owner = owners.get(key) ?? node
    if (owner === node) owners.set(key, node)
    else faults.push(`${table} row node=${node}: ${key} belongs to node ${owner} already; ${node} does not get it`)
    return owner === node
  }
  for (const node of names) {
    const own = nodeAddresses(node, view, resolver, faults)
    // One address is never given to two nodes: who stands first in nodelist keeps it.
    const lost = [...new Set([own.ip, ...own.ports.map((port) => port.ip)])].filter(
      (ip) => ip !== undefined && !claim(nodeByIp, ip, node, 'hosts'),
    )
    const keep = (ip: Ipv4 | undefined) => (lost.includes(ip) ? undefined : ip)
    const ports = own.ports.filter((port) => claim(nodeByMac, port.mac, node, 'mac'))
    const kept = lost.length === 0 ? ports : ports.map((port) => ({ ...port, ip: keep(port.ip) }))
    addresses.set(node, { ip: keep(own.ip), interfaceName: own.interfaceName, ports: Object.freeze(kept) })
  }
  return { names: Object.freeze(names.sort()), addresses, nodeByMac, nodeByIp, faults, sources }
}

function nodeAddresses(node: NodeName, view: TablesView, resolver: Resolver, faults: string[]): NodeAddresses {
  const value = (table: string, column: string): string => {
    const resolved = resolver.resolve(node, table, column)
    if (resolved.fault !== undefined) faults.push(`${resolved.fault} (node ${node})`)
    return resolved.value ?? ''
  }
  const ipText = value('hosts', 'ip').trim()
  const ip = ipText === '' ? undefined : parseIpv4(ipText)
  if (ipText !== '' && ip === undefined) faults.push(`hosts row node=${node}: ip "${ipText}" is not an IPv4 address`)
  const cells = parseMacCell(value('mac', 'mac'), (fault) =>
    faults.push(`mac row node=${node}: ${fault}`),
  ) as PortCell[]
  const named = cells.some((port) => port.name !== undefined && port.name !== node)
  const others = named ? parseOtherInterfaces(node, value('hosts', 'otherinterfaces')) : undefined
  const addressOf = (hostName: string): Ipv4 | undefined => {
    const ownRow = indexRows(view.read('hosts'), 'node').get(hostName)?.[0]
    return others?.get(hostName) ?? parseIpv4(ownRow ? cell(ownRow, 'ip') : '')
  }
  return {
    ip,
    interfaceName: value('mac', 'interface') || undefined,
    ports: Object.freeze(assignAddresses(node, ip, cells, addressOf)),
  }
}
