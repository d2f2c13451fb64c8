/** Networks by themselves and beside each other. */
import { ipv4FromNumber, ipv4Number } from './addresses.ts'
import { rememberCheck } from './check-memo.ts'
import type { Finding } from './findings.ts'
import { type ParsedNetwork, parseNetworkRow } from './network-row.ts'
import { cell, enabledRows, type Row, renderRowKey, type TablesView } from './row.ts'

interface Placed {
  readonly row: Row
  readonly network: ParsedNetwork
  readonly first: number
  readonly last: number
}

export const checkNetworks = rememberCheck(['networks', 'site'], (view): readonly Finding[] => {
  const { findings, placed } = checkRows(view)
  return [...findings, ...checkOverlaps(placed), ...checkRanges(placed)]
})

function keyOf(row: Row): string {
  return renderRowKey(row, ['net', 'mask'])
}

function checkRows(view: TablesView): { readonly findings: Finding[]; readonly placed: readonly Placed[] } {
  const findings: Finding[] = []
  const placed: Placed[] = []
  const master = enabledRows(view, 'site').find((row) => cell(row, 'key') === 'master')
  const names = new Map<string, Row>()
  for (const row of enabledRows(view, 'networks')) {
    const add = (column: string, message: string) =>
      findings.push({ severity: 'error', code: 'bad-network', table: 'networks', row: keyOf(row), column, message })
    const network = parseNetworkRow(row, master && cell(master, 'value'), (column, message) => {
      // Single addresses that are wrong are found by the schema already.
      const isSchema = ['net', 'mask', 'mtu'].includes(column)
      if (!isSchema || (column !== 'mtu' && !/is not an IPv4 address$/.test(message))) add(column, message)
    })
    const name = cell(row, 'netname')
    const other = names.get(name)
    if (other && name !== '') add('netname', `${name} is also the name of ${keyOf(other)}`)
    names.set(name, row)
    if (network === undefined) continue
    const first = ipv4Number(network.net)
    placed.push({ row, network, first, last: first + 2 ** (32 - network.prefixLength) - 1 })
  }
  return { findings, placed }
}

function warn(code: string, row: Row, column: string, message: string, remedy: string): Finding {
  return { severity: 'warning', code, table: 'networks', row: keyOf(row), column, message, remedy }
}

/** Two networks overlap only when one lies in the other; sorted, the one around stands before. */
function checkOverlaps(placed: readonly Placed[]): Finding[] {
  const findings: Finding[] = []
  const around: Placed[] = []
  for (const each of [...placed].sort((a, b) => a.first - b.first || b.last - a.last)) {
    while (around.length > 0 && (around.at(-1) as Placed).last < each.first) around.pop()
    const outer = around.at(-1)
    if (outer) {
      const message = `${nameOf(each)} lies inside ${nameOf(outer)}: nodes in both belong to the smaller one`
      findings.push(warn('network-overlap', each.row, 'net', message, 'correct one of the masks, if that is not meant'))
    }
    around.push(each)
  }
  return findings
}

/** Strangers of two networks must not get the same address. */
function checkRanges(placed: readonly Placed[]): Finding[] {
  const ranges = placed.flatMap((each) =>
    each.network.dynamicRanges.map(({ first, last }) => ({ each, first: ipv4Number(first), last: ipv4Number(last) })),
  )
  ranges.sort((a, b) => a.first - b.first)
  const findings: Finding[] = []
  let before: (typeof ranges)[number] | undefined
  for (const range of ranges) {
    if (before && range.first <= before.last) {
      const shared = `${ipv4FromNumber(range.first)}-${ipv4FromNumber(Math.min(range.last, before.last))}`
      const message = `${shared} is in two dynamic ranges (also of ${nameOf(before.each)})`
      findings.push(warn('range-overlap', range.each.row, 'dynamicrange', message, 'give each its own addresses'))
    }
    if (before === undefined || range.last > before.last) before = range
  }
  return findings
}

function nameOf({ row, network }: Placed): string {
  const name = cell(row, 'netname')
  return `${name === '' ? '' : `${name} `}${network.net}/${network.prefixLength}`
}
