/**
 * What each program of each captured boot is told, by the real decision and encoder for the row that boots this way. The
 * expectations are written from what the program needs, not from what came out.
 */
import test from 'ava'
import { decideDhcp } from '../../src/dhcp/decide.ts'
import { OPTION, parseIpv4, parseUint16 } from '../../src/dhcp/options.ts'
import { type DhcpPacket, encodePacket, parsePacket } from '../../src/dhcp/packet.ts'
import { GOLDEN_WAYS } from '../golden/ways.ts'
import { fakeSnapshot, ip } from './fake-cluster.ts'
import { type GoldenRequest, goldenRequests } from './golden.ts'

const SERVER = '10.77.0.1'
const NODE = { name: 'n1', mac: '52:54:00:77:00:01', ip: '10.77.0.11', image: 'img' } as const
const EARLIER = 'earlier'
/** RFC 2132 §9.10: what a client takes that does not say. */
const DEFAULT_MAXIMUM = 576
const IP_AND_UDP = 28
const ETHERNET_MTU = 1500

interface Told {
  /** In the header, and where option 67 says nothing else there too. */
  readonly file: string
  readonly siaddr: string
  /** Texts of options; every other boot option is not there. */
  readonly options: Readonly<Record<number, string>>
}

const NOTHING: Told = { file: '', siaddr: '0.0.0.0', options: {} }
const byTftp = (file: string, more: Told['options'] = {}): Told => ({
  ...{ file, siaddr: SERVER },
  options: { 66: SERVER, 67: file, ...more },
})
/** EDK2 2022.11 reads option 67 to its end, and takes what follows too: the end is said. */
const forEdk2 = (file: string): Told => byTftp(file, { 67: `${file}\0` })
/** UEFI 2.10 §24.7: the URL in option 67, and option 60 given back. */
const byUrl = (path: string): Told => byTftp(`http://${SERVER}${path}`, { 60: 'HTTPClient' })
/** iPXE, option 175.176: need not wait two seconds for a ProxyDHCP server. */
const NO_PROXY = { 175: '\xb0\x01\x01' }
const script = byTftp(`http://${SERVER}/boot/ipxe/n1`, NO_PROXY)
/** RFC 5071: the configuration by name, so that pxelinux need not try a dozen. */
const pxelinux = (file: string) => byTftp(file, { ...NO_PROXY, 209: 'pxelinux.cfg/n1', 210: '/' })
/** A GRUB of the node's own name, which asks by TFTP for everything below. */
const openFirmware = byTftp('boot/grub2/grub2-n1')
/** petitboot asks for 209 and 210; 66 and 67 it does not ask for. */
const opal: Told = {
  file: '',
  siaddr: SERVER,
  options: { 209: `http://${SERVER}/boot/petitboot/n1`, 210: `http://${SERVER}/boot/` },
}

/** Before it named its architecture petitboot asked exactly as the initrd's udhcpc does, which takes no notice. */
const opalOrSystem: Told = { ...opal, options: { 209: `http://${SERVER}/boot/petitboot/n1` } }

const shim = forEdk2('boot/efi/n1/netbootx64.efi')
/** By boot and program; `EDK2 HTTP`: as UEFI HTTP boot. */
const EXPECTED: Readonly<Record<string, Readonly<Record<string, Told>>>> = {
  'bios-ipxe': { iPXE: script, busybox: NOTHING },
  pxelinux: { iPXE: pxelinux('pxelinux.0') },
  lpxelinux: { iPXE: pxelinux('lpxelinux.0') },
  'uefi-ipxe': { EDK2: forEdk2('snponly.efi'), iPXE: script },
  'uefi-ipxe-drivers': { EDK2: forEdk2('ipxe.efi'), iPXE: script },
  'uefi-grub': { EDK2: shim },
  'uefi-grub-tftp': { EDK2: shim },
  'secure-boot': { EDK2: shim },
  'uefi-http': { 'EDK2 HTTP': byUrl('/boot/loader/snponly.efi'), iPXE: script },
  'uefi-http-grub': { 'EDK2 HTTP': byUrl('/boot/efi/n1/netbootx64.efi') },
  'aarch64-uefi-grub': { EDK2: forEdk2('boot/efi/n1/netbootaa64.efi') },
  'aarch64-http-grub': { 'EDK2 HTTP': byUrl('/boot/efi/n1/netbootaa64.efi') },
  'slof-grub-http': { SLOF: openFirmware },
  'slof-grub-tftp': { SLOF: openFirmware },
  petitboot: { petitboot: opal, busybox: opalOrSystem },
  'petitboot-powernv9': { petitboot: opal },
}
const BOOT_OPTIONS = [43, 60, 66, 67, 150, 175, 209, 210, 211]

const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('latin1')

function parsed(bytes: Uint8Array): DhcpPacket {
  const packet = parsePacket(bytes)
  if ('fault' in packet) throw new Error(packet.fault)
  return packet
}

const captured = goldenRequests.filter((request) => request.case !== EARLIER)
const programOf = ({ client, bytes }: GoldenRequest) =>
  text(parsed(bytes).options.get(OPTION.vendorClass)).startsWith('HTTPClient') ? `${client} HTTP` : client

for (const golden of captured) {
  const { case: way, order, message, bytes } = golden
  const program = programOf(golden)
  test(`${way} ${order}: ${program} ${message}`, (t) => {
    const told = EXPECTED[way]![program]!
    const request = parsed(bytes)
    const mask = '255.255.0.0'
    const answer = decideDhcp(request, {
      snapshot: fakeSnapshot({ networks: [{ net: '10.77.0.0', mask }], nodes: [{ ...NODE, ...GOLDEN_WAYS[way]! }] }),
      interfaces: [{ name: 'eth0', address: ip(SERVER), netmask: ip(mask) }],
      receivedOn: 'eth0',
      leases: { choose: () => undefined, standing: () => 'outside' },
      nowMs: 0,
      httpPort: 80,
    })
    if (answer.kind !== 'answer') return t.fail(JSON.stringify(answer.reasons))
    const encoded = encodePacket(answer.packet, answer.maximumBytes).bytes
    const reply = parsed(encoded)

    t.is(answer.reply, message === 'DISCOVER' ? 'OFFER' : 'ACK')
    t.like(reply, { yiaddr: NODE.ip, xid: request.xid, flags: request.flags, sname: '', giaddr: '0.0.0.0' })
    t.is(parseIpv4(reply.options.get(OPTION.serverIdentifier)), ip(SERVER))
    // No raw Ethernet here, and OVMF asks for a broadcast anyway.
    t.is(answer.destination.address, '255.255.255.255')
    t.is(answer.destination.port, 'client')
    // RFC 6842: given back, or not there.
    t.deepEqual(reply.options.get(OPTION.clientIdentifier), request.options.get(OPTION.clientIdentifier))

    t.like(reply, { file: told.file, siaddr: told.siaddr })
    const options = BOOT_OPTIONS.filter((code) => reply.options.has(code))
    t.deepEqual(Object.fromEntries(options.map((code) => [code, text(reply.options.get(code))])), told.options)

    const maximum = parseUint16(request.options.get(OPTION.maximumMessageSize)) ?? DEFAULT_MAXIMUM
    t.true(encoded.length <= Math.min(maximum, ETHERNET_MTU) - IP_AND_UDP, `${encoded.length} bytes`)
    // RFC 1542 §2.1: clients drop shorter ones.
    t.true(encoded.length >= 300)
    t.false(reply.options.has(OPTION.overload), 'sname and file are what they say')
  })
}

test('every captured program has an expectation, and every expectation was captured', (t) => {
  const expected = Object.entries(EXPECTED).flatMap(([way, told]) => Object.keys(told).map((one) => `${way} ${one}`))
  t.deepEqual([...new Set(captured.map((one) => `${one.case} ${programOf(one)}`))].sort(), expected.sort())
})
