import test from 'ava'
import { decideServerAddress, type ServerRole } from '../../src/boot/server-address.ts'
import type { ClusterNode, Ipv4, Network } from '../../src/cluster/model.ts'
import { resolveServer } from '../../src/statelite/servers.ts'
import { buildSnapshot, exampleNode } from '../statelite/snapshot.ts'

function decide(
  role: ServerRole,
  attributes: Record<string, string>,
  own = ['192.168.0.1', '10.20.0.2'],
  network: Partial<Network> = {},
  site: Record<string, string> = {},
) {
  const snapshot = buildSnapshot({
    nodes: [
      { ...exampleNode, attributes },
      { name: 'sn1', ip: '10.20.0.3' },
    ],
    networks: [network],
    site,
  })
  const decided = decideServerAddress(role, snapshot.node('cn07') as ClusterNode, snapshot, own, (name) =>
    resolveServer(name, snapshot),
  )
  return 'finding' in decided
    ? `finding ${decided.finding.message}`
    : `${decided.ip} ${decided.ours ? 'ours' : 'other'} ${decided.reason}`
}

test('our address in the subnet of the node, not just any of ours', (t) => {
  t.is(decide('boot', {}), '10.20.0.2 ours our address in network prov')
  t.is(decide('master', {}), '10.20.0.2 ours our address in network prov')
})

test('noderes: tftpserver is for boot files, xcatmaster for both', (t) => {
  const attributes = { 'noderes.tftpserver': 'sn1', 'noderes.xcatmaster': '10.20.0.2' }
  t.is(decide('boot', attributes), '10.20.0.3 other noderes.tftpserver')
  t.is(decide('master', attributes), '10.20.0.2 ours noderes.xcatmaster')
  t.is(decide('boot', { 'noderes.xcatmaster': '10.20.0.2' }), '10.20.0.2 ours noderes.xcatmaster')
})

test('xCAT BUG-42: the literal <xcatmaster> is unset and never gets into a boot file', (t) => {
  const attributes = { 'noderes.tftpserver': '<xcatmaster>', 'noderes.xcatmaster': '<xcatmaster>' }
  t.is(decide('boot', attributes), '10.20.0.2 ours our address in network prov')
  t.is(decide('boot', { ...attributes, 'noderes.xcatmaster': 'sn1' }), '10.20.0.3 other noderes.xcatmaster')
})

test('the tftpserver of the network is for boot files', (t) => {
  const network = { tftpserver: '10.20.0.3' as Ipv4 }
  t.is(decide('boot', {}, undefined, network), '10.20.0.3 other networks row netname=prov: tftpserver')
  t.is(decide('master', {}, undefined, network), '10.20.0.2 ours our address in network prov')
})

test('several of our addresses, none in the network of the node: the one on the same wire', (t) => {
  const networks = [
    { net: '10.99.0.0' as Ipv4, netname: 'far', mgtifname: 'eth1' },
    { net: '10.20.0.0' as Ipv4, netname: 'prov', mgtifname: 'eth1' },
  ]
  const snapshot = buildSnapshot({ nodes: [{ ...exampleNode, ip: '10.99.0.7' }], networks })
  const own = ['192.168.0.1', '10.20.0.2']
  t.like(
    decideServerAddress('master', snapshot.node('cn07') as ClusterNode, snapshot, own, () => undefined),
    { ip: '10.20.0.2', ours: true, reason: 'our address on the wire of far' },
  )
})

test('behind a router: site.master when it is ours, else our only address, else the administrator must say', (t) => {
  const far = { net: '10.99.0.0' as Ipv4 }
  t.is(decide('boot', {}, ['192.168.0.1', '10.20.0.2'], far, { master: '10.20.0.2' }), '10.20.0.2 ours site.master')
  t.is(decide('boot', {}, ['192.168.0.1'], far), '192.168.0.1 ours our only address')
  t.true(decide('boot', {}, ['192.168.0.1', '10.20.0.2'], far).startsWith('finding none of our addresses'))
  t.true(decide('boot', {}, ['192.168.0.1', '10.20.0.2'], far, { master: '10.20.0.3' }).startsWith('finding'))
  t.true(decide('boot', {}, []).startsWith('finding'))
})

test('a name without an address is a finding', (t) => {
  t.is(
    decide('master', { 'noderes.xcatmaster': 'stranger' }),
    'finding the address of xcatmaster stranger is not known',
  )
})
