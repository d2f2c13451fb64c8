/** Captured requests of real firmware through the whole decision: lease and boot file. */
import test from 'ava'
import { decideDhcp } from '../../src/dhcp/decide.ts'
import type { DhcpAnswer, DhcpContext } from '../../src/dhcp/decision.ts'
import type { LeaseView } from '../../src/dhcp/leases.ts'
import { OPTION, parseIpv4, parseSubOptions, parseText } from '../../src/dhcp/options.ts'
import { type DhcpPacket, encodePacket, parsePacket } from '../../src/dhcp/packet.ts'
import { type FakeTables, fakeSnapshot, ip } from './fake-cluster.ts'
import { goldenRequest, goldenRequests } from './golden.ts'

const TABLES: FakeTables = {
  networks: [{ net: '10.77.0.0', gateway: '10.77.0.1' }],
  nodes: [
    { name: 'n01', mac: '52:54:00:77:00:01', ip: '10.77.0.11', image: 'img', arch: 'x86_64', netboot: 'xnba' },
    { name: 'n02', mac: '52:54:00:77:00:02', ip: '10.77.0.12', image: 'img', arch: 'x86_64' },
    { name: 'n04', mac: '52:54:00:77:00:04', ip: '10.77.0.14', image: 'img', arch: 'ppc64le' },
  ],
}
const NO_LEASES: LeaseView = { choose: () => undefined, standing: () => 'outside' }

function context(tables: FakeTables): DhcpContext {
  return {
    snapshot: fakeSnapshot(tables),
    interfaces: [{ name: 'eth0', address: ip('10.77.0.1'), netmask: ip('255.255.255.0') }],
    receivedOn: 'eth0',
    leases: NO_LEASES,
    nowMs: 0,
    httpPort: 80,
  }
}

/** Decision and the reply as the client would parse it. */
function serve(bytes: Uint8Array, tables: FakeTables = TABLES): { answer: DhcpAnswer; reply: DhcpPacket } {
  const packet = parsePacket(bytes)
  if ('fault' in packet) throw new Error(packet.fault)
  const answer = decideDhcp(packet, context(tables))
  if (answer.kind !== 'answer') throw new Error(JSON.stringify(answer.reasons))
  const reply = parsePacket(encodePacket(answer.packet, answer.maximumBytes).bytes)
  if ('fault' in reply) throw new Error(reply.fault)
  return { answer, reply }
}

for (const { case: way, order, client, message, bytes } of goldenRequests) {
  test(`${way} ${order}, ${client}: ${message} gets the node's address`, (t) => {
    const { answer, reply } = serve(bytes)
    const request = parsePacket(bytes) as DhcpPacket
    const expected = { '01': '10.77.0.11', '02': '10.77.0.12', '04': '10.77.0.14' }[answer.mac!.slice(-2)]!
    t.is(answer.reply, message === 'DISCOVER' ? 'OFFER' : 'ACK')
    t.is(reply.yiaddr, expected)
    t.is(reply.xid, request.xid)
    t.is(parseIpv4(reply.options.get(OPTION.serverIdentifier)), ip('10.77.0.1'))
    t.deepEqual([...reply.options.get(OPTION.leaseTime)!], [0, 0, 0xa8, 0xc0])
    t.deepEqual([...reply.options.get(OPTION.subnetMask)!], [255, 255, 255, 0])
    t.deepEqual(reply.options.get(OPTION.clientIdentifier), request.options.get(OPTION.clientIdentifier))
  })
}

test('busybox udhcpc gets its lease and no boot file', (t) => {
  const { reply } = serve(goldenRequest('busybox', 'REQUEST').bytes)
  t.is(reply.file, '')
  t.is(parseText(reply.options.get(OPTION.hostName)), 'n01')
  t.is(parseText(reply.options.get(OPTION.domainName)), 'cluster.test')
  t.deepEqual([...reply.options.get(OPTION.nameServer)!], [10, 77, 0, 1])
})

for (const client of ['iPXE 1.0.0+git-20190125, x86_64 BIOS', 'iPXE 1.0.0+git-20190125, x86_64 UEFI']) {
  test(`${client} gets its script by URL and need not wait for ProxyDHCP`, (t) => {
    const { reply } = serve(goldenRequest(client, 'DISCOVER').bytes)
    const node = client.includes('BIOS') ? 'n01' : 'n02'
    t.is(reply.file, `http://10.77.0.1/boot/ipxe/${node}`)
    t.is(parseText(reply.options.get(OPTION.bootFileName)), `http://10.77.0.1/boot/ipxe/${node}`)
    t.deepEqual([...parseSubOptions(reply.options.get(OPTION.ipxe))!.get(176)!], [1])
    t.false(reply.options.has(OPTION.vendorClass))
  })
}

test('OVMF PXE gets snponly.efi, next server and a terminated option 67', (t) => {
  const { reply } = serve(goldenRequest('EDK2 OVMF (2022.11), UEFI PXE', 'REQUEST').bytes)
  t.is(reply.file, 'snponly.efi')
  t.is(reply.siaddr, '10.77.0.1')
  t.is(Buffer.from(reply.options.get(OPTION.bootFileName)!).toString(), 'snponly.efi\0')
  t.is(parseText(reply.options.get(OPTION.tftpServerName)), '10.77.0.1')
})

test('OVMF HTTP boot gets a URL in 67 and HTTPClient in 60', (t) => {
  const { reply } = serve(goldenRequest('EDK2 OVMF (2022.11), UEFI HTTP', 'DISCOVER').bytes)
  t.is(parseText(reply.options.get(OPTION.bootFileName)), 'http://10.77.0.1/boot/loader/snponly.efi')
  t.is(parseText(reply.options.get(OPTION.vendorClass)), 'HTTPClient')
})

for (const message of ['DISCOVER', 'REQUEST'] as const) {
  test(`SLOF ${message}: the GRUB of the node, although it names no architecture in its DISCOVER`, (t) => {
    const { reply } = serve(goldenRequest('SLOF', message).bytes)
    t.is(reply.file, 'boot/grub2/grub2-n04')
    t.is(reply.siaddr, '10.77.0.1')
    t.is(parseText(reply.options.get(OPTION.bootFileName)), 'boot/grub2/grub2-n04')
    t.is(parseText(reply.options.get(OPTION.tftpServerName)), '10.77.0.1')
  })
}

test('GRUB without a parameter list gets the header fields', (t) => {
  const { reply } = serve(goldenRequest('GRUB', 'DISCOVER').bytes)
  t.is(reply.file, 'boot/grub2/grub2-n04')
  t.false(reply.options.has(OPTION.bootFileName))
})

test('petitboot gets option 209 although it does not ask for 67', (t) => {
  const { reply } = serve(goldenRequest('petitboot', 'REQUEST').bytes)
  t.is(parseText(reply.options.get(OPTION.configurationFile)), 'http://10.77.0.1/boot/petitboot/n04')
  t.is(parseText(reply.options.get(OPTION.pathPrefix)), 'http://10.77.0.1/boot/')
  t.is(reply.file, '')
})

test('a node without an image gets its address and a reason, no boot file', (t) => {
  const nodes = [{ name: 'n01', mac: '52:54:00:77:00:01', ip: '10.77.0.11' }]
  const { answer, reply } = serve(goldenRequest('iPXE', 'DISCOVER').bytes, { ...TABLES, nodes })
  t.is(reply.yiaddr, '10.77.0.11')
  t.is(reply.file, '')
  t.is(reply.siaddr, '0.0.0.0')
  t.true(answer.reasons.some(({ text }) => text === 'address only: the node has no image'))
})
