/** The networks table: a row that cannot be understood is reported and left out. */
import { parseNetworkRow } from '../tables/network-row.ts'
import { cell, enabledRows, renderRowKey, type TablesView } from '../tables/row.ts'
import type { Ipv4, Network, Site } from './model.ts'

/** Longest prefix first: the first network that contains an address is the right one. */
export function compileNetworks(view: TablesView, site: Site, faults: string[]): readonly Network[] {
  const networks: Network[] = []
  for (const row of enabledRows(view, 'networks')) {
    const label = cell(row, 'netname') ? `netname=${cell(row, 'netname')}` : renderRowKey(row, ['net', 'mask'])
    const parsed = parseNetworkRow(row, site.master, (column, message) =>
      faults.push(`networks row ${label}: ${column}: ${message}`),
    )
    if (!parsed) {
      faults.push(`networks row ${label}: the row is left out`)
      continue
    }
    networks.push(
      Object.freeze({
        ...(parsed as typeof parsed & Pick<Network, BrandedColumn>),
        netname: cell(row, 'netname') || `${parsed.net}-${parsed.mask}`.replaceAll('.', '_'),
        domain: cell(row, 'domain') || undefined,
        mgtifname: cell(row, 'mgtifname') || undefined,
        vlanid: cell(row, 'vlanid') || undefined,
        contains: (ip: Ipv4) => parsed.contains(ip),
      }),
    )
  }
  return Object.freeze(networks.sort((a, b) => b.prefixLength - a.prefixLength))
}

/** Canonical text in the parsed row: all that the brand says. */
type BrandedColumn =
  | 'net'
  | 'mask'
  | 'gateway'
  | 'nameservers'
  | 'ntpservers'
  | 'logservers'
  | 'dhcpserver'
  | 'tftpserver'
  | 'dynamicRanges'
