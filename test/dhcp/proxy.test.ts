/** Beside a site's DHCP server: offers without an address, port 4011, and silence otherwise. */
import test from 'ava'
import { OPTION, parseIpv4, parseText } from '../../src/dhcp/options.ts'
import { messageTypeOf, parsePacket } from '../../src/dhcp/packet.ts'
import { MESSAGE } from '../../src/dhcp/reply.ts'
import type { FakeTables } from './fake-cluster.ts'
import { goldenRequest, goldenRequests } from './golden.ts'
import { openHarness } from './harness.ts'
import { octets, requestBytes } from './requests.ts'

const TABLES: FakeTables = {
  settings: { proxydhcp: '10_77_0_0' },
  networks: [{ net: '10.77.0.0', gateway: '10.77.0.254', range: ['10.77.0.50', '10.77.0.99'] }, { net: '10.77.1.0' }],
  nodes: [
    { name: 'n01', mac: '52:54:00:77:00:01', ip: '10.77.0.11', image: 'img', arch: 'x86_64' },
    { name: 'n02', mac: '52:54:00:77:00:02', ip: '10.77.0.12', image: 'img', arch: 'x86_64' },
    { name: 'n04', mac: '52:54:00:77:00:04', ip: '10.77.0.14', image: 'img', arch: 'ppc64le' },
    {
      name: 'n05',
      mac: '52:54:00:77:00:05',
      ip: '10.77.0.15',
      image: 'img',
      attributes: { 'noderes.proxydhcp': 'no', 'noderes.tftpserver': '10.77.0.9' },
    },
    {
      name: 'n06',
      mac: '52:54:00:77:00:06',
      ip: '10.77.0.16',
      image: 'img',
      attributes: { 'noderes.tftpserver': '10.77.0.9' },
    },
  ],
}
const BIOS = 'PXEClient:Arch:00000:UNDI:002001'
const UEFI = 'PXEClient:Arch:00007:UNDI:003016'
const GUID = [0, ...Array.from({ length: 16 }, (_, at) => at)]

async function open(tables: FakeTables = TABLES) {
  const harness = await openHarness({ tables })
  /** To port 4011. */
  const askProxyPort = async (bytes: Uint8Array, sourcePort = 4011) => {
    const before = harness.outgoing.length
    harness.service.receive({ bytes, receivedOn: undefined, sourcePort, onProxyPort: true })
    await harness.settle()
    const to = harness.outgoing[before]
    if (!to) return undefined
    const packet = parsePacket(to.bytes)
    if ('fault' in packet) throw new Error(packet.fault)
    return { ...packet, type: messageTypeOf(packet), to }
  }
  return { ...harness, askProxyPort }
}

const discover = (mac: string, vendorClass: string, architecture: number, ...more: [number, number[] | string][]) => ({
  type: MESSAGE.DISCOVER,
  mac,
  options: [[OPTION.vendorClass, vendorClass], [OPTION.clientArchitecture, [0, architecture]], ...more] as [
    number,
    number[] | string,
  ][],
})

test('BIOS PXE: an offer without address or lease, option 43 says to take its file, the GUID comes back', async (t) => {
  const { ask } = await open()
  const offer = await ask(discover('52:54:00:77:00:01', BIOS, 0, [OPTION.machineIdentifier, GUID]))
  t.is(offer?.type, MESSAGE.OFFER)
  t.is(offer?.yiaddr, '0.0.0.0')
  t.is(offer?.siaddr, '10.77.0.1')
  t.is(offer?.file, 'undionly.kpxe')
  t.is(offer?.to.address, '255.255.255.255')
  const options = offer?.options ?? new Map<number, Uint8Array>()
  t.is(parseText(options.get(OPTION.vendorClass)), 'PXEClient')
  t.is(parseIpv4(options.get(OPTION.serverIdentifier)) as string, '10.77.0.1')
  t.deepEqual([...(options.get(OPTION.vendorSpecific) ?? [])], [6, 1, 8, 255])
  t.deepEqual([...(options.get(OPTION.machineIdentifier) ?? [])], GUID)
  for (const code of [OPTION.leaseTime, OPTION.subnetMask, OPTION.router, OPTION.ipxe]) t.false(options.has(code))
})

test('UEFI PXE: an offer without option 43, and the boot file at port 4011', async (t) => {
  const { ask, askProxyPort } = await open()
  const offer = await ask(discover('52:54:00:77:00:06', UEFI, 7))
  t.false(offer?.options.has(OPTION.vendorSpecific))
  t.is(offer?.siaddr, '10.77.0.1', 'port 4011 is asked at siaddr: that must be us, whoever serves TFTP')
  const fields = { ...discover('52:54:00:77:00:06', UEFI, 7), type: MESSAGE.REQUEST, ciaddr: '10.77.0.16' }
  const ack = await askProxyPort(requestBytes(fields), 68)
  t.is(ack?.type, MESSAGE.ACK)
  t.is(ack?.siaddr, '10.77.0.9')
  t.is(ack?.file, 'snponly.efi')
  t.is(ack?.yiaddr, '0.0.0.0')
  t.deepEqual([ack?.to.address, ack?.to.port, ack?.to.fromProxyPort], ['10.77.0.16', 68, true])
})

test('PXE 2.1: the boot item a client chose at port 4011 is named again', async (t) => {
  const { askProxyPort } = await open()
  const item = [71, 4, 0x80, 0, 0, 0, 255]
  const fields = discover('52:54:00:77:00:01', BIOS, 0, [OPTION.vendorSpecific, item])
  const ack = await askProxyPort(requestBytes({ ...fields, type: MESSAGE.REQUEST, ciaddr: '10.77.0.11' }))
  t.deepEqual([...(ack?.options.get(OPTION.vendorSpecific) ?? [])], item)
  t.is(ack?.to.port, 4011)
})

test('UEFI HTTP boot: URL and HTTPClient', async (t) => {
  const { ask } = await open()
  const offer = await ask(discover('52:54:00:77:00:01', 'HTTPClient:Arch:00016:UNDI:003001', 16))
  t.is(parseText(offer?.options.get(OPTION.vendorClass)), 'HTTPClient')
  t.is(parseText(offer?.options.get(OPTION.bootFileName)), 'http://10.77.0.1/boot/loader/snponly.efi')
})

test('iPXE gets its script, and is not told to ignore proxies', async (t) => {
  const { deliver, settle, outgoing } = await open()
  deliver(goldenRequest('iPXE', 'DISCOVER').bytes)
  await settle()
  const offer = parsePacket(outgoing[0]!.bytes)
  if ('fault' in offer) throw new Error(offer.fault)
  t.regex(parseText(offer.options.get(OPTION.bootFileName)) ?? '', /^http:\/\/10\.77\.0\.1\/boot\/ipxe\/n0/)
  t.false(offer.options.has(OPTION.ipxe))
})

test('whatever real firmware and systems send, no address is ever given, and no REQUEST at port 67 answered', async (t) => {
  for (const { client, message, bytes } of goldenRequests) {
    const { deliver, settle, outgoing, leases } = await open()
    const decision = deliver(bytes)
    await settle()
    if (message === 'REQUEST') t.deepEqual(outgoing, [], client)
    for (const datagram of outgoing) {
      const packet = parsePacket(datagram.bytes)
      t.false('fault' in packet)
      if ('yiaddr' in packet) t.is(packet.yiaddr, '0.0.0.0', client)
    }
    t.is(decision?.lease, undefined)
    t.deepEqual(leases.list(0), [])
  }
})

test('silence, and why: strangers, noderes.proxydhcp=no, an operating system, petitboot', async (t) => {
  const { deliver } = await open()
  const why = (fields: Parameters<typeof requestBytes>[0]) => {
    const decision = deliver(requestBytes(fields))
    t.is(decision?.kind, 'silence')
    return { text: decision?.reasons.at(-1)?.text ?? '', ok: decision?.kind === 'silence' && decision.ok }
  }
  t.like(why(discover('02:00:00:00:00:09', BIOS, 0)), { text: 'a stranger', ok: true })
  t.like(why(discover('52:54:00:77:00:05', BIOS, 0)), { text: 'no proxy answers', ok: true })
  t.like(why({ type: MESSAGE.DISCOVER, mac: '52:54:00:77:00:01' }), { text: 'no boot firmware', ok: true })
  const petitboot = { type: MESSAGE.DISCOVER, mac: '52:54:00:77:00:04', options: [[93, [0, 14]]] } as const
  t.regex(why({ ...petitboot }).text, /petitboot takes boot files from the server of its address only/)
  t.false(why({ ...petitboot }).ok)
})

test('only networks that are named: elsewhere the same node gets its address, and port 4011 is silent', async (t) => {
  const { ask, askProxyPort } = await open({ ...TABLES, settings: { proxydhcp: '10_77_1_0' } })
  t.is((await ask(discover('52:54:00:77:00:01', BIOS, 0)))?.yiaddr, '10.77.0.11')
  const fields = { ...discover('52:54:00:77:00:01', BIOS, 0), type: MESSAGE.REQUEST, ciaddr: '10.77.0.11' }
  t.is(await askProxyPort(requestBytes(fields)), undefined)
})

test('relayed: the offer goes to the relay, option 82 back', async (t) => {
  const { ask } = await open({ ...TABLES, settings: { proxydhcp: 'ALL' } })
  const relay = [1, 2, 7, 7]
  const offer = await ask({
    ...discover(
      '52:54:00:77:00:01',
      BIOS,
      0,
      [OPTION.relayAgent, relay],
      [OPTION.requestedAddress, octets('10.77.0.11')],
    ),
    giaddr: '10.77.0.254',
  })
  t.is(offer?.to.address, '10.77.0.254')
  t.deepEqual([...(offer?.options.get(OPTION.relayAgent) ?? [])], relay)
})

const DISCOVERED: FakeTables = { ...TABLES, settings: { proxydhcp: '10_77_0_0', discovery: '10_77_0_0' } }
const STRANGER = '02:00:00:00:00:09'

test('discovery: a stranger gets boot files and no address, at ports 67 and 4011', async (t) => {
  const { ask, askProxyPort, deliver, leases } = await open(DISCOVERED)
  const bios = await ask(discover(STRANGER, BIOS, 0))
  t.deepEqual([bios?.type, bios?.yiaddr, bios?.file], [MESSAGE.OFFER, '0.0.0.0', 'undionly.kpxe'])
  t.deepEqual([...(bios?.options.get(OPTION.vendorSpecific) ?? [])], [6, 1, 8, 255])
  const ipxe = await ask(discover(STRANGER, BIOS, 0, [77, 'iPXE'], [175, [1, 1, 1]]))
  t.is(parseText(ipxe?.options.get(OPTION.bootFileName)), 'http://10.77.0.1/boot/ipxe/_discovery')
  const http = await ask(discover(STRANGER, 'HTTPClient:Arch:00016:UNDI:003001', 16))
  t.is(parseText(http?.options.get(OPTION.bootFileName)), 'http://10.77.0.1/boot/loader/snponly.efi')
  const request = { ...discover(STRANGER, UEFI, 7), type: MESSAGE.REQUEST, ciaddr: '10.77.0.55' }
  const ack = await askProxyPort(requestBytes(request), 68)
  t.deepEqual([ack?.type, ack?.file, ack?.yiaddr], [MESSAGE.ACK, 'snponly.efi', '0.0.0.0'])
  t.is(deliver(requestBytes({ ...request, options: [] }))?.kind, 'silence', 'port 67 leaves it to the other server')
  t.deepEqual(leases.list(0), [])
})

test('discovery: systems, 32-bit ARM, petitboot and whoever is behind a relay hear nothing', async (t) => {
  const { ask } = await open(DISCOVERED)
  t.is(await ask({ type: MESSAGE.DISCOVER, mac: STRANGER }), undefined)
  t.is(await ask(discover(STRANGER, 'PXEClient:Arch:00010:UNDI:003000', 10)), undefined)
  t.is(await ask({ type: MESSAGE.DISCOVER, mac: STRANGER, options: [[93, [0, 14]]] }), undefined)
  t.is(await ask({ ...discover(STRANGER, BIOS, 0), giaddr: '10.77.0.254' }), undefined)
})

test('discovery: a network beside a site’s DHCP server has to be named; ALL does not do', async (t) => {
  const { ask } = await open({ ...TABLES, settings: { proxydhcp: '10_77_0_0', discovery: 'ALL' } })
  t.is(await ask(discover(STRANGER, BIOS, 0)), undefined)
})
