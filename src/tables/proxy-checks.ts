/** site.proxydhcp names networks: one that is none would mean a second DHCP server where only boot files were wanted. */
import { rememberCheck } from './check-memo.ts'
import type { Finding } from './findings.ts'
import { nearestName } from './nearest-name.ts'
import { cell, enabledRows, splitList, type TablesView } from './row.ts'

export const checkProxyNetworks = rememberCheck(['site', 'networks'], (view): readonly Finding[] => [
  ...checkNames(view),
  ...checkLease(view),
])

function setting(view: TablesView, key: string): string | undefined {
  const row = enabledRows(view, 'site').find((candidate) => cell(candidate, 'key') === key)
  return row && cell(row, 'value')
}

function warn(code: string, key: string, message: string, remedy: string): Finding {
  return { severity: 'warning', code, table: 'site', row: `key=${key}`, message, remedy }
}

function checkNames(view: TablesView): Finding[] {
  const networks = new Map(enabledRows(view, 'networks').map((row) => [cell(row, 'netname'), row]))
  return splitList(setting(view, 'proxydhcp') ?? '').flatMap((name): Finding[] => {
    if (name === 'ALL') return []
    const network = networks.get(name)
    if (network === undefined) {
      const near = nearestName(name, [...networks.keys()])
      const remedy = near === undefined ? 'name networks, or ALL' : `did you mean ${near}?`
      return [warn('unknown-network', 'proxydhcp', `there is no network ${name}`, remedy)]
    }
    if (cell(network, 'dynamicrange') === '') return []
    const message = `network ${name} has a dynamicrange, but another DHCP server gives its addresses: it is not used`
    return [warn('proxy-range', 'proxydhcp', message, `chdef -t network -o ${name} dynamicrange=`)]
  })
}

function checkLease(view: TablesView): Finding[] {
  const value = setting(view, 'nfsrootlease')
  if (value === undefined || value === '' || value === 'infinite' || /^\d+$/.test(value)) return []
  const message = `"${value}" is neither a number of seconds nor infinite; infinite is used`
  return [warn('bad-setting', 'nfsrootlease', message, 'chdef -t site nfsrootlease=infinite')]
}
