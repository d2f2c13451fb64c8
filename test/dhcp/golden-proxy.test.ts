/**
 * What firmware and loaders that hear of their address from another server are told by ProxyDHCP: captured with dnsmasq as
 * that server. Boot files and nothing else, and never an answer to what is asked of the other one.
 */
import test from 'ava'
import { decideDhcp } from '../../src/dhcp/decide.ts'
import { OPTION } from '../../src/dhcp/options.ts'
import { type DhcpPacket, encodePacket, parsePacket } from '../../src/dhcp/packet.ts'
import { GOLDEN_WAYS } from '../golden/ways.ts'
import { fakeSnapshot, ip } from './fake-cluster.ts'
import { goldenProxyRequests } from './golden.ts'

const SERVER = '10.77.0.1'
const PROXY_PORT = 4011
const NODE = { name: 'n1', mac: '52:54:00:77:00:01', ip: '10.77.0.11', image: 'img' } as const

interface Told {
  readonly file: string
  /** Option 67. EDK2 takes what follows it too: there the end is said. */
  readonly bootFileName: string
  /** PXE 2.1 §2.2.3: without it an offer without an address is none. */
  readonly vendorClass: 'PXEClient' | 'HTTPClient'
}
const script: Told = {
  ...{ file: `http://${SERVER}/boot/ipxe/n1`, bootFileName: `http://${SERVER}/boot/ipxe/n1` },
  vendorClass: 'PXEClient',
}
const EXPECTED: Readonly<Record<string, Readonly<Record<string, Told>>>> = {
  'bios-ipxe-proxy': { iPXE: script },
  'uefi-ipxe-proxy': {
    EDK2: { file: 'snponly.efi', bootFileName: 'snponly.efi\0', vendorClass: 'PXEClient' },
    iPXE: script,
  },
  'uefi-http-proxy': {
    EDK2: {
      ...{ file: `http://${SERVER}/boot/loader/snponly.efi`, vendorClass: 'HTTPClient' },
      bootFileName: `http://${SERVER}/boot/loader/snponly.efi`,
    },
    iPXE: script,
  },
}
/** Of a lease, and of liteboot's own when it gives the address; 43 would send firmware to a menu. */
const NOT_THERE = [OPTION.leaseTime, OPTION.subnetMask, OPTION.router, OPTION.vendorSpecific, OPTION.ipxe]

function parsed(bytes: Uint8Array): DhcpPacket {
  const packet = parsePacket(bytes)
  if ('fault' in packet) throw new Error(packet.fault)
  return packet
}

for (const { case: way, order, client, port, message, bytes } of goldenProxyRequests) {
  test(`${way} ${order}: ${client} ${message} at port ${port}`, (t) => {
    const request = parsed(bytes)
    const mask = '255.255.0.0'
    const answer = decideDhcp(request, {
      snapshot: fakeSnapshot({
        settings: { proxydhcp: 'ALL' },
        networks: [{ net: '10.77.0.0', mask }],
        nodes: [{ ...NODE, ...GOLDEN_WAYS[way]! }],
      }),
      interfaces: [{ name: 'eth0', address: ip(SERVER), netmask: ip(mask) }],
      receivedOn: 'eth0',
      onProxyPort: port === PROXY_PORT,
      leases: { choose: () => undefined, standing: () => 'outside' },
      nowMs: 0,
      httpPort: 80,
    })
    t.is(answer.lease, undefined)
    if (message === 'REQUEST' && port !== PROXY_PORT) {
      t.is(answer.kind, 'silence')
      return
    }
    if (answer.kind !== 'answer') return t.fail(JSON.stringify(answer.reasons))
    t.is(answer.reply, message === 'DISCOVER' ? 'OFFER' : 'ACK')
    const reply = parsed(encodePacket(answer.packet, answer.maximumBytes).bytes)
    const text = (code: number) => Buffer.from(reply.options.get(code) ?? []).toString('latin1')
    const { file, bootFileName, vendorClass } = EXPECTED[way]![client]!
    t.like(reply, { yiaddr: '0.0.0.0', siaddr: SERVER, file, xid: request.xid, flags: request.flags })
    t.is(text(OPTION.bootFileName), bootFileName)
    t.is(text(OPTION.vendorClass), vendorClass)
    t.deepEqual(reply.options.get(OPTION.machineIdentifier), request.options.get(OPTION.machineIdentifier))
    for (const code of NOT_THERE) t.false(reply.options.has(code), String(code))
  })
}

test('every program of the table was captured', (t) => {
  const seen = new Set(goldenProxyRequests.map(({ case: way, client }) => `${way} ${client}`))
  const expected = Object.entries(EXPECTED).flatMap(([way, told]) => Object.keys(told).map((one) => `${way} ${one}`))
  t.deepEqual([...seen].sort(), expected.sort())
})
