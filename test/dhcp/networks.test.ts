/** Several networks, relays, nodes with several ports, and leases that do not end under a running node. */
import test from 'ava'
import { OPTION, parseIpv4, parseUint32 } from '../../src/dhcp/options.ts'
import { MESSAGE } from '../../src/dhcp/reply.ts'
import type { FakeTables } from './fake-cluster.ts'
import { ETH0, ETH1, openHarness } from './harness.ts'
import { octets, requestBytes } from './requests.ts'

const MAC = '52:54:00:77:00:01'
const FAR = '52:54:00:77:00:02'
const TABLES: FakeTables = {
  networks: [
    { net: '10.77.0.0', range: ['10.77.0.50', '10.77.0.99'] },
    { net: '10.77.1.0' },
    { net: '10.77.2.0', range: ['10.77.2.50', '10.77.2.99'] },
  ],
  nodes: [
    { name: 'n01', mac: MAC, ip: '10.77.0.11', image: 'img', arch: 'x86_64' },
    { name: 'n02', mac: FAR, ip: '10.77.2.12', image: 'img', arch: 'x86_64' },
  ],
}
const PXE: [number, number[] | string][] = [[OPTION.clientArchitecture, [0, 0]]]

test('RFC 3011 §2: subnet selection goes before giaddr, comes back, and names the network', async (t) => {
  const { ask } = await openHarness({ tables: TABLES })
  const options: [number, number[]][] = [[OPTION.subnetSelection, octets('10.77.2.0')]]
  const offer = await ask({ type: MESSAGE.DISCOVER, mac: FAR, giaddr: '10.77.1.9', options })
  t.is(offer?.yiaddr, '10.77.2.12')
  t.is(offer?.to.address, '10.77.1.9')
  t.deepEqual([...(offer?.options.get(OPTION.subnetSelection) ?? [])], octets('10.77.2.0'))
})

test('RFC 3527 §3: link selection goes before subnet selection, which then does not come back', async (t) => {
  const { ask } = await openHarness({ tables: TABLES })
  const relay = [5, 4, ...octets('10.77.2.0')]
  const options: [number, number[]][] = [
    [OPTION.subnetSelection, octets('10.77.0.0')],
    [OPTION.relayAgent, relay],
  ]
  const offer = await ask({ type: MESSAGE.DISCOVER, mac: FAR, giaddr: '10.77.1.9', options })
  t.is(offer?.yiaddr, '10.77.2.12')
  t.false(offer?.options.has(OPTION.subnetSelection))
  t.deepEqual([...(offer?.options.get(OPTION.relayAgent) ?? [])], relay)
})

test('a subnet that no networks row has is silence', async (t) => {
  const { ask } = await openHarness({ tables: TABLES })
  const options: [number, number[]][] = [[OPTION.subnetSelection, octets('192.0.2.0')]]
  t.is(await ask({ type: MESSAGE.DISCOVER, mac: FAR, giaddr: '10.77.1.9', options }), undefined)
})

test('several interfaces: a relay is answered, and the boot server named, by the address it sent to', async (t) => {
  const { service, outgoing, settle } = await openHarness({
    tables: TABLES,
    interfaces: [ETH0, ETH1],
    receivedOn: null,
  })
  const bytes = requestBytes({ type: MESSAGE.DISCOVER, mac: FAR, giaddr: '10.77.2.1', options: PXE })
  for (const receivedAt of [ETH0.address, ETH1.address]) {
    outgoing.length = 0
    const decision = service.receive({ bytes, receivedOn: undefined, receivedAt, sourcePort: 67 })
    await settle()
    t.is(outgoing[0]?.from, receivedAt)
    if (decision?.kind !== 'answer') return t.fail()
    t.is(parseIpv4(decision.packet.options.get(OPTION.serverIdentifier)), receivedAt)
    t.is(decision.packet.siaddr, receivedAt)
  }
})

const WIRE = (mgtifname: string, vlanids: readonly (string | undefined)[]): FakeTables => ({
  ...TABLES,
  networks: ['10.77.0.0', '10.77.2.0'].map((net, index) => {
    const vlanid = vlanids[index]
    return { net, mgtifname, ...(vlanid === undefined ? {} : { vlanid }) }
  }),
})

test('two networks on one interface, and an address of ours in one of them: nodes of both are answered there', async (t) => {
  const { ask } = await openHarness({ tables: WIRE('eth0', []) })
  const offer = await ask({ type: MESSAGE.DISCOVER, mac: FAR, options: PXE })
  t.deepEqual([offer?.yiaddr, offer?.siaddr, offer?.file], ['10.77.2.12', '10.77.0.1', 'undionly.kpxe'])
  t.is((await ask({ type: MESSAGE.DISCOVER, mac: MAC }))?.yiaddr, '10.77.0.11')
  const elsewhere = await openHarness({ tables: { ...TABLES, networks: [{ net: '10.77.0.0' }, { net: '10.77.2.0' }] } })
  t.is(await elsewhere.ask({ type: MESSAGE.DISCOVER, mac: FAR }), undefined)
})

test('a router that relays with its first address: nodes of its other network on that VLAN boot, and keep their address', async (t) => {
  const requested: [number, number[]][] = [[OPTION.requestedAddress, octets('10.77.2.12')]]
  const { ask, events } = await openHarness({ tables: WIRE('!remote!eth0', ['7', '7']) })
  const offer = await ask({ type: MESSAGE.DISCOVER, mac: FAR, giaddr: '10.77.0.254' })
  t.deepEqual([offer?.yiaddr, offer?.to.address], ['10.77.2.12', '10.77.0.254'])
  t.regex(events.at(-1)?.detail ?? '', /giaddr 10\.77\.0\.254, the same wire as 10_77_2_0/)
  const reboot = await ask({ type: MESSAGE.REQUEST, mac: FAR, giaddr: '10.77.0.254', options: requested })
  t.is(reboot?.type, MESSAGE.ACK)
  const rebind = await ask({ type: MESSAGE.REQUEST, mac: FAR, giaddr: '10.77.0.254', ciaddr: '10.77.2.12' })
  t.deepEqual([rebind?.type, rebind?.yiaddr], [MESSAGE.ACK, '10.77.2.12'])
  // Racks behind one interface are not one wire.
  for (const vlanids of [[], ['7', '8']]) {
    const racks = await openHarness({ tables: WIRE('!remote!eth0', vlanids) })
    t.is(await racks.ask({ type: MESSAGE.DISCOVER, mac: FAR, giaddr: '10.77.0.254' }), undefined)
    const moved = await racks.ask({ type: MESSAGE.REQUEST, mac: FAR, giaddr: '10.77.0.254', options: requested })
    t.is(moved?.type, MESSAGE.NAK)
  }
})

const TWO_PORTS = (others: { mac: string; ip?: string }[], attributes: Record<string, string> = {}): FakeTables => ({
  networks: [{ net: '10.77.0.0' }],
  nodes: [{ name: 'n01', mac: MAC, ip: '10.77.0.11', image: 'img', arch: 'x86_64', others, attributes }],
})
const SECOND = '52:54:00:77:00:a1'

test('two ports: the second has its own address, and nothing to boot', async (t) => {
  const { ask, events } = await openHarness({ tables: TWO_PORTS([{ mac: SECOND, ip: '10.77.0.111' }]) })
  const first = await ask({ type: MESSAGE.DISCOVER, mac: MAC, options: PXE })
  const second = await ask({ type: MESSAGE.DISCOVER, mac: SECOND, options: PXE })
  t.deepEqual([first?.yiaddr, first?.file], ['10.77.0.11', 'undionly.kpxe'])
  t.deepEqual([second?.yiaddr, second?.file, second?.siaddr], ['10.77.0.111', '', '0.0.0.0'])
  t.regex(
    events.at(-1)?.detail ?? '',
    /address only: n01 boots from 52:54:00:77:00:01 \[mac node=n01 52:54:00:77:00:a1\]/,
  )
})

test('bonded ports share the address, and either may boot', async (t) => {
  const { ask } = await openHarness({ tables: TWO_PORTS([{ mac: SECOND, ip: '10.77.0.11' }]) })
  for (const mac of [MAC, SECOND])
    t.is((await ask({ type: MESSAGE.DISCOVER, mac, options: PXE }))?.file, 'undionly.kpxe')
})

test('installnic or primarynic with a hardware address: that port boots, the others do not', async (t) => {
  for (const column of ['installnic', 'primarynic']) {
    const attributes = { [`noderes.${column}`]: SECOND.toUpperCase() }
    const { ask } = await openHarness({ tables: TWO_PORTS([{ mac: SECOND, ip: '10.77.0.11' }], attributes) })
    t.is((await ask({ type: MESSAGE.DISCOVER, mac: MAC, options: PXE }))?.file, '')
    t.is((await ask({ type: MESSAGE.DISCOVER, mac: SECOND, options: PXE }))?.file, 'undionly.kpxe')
  }
  // Names of interfaces, and addresses of nobody, say nothing about hardware.
  for (const value of ['mac', 'eth1', '52:54:00:99:99:99']) {
    const { ask } = await openHarness({ tables: TWO_PORTS([], { 'noderes.installnic': value }) })
    t.is((await ask({ type: MESSAGE.DISCOVER, mac: MAC, options: PXE }))?.file, 'undionly.kpxe')
  }
})

const leaseOf = (reply: { options: ReadonlyMap<number, Uint8Array> } | undefined) =>
  parseUint32(reply?.options.get(OPTION.leaseTime))

test('NFS root: the running system has its address for ever, without times to renew; firmware and others do not', async (t) => {
  const { ask } = await openHarness({ tables: { ...TABLES, rootfstype: 'nfs' } })
  const request = { type: MESSAGE.REQUEST, mac: MAC, options: [[50, octets('10.77.0.11')]] as [number, number[]][] }
  const ack = await ask(request)
  t.is(leaseOf(ack), 0xffff_ffff)
  t.false(ack?.options.has(OPTION.renewalTime))
  t.false(ack?.options.has(OPTION.rebindingTime))
  t.is(leaseOf(await ask({ ...request, options: [...request.options, [OPTION.clientArchitecture, [0, 0]]] })), 43200)
  t.is(leaseOf(await ask({ type: MESSAGE.DISCOVER, mac: '02:00:00:00:00:05' })), 43200)
  const renewed = await ask({ type: MESSAGE.REQUEST, mac: MAC, ciaddr: '10.77.0.11' })
  t.is(leaseOf(renewed), 0xffff_ffff, 'also at the first renewal of a shorter lease')
})

test('a ramdisk node, and site.nfsrootlease', async (t) => {
  const asked = { type: MESSAGE.DISCOVER, mac: MAC }
  const lease = async (tables: Partial<FakeTables>) =>
    leaseOf(await (await openHarness({ tables: { ...TABLES, ...tables } })).ask(asked))
  t.is(await lease({ rootfstype: 'ramdisk' }), 43200)
  t.is(await lease({ rootfstype: 'nfs', settings: { nfsrootlease: '86400' } }), 86400)
  t.is(await lease({ rootfstype: 'nfs', settings: { nfsrootlease: 'infinite' } }), 0xffff_ffff)
  t.is(await lease({ rootfstype: 'nfs', settings: { nfsrootlease: '1' } }), 60)
})
