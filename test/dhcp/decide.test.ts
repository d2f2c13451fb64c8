/** RFC 2131 §4.3 by clause, through the whole service without sockets. */
import test from 'ava'
import fc from 'fast-check'
import { OPTION, parseIpv4, parseText, parseUint32 } from '../../src/dhcp/options.ts'
import { MESSAGE } from '../../src/dhcp/reply.ts'
import type { FakeTables } from './fake-cluster.ts'
import { goldenRequests } from './golden.ts'
import { ETH0, ETH1, openHarness } from './harness.ts'
import { octets, type RequestFields, requestBytes } from './requests.ts'

const N01 = '52:54:00:77:00:01'
const STRANGER = '02:00:00:00:00:09'
const TABLES: FakeTables = {
  networks: [
    { net: '10.77.0.0', gateway: '10.77.0.1', mtu: 9000 },
    { net: '10.77.1.0' },
    { net: '10.77.2.0', gateway: '10.77.2.1', range: ['10.77.2.50', '10.77.2.60'] },
  ],
  nodes: [
    { name: 'n01', mac: N01, ip: '10.77.0.11', image: 'img', arch: 'x86_64' },
    { name: 'n02', mac: '52:54:00:77:00:02', ip: '10.77.2.12', image: 'img' },
    { name: 'n03', mac: '52:54:00:77:00:03', ip: '10.77.0.13', refused: true },
    { name: 'n04', mac: '52:54:00:77:00:04' },
    { name: 'n05', mac: '52:54:00:77:00:05', ip: '10.77.1.15', image: 'img' },
    { name: 'ib1', mac: '80:00:02:08:fe:80:00:00:00:00:00:00:00:02:c9:03:00:0a:bc:de', ip: '10.77.0.21', image: 'img' },
  ],
}
const DYNAMIC: FakeTables = { ...TABLES, networks: [{ net: '10.77.0.0', range: ['10.77.0.50', '10.77.0.60'] }] }
const OURS = [OPTION.serverIdentifier, [10, 77, 0, 1]] as const
const wants = (address: string) => [OPTION.requestedAddress, octets(address)] as const
const selecting = (address: string): RequestFields => ({ type: MESSAGE.REQUEST, options: [OURS, wants(address)] })
const rebooting = (address: string): RequestFields => ({ type: MESSAGE.REQUEST, options: [wants(address)] })
const renewing = (address: string): RequestFields => ({ type: MESSAGE.REQUEST, ciaddr: address })

/** The detail of the last event: the joined reasons. */
const lastDetail = (lab: Awaited<ReturnType<typeof openHarness>>) => lab.events.at(-1)?.detail ?? ''

test('a known node: OFFER with its address and the parameters of its network', async (t) => {
  const lab = await openHarness({ tables: TABLES })
  const offer = await lab.ask({ type: MESSAGE.DISCOVER, mac: N01 })
  t.is(offer?.type, MESSAGE.OFFER)
  t.is(offer?.yiaddr, '10.77.0.11')
  t.is(parseIpv4(offer?.options.get(OPTION.router)), '10.77.0.1' as never)
  t.is(parseIpv4(offer?.options.get(OPTION.broadcastAddress)), '10.77.0.255' as never)
  t.deepEqual([...(offer?.options.get(OPTION.interfaceMtu) ?? [])], [0x23, 0x28])
  t.is(parseText(offer?.options.get(OPTION.hostName)), 'n01')
  t.is(parseText(offer?.options.get(OPTION.domainName)), 'cluster.test')
})

test('RFC 2131 §4.4.5: T1 is half and T2 seven eighths of the lease', async (t) => {
  const lab = await openHarness({ tables: TABLES })
  const ack = await lab.ask({ ...selecting('10.77.0.11'), mac: N01 })
  t.is(parseUint32(ack?.options.get(OPTION.leaseTime)), 43200)
  t.is(parseUint32(ack?.options.get(OPTION.renewalTime)), 21600)
  t.is(parseUint32(ack?.options.get(OPTION.rebindingTime)), 37800)
})

test('RFC 2132 §9.8: only optional parameters that were asked for', async (t) => {
  const lab = await openHarness({ tables: TABLES })
  const options = [[OPTION.parameterRequestList, [OPTION.domainName]]] as const
  const offer = await lab.ask({ type: MESSAGE.DISCOVER, mac: N01, options })
  t.true(offer?.options.has(OPTION.domainName))
  t.true(offer?.options.has(OPTION.subnetMask))
  for (const code of [OPTION.hostName, OPTION.interfaceMtu, OPTION.nameServer]) t.false(offer?.options.has(code))
})

test('RFC 6842 §3: the client identifier comes back unaltered', async (t) => {
  const lab = await openHarness({ tables: TABLES })
  const id = [0, 1, 2, 3]
  const offer = await lab.ask({ type: MESSAGE.DISCOVER, mac: N01, options: [[OPTION.clientIdentifier, id]] })
  t.deepEqual([...(offer?.options.get(OPTION.clientIdentifier) ?? [])], id)
})

test('one identity over firmware, loader and OS: the client identifier does not change the address', async (t) => {
  const lab = await openHarness({ tables: TABLES })
  for (const id of [undefined, [1, 0x52, 0x54, 0, 0x77, 0, 1], [255, 1, 2, 3, 4, 0, 2, 9, 9], [0, 65]]) {
    const options = id ? [[OPTION.clientIdentifier, id] as const] : []
    t.is((await lab.ask({ type: MESSAGE.DISCOVER, mac: N01, options }))?.yiaddr, '10.77.0.11')
  }
})

test('a stranger’s dynamic address does not change with its client identifier either', async (t) => {
  const lab = await openHarness({ tables: DYNAMIC })
  const first = await lab.ask({ type: MESSAGE.DISCOVER, mac: STRANGER })
  const options = [[OPTION.clientIdentifier, [255, 1, 2, 3, 4, 0, 2, 9, 9]]] as const
  t.is((await lab.ask({ type: MESSAGE.DISCOVER, mac: STRANGER, options }))?.yiaddr, first?.yiaddr)
})

const INFINIBAND = { htype: 32, hlen: 0, mac: '' }
const IB_ADDRESS = [0x80, 0, 2, 8, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 2, 0xc9, 3, 0, 0x0a, 0xbc, 0xde]

test('RFC 4390 §2.1: InfiniBand is known by its client identifier', async (t) => {
  const lab = await openHarness({ tables: TABLES })
  const forms = [
    [32, ...IB_ADDRESS],
    // RFC 4361 with DUID-LL (3) and DUID-LLT (1) of hardware type 32.
    [255, 0, 0, 0, 1, 0, 3, 0, 32, ...IB_ADDRESS],
    [255, 0, 0, 0, 1, 0, 1, 0, 32, 1, 2, 3, 4, ...IB_ADDRESS],
    // dhclient and iPXE on IPoIB: the port GUID behind a fixed prefix.
    [255, 0, 0, 0, 0, 0, 2, 0, 0, 2, 0xc9, 0, ...IB_ADDRESS.slice(-8)],
  ]
  for (const id of forms) {
    const offer = await lab.ask({ type: MESSAGE.DISCOVER, ...INFINIBAND, options: [[OPTION.clientIdentifier, id]] })
    t.is(offer?.yiaddr, '10.77.0.21', id.join(' '))
    t.is(offer?.to.address, '255.255.255.255')
    t.is(offer?.hlen, 0)
    t.is(offer?.htype, 32)
  }
})

test('RFC 4390 §2.1: InfiniBand without a client identifier is nobody', async (t) => {
  const lab = await openHarness({ tables: DYNAMIC })
  t.is(await lab.ask({ type: MESSAGE.DISCOVER, ...INFINIBAND }), undefined)
})

test('an Ethernet client identifier names a known node when its chaddr is unknown', async (t) => {
  const lab = await openHarness({ tables: TABLES })
  const options = [[OPTION.clientIdentifier, [1, 0x52, 0x54, 0, 0x77, 0, 1]]] as const
  t.is((await lab.ask({ type: MESSAGE.DISCOVER, mac: STRANGER, options }))?.yiaddr, '10.77.0.11')
})

test('RFC 2131 §4.3.2 SELECTING: another server was chosen: silence, and our offer is free again', async (t) => {
  const lab = await openHarness({
    tables: { ...DYNAMIC, networks: [{ net: '10.77.0.0', range: ['10.77.0.50', '10.77.0.50'] }] },
  })
  t.is((await lab.ask({ type: MESSAGE.DISCOVER, mac: STRANGER }))?.yiaddr, '10.77.0.50')
  t.is(await lab.ask({ type: MESSAGE.DISCOVER, mac: '02:00:00:00:00:08' }), undefined)
  const options = [[OPTION.serverIdentifier, [10, 77, 0, 254]], wants('10.77.0.99')] as const
  t.is(await lab.ask({ type: MESSAGE.REQUEST, mac: STRANGER, options }), undefined)
  t.is((await lab.ask({ type: MESSAGE.DISCOVER, mac: '02:00:00:00:00:08' }))?.yiaddr, '10.77.0.50')
})

test('RFC 2131 §4.3.2 SELECTING: a known node that asks for another address gets a NAK', async (t) => {
  const lab = await openHarness({ tables: TABLES })
  t.is((await lab.ask({ ...selecting('10.77.0.11'), mac: N01 }))?.type, MESSAGE.ACK)
  const nak = await lab.ask({ ...selecting('10.77.0.99'), mac: N01 })
  t.is(nak?.type, MESSAGE.NAK)
  t.is(nak?.to.address, '255.255.255.255')
  t.regex(parseText(nak?.options.get(OPTION.message)) ?? '', /its address is 10\.77\.0\.11/)
})

test('RFC 2131 §4.3.1 table 3: a NAK carries no address, no lease time, no file', async (t) => {
  const lab = await openHarness({ tables: TABLES })
  const nak = await lab.ask({ ...selecting('10.77.0.99'), mac: N01 })
  t.like(nak, { yiaddr: '0.0.0.0', ciaddr: '0.0.0.0', siaddr: '0.0.0.0', file: '' })
  t.deepEqual([...(nak?.options.keys() ?? [])], [OPTION.messageType, OPTION.serverIdentifier, OPTION.message])
})

test('RFC 2131 §4.3.2 INIT-REBOOT: right address ACK, wrong address NAK', async (t) => {
  const lab = await openHarness({ tables: TABLES })
  t.is((await lab.ask({ ...rebooting('10.77.0.11'), mac: N01 }))?.type, MESSAGE.ACK)
  t.is((await lab.ask({ ...rebooting('192.168.1.5'), mac: N01 }))?.type, MESSAGE.NAK)
})

test('RFC 2131 §4.3.2 INIT-REBOOT: a node that was moved to the wrong network gets a NAK there', async (t) => {
  const lab = await openHarness({ tables: TABLES })
  const nak = await lab.ask({ ...rebooting('10.77.2.12'), mac: '52:54:00:77:00:02' })
  t.is(nak?.type, MESSAGE.NAK)
  t.is(await lab.ask({ type: MESSAGE.DISCOVER, mac: '52:54:00:77:00:02' }), undefined)
  t.regex(lastDetail(lab), /its address 10\.77\.2\.12 is not of network 10_77_0_0/)
  t.false(lab.events.at(-1)?.ok)
})

test('RFC 2131 §4.3.2 INIT-REBOOT: no record of a stranger: silence, wrong network: NAK', async (t) => {
  const lab = await openHarness({ tables: DYNAMIC })
  t.is(await lab.ask({ ...rebooting('10.77.0.55'), mac: STRANGER }), undefined)
  t.is((await lab.ask({ ...rebooting('192.168.1.5'), mac: STRANGER }))?.type, MESSAGE.NAK)
})

test('no NAK for strangers on a network without a range: another server may serve them', async (t) => {
  const lab = await openHarness({ tables: TABLES })
  for (const fields of [rebooting('10.77.0.99'), rebooting('192.168.1.5'), renewing('10.77.0.99')])
    t.is(await lab.ask({ ...fields, mac: STRANGER }), undefined)
})

test('RFC 2131 §4.3.2 RENEWING: unicast to ciaddr, which is echoed', async (t) => {
  const lab = await openHarness({ tables: TABLES })
  const ack = await lab.ask({ ...renewing('10.77.0.11'), mac: N01 })
  t.is(ack?.type, MESSAGE.ACK)
  t.is(ack?.ciaddr, '10.77.0.11')
  t.like(ack?.to, { address: '10.77.0.11', port: 68 })
  t.is((await lab.ask({ ...renewing('10.77.0.99'), mac: N01 }))?.type, MESSAGE.NAK)
})

test('RFC 2131 §4.3.2 RENEWING: a node behind a router renews by unicast from its own network', async (t) => {
  const lab = await openHarness({ tables: TABLES })
  const ack = await lab.ask({ ...renewing('10.77.2.12'), mac: '52:54:00:77:00:02' })
  t.is(ack?.type, MESSAGE.ACK)
  t.is(ack?.to.address, '10.77.2.12')
  t.is(parseIpv4(ack?.options.get(OPTION.router)), '10.77.2.1' as never)
})

test('RFC 2131 §4.3.2: a REQUEST without any address is not answered', async (t) => {
  const lab = await openHarness({ tables: TABLES })
  t.is(await lab.ask({ type: MESSAGE.REQUEST, mac: N01 }), undefined)
})

test('RFC 2131 §4.3.5: INFORM gets parameters, no yiaddr and no lease time', async (t) => {
  const lab = await openHarness({ tables: TABLES })
  const ack = await lab.ask({ type: MESSAGE.INFORM, mac: N01, ciaddr: '10.77.0.11' })
  t.is(ack?.type, MESSAGE.ACK)
  t.is(ack?.yiaddr, '0.0.0.0')
  t.is(ack?.to.address, '10.77.0.11')
  for (const code of [OPTION.leaseTime, OPTION.renewalTime, OPTION.rebindingTime]) t.false(ack?.options.has(code))
  t.is(await lab.ask({ type: MESSAGE.INFORM, mac: STRANGER, ciaddr: '10.77.0.99' }), undefined)
})

test('RFC 2131 §4.3.3: a declined static address is reported, not answered', async (t) => {
  const lab = await openHarness({ tables: TABLES })
  t.is(await lab.ask({ type: MESSAGE.DECLINE, mac: N01, options: [OURS, wants('10.77.0.11')] }), undefined)
  t.like(lab.events.at(-1), { event: 'DECLINE', node: 'n01', ip: '10.77.0.11', ok: false })
  t.regex(lastDetail(lab), /somebody else on the network uses 10\.77\.0\.11/)
})

test('RFC 951, RFC 1534: BOOTP: a known node gets its address without DHCP options, a stranger nothing', async (t) => {
  const lab = await openHarness({ tables: { ...DYNAMIC, nodes: [{ name: 'n01', mac: N01, ip: '10.77.0.11' }] } })
  const reply = await lab.ask({ mac: N01 })
  t.is(reply?.type, undefined)
  t.is(reply?.yiaddr, '10.77.0.11')
  t.is(reply?.to.bytes.length, 300)
  for (const code of [51, 54, 58, 59]) t.false(reply?.options.has(code))
  t.is(await lab.ask({ mac: STRANGER }), undefined)
})

test('RFC 1497: a BOOTP client without the magic cookie gets none back', async (t) => {
  const lab = await openHarness({ tables: TABLES })
  const reply = await lab.ask({ mac: N01, cookie: false })
  t.false(reply?.cookie)
  t.is(reply?.yiaddr, '10.77.0.11')
})

test('PowerVM: one BOOTP request, with or without a magic cookie, gets the GRUB program and its server in the header', async (t) => {
  const node = { name: 'n01', mac: N01, ip: '10.77.0.11', image: 'img', arch: 'ppc64le' } as const
  // 0.0.0.0 where SMS was told no address, else the one it was told.
  for (const netboot of ['grub2', 'yaboot', undefined])
    for (const cookie of [true, false])
      for (const ciaddr of ['0.0.0.0', '10.77.0.11']) {
        const nodes = [netboot === undefined ? node : { ...node, netboot }]
        const lab = await openHarness({ tables: { ...TABLES, nodes } })
        const reply = await lab.ask({ mac: N01, cookie, ciaddr })
        t.like(reply, { file: 'boot/grub2/grub2-n01', siaddr: '10.77.0.1', yiaddr: '10.77.0.11' })
        t.is(reply?.to.address, ciaddr === '0.0.0.0' ? '255.255.255.255' : ciaddr)
        t.regex(lastDetail(lab), /GRUB, chosen by the tables/)
      }
})

test('a refused port (*NOIP*) and a port without address: silence, told to the administrator', async (t) => {
  const lab = await openHarness({ tables: TABLES })
  t.is(await lab.ask({ type: MESSAGE.DISCOVER, mac: '52:54:00:77:00:03' }), undefined)
  t.regex(lastDetail(lab), /\*NOIP\*/)
  t.is(await lab.ask({ type: MESSAGE.DISCOVER, mac: '52:54:00:77:00:04' }), undefined)
  t.regex(lastDetail(lab), /set hosts\.ip/)
})

const RELAYED = { giaddr: '10.77.2.1' }

test('RFC 2131 §4.1: relayed: network and address by giaddr, answer to the relay, option 82 back', async (t) => {
  const lab = await openHarness({ tables: TABLES })
  const agent = [1, 2, 9, 9]
  const options = [[OPTION.relayAgent, agent]] as const
  const offer = await lab.ask({ type: MESSAGE.DISCOVER, mac: '52:54:00:77:00:02', ...RELAYED, options })
  t.is(offer?.yiaddr, '10.77.2.12')
  t.is(offer?.giaddr, '10.77.2.1')
  t.like(offer?.to, { address: '10.77.2.1', port: 67 })
  t.deepEqual([...(offer?.options.get(OPTION.relayAgent) ?? [])], agent)
  const stray = await lab.ask({ type: MESSAGE.DISCOVER, mac: STRANGER, ...RELAYED })
  t.is(stray?.yiaddr, '10.77.2.50')
})

test('RFC 2131 §4.3.2: a relayed NAK has the broadcast bit', async (t) => {
  const lab = await openHarness({ tables: TABLES })
  const nak = await lab.ask({ ...selecting('10.77.0.99'), mac: '52:54:00:77:00:02', ...RELAYED })
  t.is(nak?.type, MESSAGE.NAK)
  t.is(nak?.flags, 0x8000)
})

test('a relay of an unknown network is not answered', async (t) => {
  const lab = await openHarness({ tables: TABLES })
  t.is(await lab.ask({ type: MESSAGE.DISCOVER, mac: N01, giaddr: '192.0.2.1' }), undefined)
})

test('RFC 3527 §3: link selection goes before giaddr', async (t) => {
  const lab = await openHarness({ tables: TABLES })
  const options = [[OPTION.relayAgent, [5, 4, 10, 77, 2, 0]]] as const
  const offer = await lab.ask({ type: MESSAGE.DISCOVER, mac: STRANGER, giaddr: '10.77.1.9', options })
  t.is(offer?.yiaddr, '10.77.2.50')
  t.is(offer?.to.address, '10.77.1.9')
})

test('RFC 5107 §4: the relay’s address stands in for ours, and is taken back as ours', async (t) => {
  const lab = await openHarness({ tables: TABLES })
  const agent = [OPTION.relayAgent, [11, 4, 10, 77, 2, 1]] as const
  const mac = '52:54:00:77:00:02'
  const offer = await lab.ask({ type: MESSAGE.DISCOVER, mac, ...RELAYED, options: [agent] })
  t.is(parseIpv4(offer?.options.get(OPTION.serverIdentifier)), '10.77.2.1' as never)
  const options = [agent, [OPTION.serverIdentifier, [10, 77, 2, 1]], wants('10.77.2.12')] as const
  t.is((await lab.ask({ type: MESSAGE.REQUEST, mac, ...RELAYED, options }))?.type, MESSAGE.ACK)
})

test('networks.dhcpserver: the range of another server is not ours', async (t) => {
  const networks = [{ net: '10.77.0.0', range: ['10.77.0.50', '10.77.0.60'] as const, dhcpserver: '10.77.0.254' }]
  const lab = await openHarness({ tables: { networks } })
  t.is(await lab.ask({ type: MESSAGE.DISCOVER, mac: STRANGER }), undefined)
})

test('several interfaces that cannot be told apart: known nodes by their own, strangers refused with a reason', async (t) => {
  const networks = [{ net: '10.77.0.0', range: ['10.77.0.50', '10.77.0.60'] as const }, { net: '10.77.1.0' }]
  const lab = await openHarness({ tables: { networks }, interfaces: [ETH0, ETH1], receivedOn: null })
  t.is(await lab.ask({ type: MESSAGE.DISCOVER, mac: STRANGER }), undefined)
  t.regex(lastDetail(lab), /dynamic addresses refused/)
  const both = await openHarness({ tables: TABLES, interfaces: [ETH0, ETH1], receivedOn: null })
  const first = await both.ask({ type: MESSAGE.DISCOVER, mac: N01 })
  t.is(first?.to.from, ETH0.address)
  const second = await both.ask({ type: MESSAGE.DISCOVER, mac: '52:54:00:77:00:05' })
  t.is(second?.to.from, ETH1.address)
  t.is(parseIpv4(second?.options.get(OPTION.serverIdentifier)), ETH1.address)
  const relayed = await both.ask({ type: MESSAGE.DISCOVER, mac: STRANGER, ...RELAYED })
  t.is(relayed?.yiaddr, '10.77.2.50', 'a relay says where the client is')
})

test('an interface outside all networks rows does not count: with one other, strangers are served', async (t) => {
  const lab = await openHarness({ tables: DYNAMIC, interfaces: [ETH0, ETH1], receivedOn: null })
  const offer = await lab.ask({ type: MESSAGE.DISCOVER, mac: STRANGER })
  t.is(offer?.yiaddr, '10.77.0.50')
  t.is(offer?.to.from, ETH0.address)
})

test('a broadcast NAK leaves by the interface the request came from', async (t) => {
  const lab = await openHarness({ tables: TABLES, interfaces: [ETH0, ETH1] })
  const nak = await lab.ask({ ...renewing('10.77.0.99'), mac: N01 }, 'eth1')
  t.is(nak?.type, MESSAGE.NAK)
  t.is(nak?.to.from, ETH1.address)
})

test('RFC 2132 §9.10: the reply keeps to option 57 less the headers, never over one Ethernet frame', async (t) => {
  const lab = await openHarness({ tables: TABLES })
  const big = [82, Array(400).fill(1)] as const
  for (const [asked, most] of [
    [576, 548],
    [1000, 972],
    [65280, 1472],
    [100, 548],
  ] as const) {
    const options = [[OPTION.maximumMessageSize, [asked >> 8, asked & 255]], big] as const
    const offer = await lab.ask({ type: MESSAGE.DISCOVER, mac: N01, options })
    t.true((offer?.to.bytes.length ?? 9999) <= most)
  }
})

test('replies, message types of other roles and malformed datagrams are dropped and counted', async (t) => {
  const lab = await openHarness({ tables: TABLES })
  t.is(await lab.ask({ type: MESSAGE.OFFER, mac: N01 }), undefined)
  t.is(await lab.ask({ type: MESSAGE.DISCOVER, mac: N01, op: 2 }), undefined)
  t.is(await lab.ask({ type: 10, mac: N01 }), undefined)
  lab.deliver(new Uint8Array(20))
  lab.deliver(new Uint8Array(10_000))
  t.is(lab.service.counters.malformed, 2)
  t.is(lab.warnings.length, 1, 'the log is told once in a while')
  t.is(lab.outgoing.length, 0)
})

test('a stranger’s events are sampled, a node’s are not', async (t) => {
  const lab = await openHarness({ tables: TABLES })
  for (let round = 0; round < 50; round += 1) {
    lab.deliver(requestBytes({ type: MESSAGE.DISCOVER, mac: STRANGER }))
    lab.deliver(requestBytes({ type: MESSAGE.DISCOVER, mac: N01 }))
  }
  t.is(lab.events.filter(({ mac }) => mac === STRANGER).length, 1)
  t.is(lab.events.filter(({ node }) => node === 'n01').length, 100)
  for (let client = 0; client < 200; client += 1)
    lab.deliver(requestBytes({ type: MESSAGE.DISCOVER, mac: `02:00:00:00:01:${client.toString(16)}` }))
  t.is(lab.events.filter(({ node }) => node === undefined).length, 10, 'at most ten a second')
})

test('a decision gives its reasons with the rows and clauses', async (t) => {
  const lab = await openHarness({ tables: TABLES })
  await lab.ask({ ...selecting('10.77.0.11'), mac: N01 })
  t.is(
    lastDetail(lab),
    `n01 by chaddr [mac node=n01 ${N01}]; interface eth0; selecting (RFC 2131 §4.3.2 SELECTING); ` +
      'no boot firmware named: address only',
  )
})

test('random datagrams and mutated golden packets never throw, and the decision is the same twice', async (t) => {
  const lab = await openHarness({ tables: DYNAMIC })
  const mutated = fc
    .tuple(fc.constantFrom(...goldenRequests), fc.array(fc.tuple(fc.nat(399), fc.nat(255)), { maxLength: 12 }))
    .map(([{ bytes }, changes]) => {
      const copy = Uint8Array.from(bytes)
      for (const [at, byte] of changes) if (at < copy.length) copy[at] = byte
      return copy
    })
  fc.assert(
    fc.property(mutated, (bytes) => {
      const first = lab.deliver(bytes)
      const second = lab.deliver(bytes)
      t.is(first?.kind, second?.kind)
    }),
    { numRuns: 3000 },
  )
})
