/**
 * Addresses that two nodes would share. xCAT wrote both down and left it to chance who gets it; here the node that is listed
 * first keeps it. Worked out for all nodes at once: a wrong group pattern hits thousands of them.
 */
import { normalizeIpv4, normalizeMac } from '../addresses.ts'
import { BLOCKING_CELL } from '../cells.ts'
import { nodeNames } from '../groups.ts'
import { createResolver, type Resolver } from '../resolve.ts'
import { isEnabled } from '../row.ts'
import type { ImportedRow, ImportedTables } from './imported-tables.ts'

export function settleAddresses(tables: ImportedTables): void {
  settleIps(tables)
  settleMacs(tables)
}

function settleIps(tables: ImportedTables): void {
  const owners = new Map<string, string>()
  const resolver = createResolver(tables)
  const conflicts: { node: string; ip: string; owner: string }[] = []
  for (const node of holdersFirst(tables, 'hosts', 'ip', resolver)) {
    const ip = normalizeIpv4(resolver.value(node, 'hosts', 'ip')?.trim() ?? '')
    if (ip === undefined) continue
    const owner = owners.get(ip)
    if (owner === undefined) owners.set(ip, node)
    else if (!isOld(tables, 'hosts', 'ip', resolver, [node, owner])) conflicts.push({ node, ip, owner })
  }
  for (const { node, ip, owner } of conflicts) {
    // The cell blocks the groups as well: another of their addresses would be as wrong.
    tables.loseCell(ownRow(tables, 'hosts', node), 'ip', `${ip} belongs to node ${owner} already`, BLOCKING_CELL)
  }
}

function settleMacs(tables: ImportedTables): void {
  const owners = new Map<string, string>()
  const resolver = createResolver(tables)
  const conflicts: { node: string; rest: string; why: string }[] = []
  for (const node of holdersFirst(tables, 'mac', 'mac', resolver)) {
    const value = resolver.value(node, 'mac', 'mac')
    if (value === undefined) continue
    const faults: string[] = []
    const items = value.split('|').filter((item) => {
      if (item.trim() === '') return false
      const [address = ''] = item.trim().split('!')
      const mac = normalizeMac(address)
      const owner = mac === undefined ? undefined : (owners.get(mac) ?? node)
      if (mac !== undefined && owner === node) owners.set(mac, node)
      else if (mac === undefined) faults.push(`"${address}" is not a hardware address of 6 or 20 bytes`)
      else if (isOld(tables, 'mac', 'mac', resolver, [node, owner ?? ''])) return true
      else faults.push(`${mac} belongs to node ${owner} already`)
      return mac !== undefined && owner === node
    })
    if (faults.length > 0) conflicts.push({ node, rest: items.join('|'), why: faults.join(', ') })
  }
  for (const { node, rest, why } of conflicts)
    tables.loseCell(ownRow(tables, 'mac', node), 'mac', why, rest === '' ? BLOCKING_CELL : rest)
}

/** Into a site that has nodes: those that keep their value come first, so that no import takes it from them. */
function holdersFirst(tables: ImportedTables, table: string, column: string, now: Resolver): readonly string[] {
  const nodes = nodeNames(tables)
  if (tables.mode === 'replace') return nodes
  const before = createResolver(tables.base)
  const holds = (node: string) => before.value(node, table, column) === now.value(node, table, column)
  const { held = [], others = [] } = Object.groupBy(nodes, (node) => (holds(node) ? 'held' : 'others'))
  return [...held, ...others]
}

/** Both had these values before the import: an old fault, and not for the import to mend. */
function isOld(
  tables: ImportedTables,
  table: string,
  column: string,
  now: Resolver,
  nodes: readonly string[],
): boolean {
  if (tables.mode === 'replace') return false
  const before = createResolver(tables.base)
  return nodes.every((node) => before.value(node, table, column) === now.value(node, table, column))
}

function ownRow(tables: ImportedTables, table: string, node: string): ImportedRow {
  const row = tables.row(table, `node=${node}`)
  if (!row?.current) return tables.add(table, { node })
  if (!isEnabled(row.current))
    tables.empty(row, 'the node needs a row that keeps a double address of its groups from it')
  return row
}
