/** Checks of what nodes end up with, patterns and groups included: addresses that two nodes share, or that fit nowhere. */
import { ipv4Number, normalizeIpv4, parseMacCell } from './addresses.ts'
import { rememberCheck } from './check-memo.ts'
import type { Finding } from './findings.ts'
import { nodeNames } from './groups.ts'
import { type ParsedNetwork, parseNetworkRow } from './network-row.ts'
import { createResolver, type Resolver } from './resolve.ts'
import { enabledRows, type TablesView } from './row.ts'

/** A wrong group pattern hits every node: the first few say it all. */
const MOST_OF_A_KIND = 20

/** Most edits do not touch addresses at all. */
export const checkNodes = rememberCheck(['nodelist', 'hosts', 'mac', 'networks', 'site'], (view): readonly Finding[] =>
  limitEachKind(checkAddresses(view)),
)

function checkAddresses(view: TablesView): Finding[] {
  const resolver = createResolver(view)
  const networks = enabledRows(view, 'networks')
    .map((row) => parseNetworkRow(row, undefined, () => {}))
    .filter((network) => network !== undefined)
    .sort((a, b) => b.prefixLength - a.prefixLength)
  const findings: Finding[] = []
  const byIp = new Map<string, string>()
  const byMac = new Map<string, string>()
  for (const node of nodeNames(view)) {
    findings.push(...checkIp(node, resolver, networks, byIp), ...checkMacs(node, resolver, byMac))
  }
  return findings
}

function finding(
  severity: Finding['severity'],
  code: string,
  table: string,
  node: string,
  column: string,
  message: string,
): Finding {
  return { severity, code, table, row: `node=${node}`, column, message }
}

function checkIp(
  node: string,
  resolver: Resolver,
  networks: readonly ParsedNetwork[],
  owners: Map<string, string>,
): Finding[] {
  const { value, fault } = resolver.resolve(node, 'hosts', 'ip')
  if (fault !== undefined) return [finding('warning', 'no-value', 'hosts', node, 'ip', fault)]
  if (value === undefined) return []
  const ip = normalizeIpv4(value.trim())
  if (ip === undefined)
    return [
      finding(
        'warning',
        'bad-address',
        'hosts',
        node,
        'ip',
        `node ${node} gets "${value}", which is not an IPv4 address`,
      ),
    ]
  const owner = owners.get(ip)
  if (owner !== undefined)
    return [finding('error', 'duplicate-ip', 'hosts', node, 'ip', `${ip} belongs to node ${owner} already`)]
  owners.set(ip, node)
  const network = networks.find(({ contains }) => contains(ip))
  if (network !== undefined) return checkHostPart(node, ip, network)
  if (networks.length === 0) return []
  return [
    finding(
      'warning',
      'no-network',
      'hosts',
      node,
      'ip',
      `${ip} is in none of the networks: DHCP will not answer node ${node}`,
    ),
  ]
}

/** The first and the last address of a network are nobody's (RFC 1122 §3.2.1.3); point-to-point links have no such (RFC 3021). */
function checkHostPart(node: string, ip: string, { net, prefixLength }: ParsedNetwork): Finding[] {
  const offset = ipv4Number(ip) - ipv4Number(net)
  const size = 2 ** (32 - prefixLength)
  if (size <= 2 || (offset !== 0 && offset !== size - 1)) return []
  const what = offset === 0 ? 'the address of the network' : 'the broadcast address'
  const message = `${ip} is ${what} ${net}/${prefixLength}: node ${node} cannot use it`
  return [finding('warning', 'bad-address', 'hosts', node, 'ip', message)]
}

function checkMacs(node: string, resolver: Resolver, owners: Map<string, string>): Finding[] {
  const { value, fault } = resolver.resolve(node, 'mac', 'mac')
  if (fault !== undefined) return [finding('warning', 'no-value', 'mac', node, 'mac', fault)]
  if (value === undefined) return []
  const findings: Finding[] = []
  const items = parseMacCell(value, (message) =>
    findings.push(finding('error', 'bad-mac', 'mac', node, 'mac', message)),
  )
  for (const { mac } of items) {
    const owner = owners.get(mac)
    if (owner === undefined) owners.set(mac, node)
    else if (owner === node)
      findings.push(finding('warning', 'duplicate-mac', 'mac', node, 'mac', `${mac} is listed twice`))
    else findings.push(finding('error', 'duplicate-mac', 'mac', node, 'mac', `${mac} belongs to node ${owner} already`))
  }
  return findings
}

function limitEachKind(findings: readonly Finding[]): Finding[] {
  const counts = new Map<string, number>()
  const kept: Finding[] = []
  for (const each of findings) {
    const count = (counts.get(each.code) ?? 0) + 1
    counts.set(each.code, count)
    if (count <= MOST_OF_A_KIND) kept.push(each)
  }
  for (const [code, count] of counts) {
    const example = findings.find((each) => each.code === code)
    if (example && count > MOST_OF_A_KIND)
      kept.push({
        severity: example.severity,
        code,
        table: example.table,
        row: '',
        message: `${count - MOST_OF_A_KIND} more findings of the kind ${code}`,
      })
  }
  return kept
}
