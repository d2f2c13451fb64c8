/** UEFI machines through the whole decision: OVMF's captured requests, and the same as an ARM machine sends them. */
import test from 'ava'
import { decideDhcp } from '../../src/dhcp/decide.ts'
import type { DhcpContext } from '../../src/dhcp/decision.ts'
import { OPTION, parseText } from '../../src/dhcp/options.ts'
import { type DhcpPacket, encodePacket, parsePacket } from '../../src/dhcp/packet.ts'
import { fakeSnapshot, ip } from './fake-cluster.ts'
import { goldenRequest } from './golden.ts'

interface Wish {
  readonly client: 'UEFI PXE' | 'UEFI HTTP boot'
  readonly architecture: number
  readonly netboot?: string
  readonly httpPort?: number
  /** Option 82 of a relay in front. */
  readonly relay?: Uint8Array
}

/** The reply as the firmware reads it, and why it is so. */
function serve({ client, architecture, netboot, httpPort = 80, relay }: Wish) {
  const packet = parsePacket(goldenRequest(`EDK2 OVMF (2022.11), ${client}`, 'REQUEST').bytes)
  if ('fault' in packet) throw new Error(packet.fault)
  const kind = client === 'UEFI PXE' ? 'PXEClient' : 'HTTPClient'
  const vendor = `${kind}:Arch:${String(architecture).padStart(5, '0')}:UNDI:003000`
  const options = new Map(packet.options)
  options.set(OPTION.clientArchitecture, Uint8Array.of(0, architecture)).set(OPTION.vendorClass, Buffer.from(vendor))
  const arch = architecture === 11 || architecture === 19 ? 'aarch64' : 'x86_64'
  const node = { name: 'n02', mac: '52:54:00:77:00:02', ip: '10.77.0.12', image: 'img', arch }
  const context: DhcpContext = {
    snapshot: fakeSnapshot({
      networks: [{ net: '10.77.0.0', gateway: '10.77.0.1' }],
      nodes: [netboot === undefined ? node : { ...node, netboot }],
    }),
    interfaces: [{ name: 'eth0', address: ip('10.77.0.1'), netmask: ip('255.255.255.0') }],
    receivedOn: 'eth0',
    leases: { choose: () => undefined, standing: () => 'outside' },
    nowMs: 0,
    httpPort,
  }
  if (relay) options.set(OPTION.relayAgent, relay)
  const giaddr = relay ? '10.77.0.2' : '0.0.0.0'
  const answer = decideDhcp({ ...packet, giaddr, options }, context)
  if (answer.kind !== 'answer') throw new Error(JSON.stringify(answer.reasons))
  const reply = parsePacket(encodePacket(answer.packet, answer.maximumBytes).bytes) as DhcpPacket
  return {
    file: reply.file,
    siaddr: reply.siaddr,
    bootFileName: parseText(reply.options.get(OPTION.bootFileName))?.replace(/\0+$/, ''),
    vendorClass: parseText(reply.options.get(OPTION.vendorClass)),
    destination: answer.destination,
    relayAgent: reply.options.get(OPTION.relayAgent),
    why: answer.reasons.map(({ text }) => text).join('; '),
  }
}

for (const [architecture, suffix, ipxe] of [
  [7, 'x64', 'snponly.efi'],
  [9, 'x64', 'snponly.efi'],
  [11, 'aa64', 'snponly-arm64.efi'],
] as const) {
  test(`UEFI PXE, architecture ${architecture}: the file in header and option 67, where shim reads its directory`, (t) => {
    const file = `boot/efi/n02/netboot${suffix}.efi`
    const grub = serve({ client: 'UEFI PXE', architecture, netboot: 'grub2' })
    t.like(grub, { file, bootFileName: file, siaddr: '10.77.0.1', vendorClass: undefined })
    t.like(serve({ client: 'UEFI PXE', architecture }), { file: ipxe, bootFileName: ipxe })
  })
}

for (const [architecture, suffix, ipxe] of [
  [16, 'x64', 'snponly.efi'],
  [19, 'aa64', 'snponly-arm64.efi'],
] as const) {
  test(`UEFI HTTP boot, architecture ${architecture}: a URL in option 67, HTTPClient back`, (t) => {
    const common = { client: 'UEFI HTTP boot', architecture, httpPort: 8080 } as const
    t.like(serve(common), {
      bootFileName: `http://10.77.0.1:8080/boot/loader/${ipxe}`,
      vendorClass: 'HTTPClient',
    })
    t.like(serve({ ...common, netboot: 'grub2-http' }), {
      bootFileName: `http://10.77.0.1:8080/boot/efi/n02/netboot${suffix}.efi`,
      vendorClass: 'HTTPClient',
    })
  })
}

test('UEFI HTTP boot behind a relay: the same answer, with option 82 as it came, to the relay', (t) => {
  const relay = Uint8Array.of(1, 4, 0x65, 0x74, 0x68, 0x31)
  const answer = serve({ client: 'UEFI HTTP boot', architecture: 16, relay })
  const url = 'http://10.77.0.1/boot/loader/snponly.efi'
  // EDK2 reads option 67 first and the header field else; both say the same.
  t.like(answer, { bootFileName: url, file: url, vendorClass: 'HTTPClient' })
  t.deepEqual(Buffer.from(answer.relayAgent ?? []), Buffer.from(relay))
  t.like(answer.destination, { address: '10.77.0.2', port: 'server' })
})

test('pxelinux on UEFI: iPXE, and the timeline is told why', (t) => {
  const { file, why } = serve({ client: 'UEFI PXE', architecture: 7, netboot: 'pxe' })
  t.is(file, 'snponly.efi')
  t.regex(why, /although netboot is pxe: pxelinux is a BIOS program/)
})
