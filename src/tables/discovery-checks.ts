/** site.discovery and site.discoveryimage name networks and images: a name that is none would be silence for strangers. */
import { rememberCheck } from './check-memo.ts'
import type { Finding } from './findings.ts'
import { nearestName } from './nearest-name.ts'
import { cell, enabledRows, type Row, splitList, type TablesView } from './row.ts'

export const checkDiscovery = rememberCheck(['site', 'networks', 'osimage'], (view): readonly Finding[] => [
  ...checkNetworkNames(view),
  ...checkImageNames(view),
])

function setting(view: TablesView, key: string): string[] {
  const row = enabledRows(view, 'site').find((candidate) => cell(candidate, 'key') === key)
  return row ? splitList(cell(row, 'value')) : []
}

function warn(code: string, key: string, message: string, remedy: string): Finding {
  return { severity: 'warning', code, table: 'site', row: `key=${key}`, message, remedy }
}

function checkNetworkNames(view: TablesView): Finding[] {
  const networks = new Map(enabledRows(view, 'networks').map((row): [string, Row] => [cell(row, 'netname'), row]))
  const proxied = setting(view, 'proxydhcp')
  return setting(view, 'discovery').flatMap((name): Finding[] => {
    const network = networks.get(name)
    // Beside a site's own DHCP server strangers have that one's addresses.
    if (network && (cell(network, 'dynamicrange') !== '' || proxied.includes(name) || proxied.includes('ALL')))
      return []
    if (network) {
      const remedy = `chdef -t network -o ${name} dynamicrange=<first>-<last>`
      return [warn('discovery-range', 'discovery', `network ${name} has no dynamicrange for unknown machines`, remedy)]
    }
    if (name === 'ALL') return []
    const near = nearestName(name, networks.keys())
    const remedy = near === undefined ? 'name networks, or ALL' : `did you mean ${near}?`
    return [warn('unknown-network', 'discovery', `there is no network ${name}`, remedy)]
  })
}

function checkImageNames(view: TablesView): Finding[] {
  const images = enabledRows(view, 'osimage').map((row) => cell(row, 'imagename'))
  return setting(view, 'discoveryimage')
    .filter((name) => !images.includes(name))
    .map((name) => {
      const near = nearestName(name, images)
      const remedy = near === undefined ? 'name osimages' : `did you mean ${near}?`
      return warn('unknown-image', 'discoveryimage', `there is no osimage ${name}`, remedy)
    })
}
