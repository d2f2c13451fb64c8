import test from 'ava'
import { renderFinding } from '../../src/tables/findings.ts'
import { checkProxyNetworks } from '../../src/tables/proxy-checks.ts'
import { viewOf } from './view.ts'

const NETWORKS = [
  { netname: 'lab', net: '10.77.0.0', mask: '255.255.0.0' },
  { netname: 'office', net: '10.78.0.0', mask: '255.255.0.0', dynamicrange: '10.78.9.1-10.78.9.9' },
]
const found = (key: string, value: string) =>
  checkProxyNetworks(viewOf({ networks: NETWORKS, site: [{ key, value }] })).map(renderFinding)

test('site.proxydhcp: names of networks, or ALL', (t) => {
  t.deepEqual(found('proxydhcp', 'lab'), [])
  t.deepEqual(found('proxydhcp', 'ALL'), [])
  t.deepEqual(found('proxydhcp', ''), [])
  t.regex(
    found('proxydhcp', 'lab,offce').join(),
    /^site row key=proxydhcp: there is no network offce .*did you mean office\?/,
  )
  t.regex(found('proxydhcp', 'office').join(), /has a dynamicrange, but another DHCP server gives its addresses/)
})

test('site.nfsrootlease: seconds or infinite', (t) => {
  for (const value of ['infinite', '86400', '']) t.deepEqual(found('nfsrootlease', value), [], value)
  t.regex(found('nfsrootlease', 'forever').join(), /"forever" is neither a number of seconds nor infinite/)
})
