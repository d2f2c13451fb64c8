/**
 * Child process of the namespace tests: PXE firmware as far as DHCP goes. Words: MAC, its address (on the interface already),
 * architecture. Prints all offers it hears within a second, and what port 4011 of the proxy says.
 */
import { OPTION, parseIpv4, parseText } from '../../src/dhcp/options.ts'
import { BROADCAST_FLAG, type DhcpPacket, messageTypeOf, parsePacket } from '../../src/dhcp/packet.ts'
import { bindSocket } from '../../src/dhcp/sockets.ts'
import { requestBytes } from './requests.ts'

const [mac = '', address = '', architecture = '0'] = process.argv.slice(2)
const vendorClass = `PXEClient:Arch:0000${architecture}:UNDI:003001`
const options = [
  [OPTION.parameterRequestList, [1, 3, 43, 54, 60, 66, 67, 97]],
  [OPTION.vendorClass, vendorClass],
  [OPTION.clientArchitecture, [0, Number(architecture)]],
] as const
const heard: DhcpPacket[] = []
const socket = await bindSocket({ address: '0.0.0.0', port: 68 })
socket.setBroadcast(true)
socket.on('message', (bytes: Buffer) => {
  const packet = parsePacket(bytes)
  if (!('fault' in packet) && packet.op === 2) heard.push(packet)
})
const wait = () => new Promise((resolve) => setTimeout(resolve, 1500))
const told = (packet: DhcpPacket) => ({
  type: messageTypeOf(packet),
  yiaddr: packet.yiaddr,
  server: parseIpv4(packet.options.get(OPTION.serverIdentifier)),
  vendorClass: parseText(packet.options.get(OPTION.vendorClass)),
  file: packet.file,
})
// The sender has an address of its own, so that the broadcast finds its way without a default route.
const sender = await bindSocket({ address, port: 68 })
sender.setBroadcast(true)
sender.send(requestBytes({ type: 1, mac, flags: BROADCAST_FLAG, options }), 67, '255.255.255.255')
await wait()
const offers = heard.splice(0).map(told)
const proxy = offers.find(({ yiaddr }) => yiaddr === '0.0.0.0')?.server
sender.on('message', (bytes: Buffer) => {
  const packet = parsePacket(bytes)
  if (!('fault' in packet)) heard.push(packet)
})
if (proxy) sender.send(requestBytes({ type: 3, mac, ciaddr: address, options }), 4011, proxy)
await wait()
console.log(JSON.stringify({ offers, bootServer: heard.map(told) }))
socket.close()
sender.close()
