/**
 * Are there other DHCP servers on the wires? On each interface two DISCOVERs under made-up hardware addresses, one as an
 * ordinary system and one as PXE firmware, which ProxyDHCP servers answer; every OFFER is noted, none taken.
 */
import { createSocket, type Socket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import type { Ipv4 } from '../cluster/model.ts'
import { PACKAGE_MESSAGE_TYPES } from './dhcp-package.ts'
import { renderMac } from './identity.ts'
import { limits } from './limits.ts'
import { encodeText, OPTION, parseIpv4, parseText } from './options.ts'
import { BROADCAST_FLAG, type DhcpPacket, encodePacket, messageTypeOf, parsePacket } from './packet.ts'
import { bindSocket } from './sockets.ts'

const CLIENT_PORT = 68
const SERVER_PORT = 67

export interface RivalOffer {
  readonly serverIdentifier: string
  /** `0.0.0.0`: a ProxyDHCP server, which names a boot file only. */
  readonly offeredAddress: string
  readonly bootFile: string
  /** Interface, and our address on it, that the question went out by. */
  readonly interfaceName: string
  readonly askedFrom: string
}

/** A wire of which nothing is known: silence there does not mean that nobody is. */
export interface UnaskedInterface {
  readonly interfaceName: string
  readonly why: string
}

export interface RivalProbe {
  readonly offers: readonly RivalOffer[]
  readonly unasked: readonly UnaskedInterface[]
}

export interface ProbeOptions {
  readonly interfaces: readonly { readonly name: string; readonly address: string }[]
  /** Locally administered and unused, another one at every call: servers that know their clients stay silent, as ours does. */
  readonly makeMac: () => string
  readonly waitMs: number
  readonly ownAddresses: readonly string[]
}

interface Question {
  readonly name: string
  readonly address: string
}

/** Binds the client port (68), so it must not run where a DHCP client does. Resolves after `waitMs`. */
export async function probeRivalServers(options: ProbeOptions): Promise<RivalProbe> {
  await assertPortFree()
  const questions = new Map<string, Question>()
  const offers = new Map<string, RivalOffer>()
  const unasked = new Map<string, string>()
  const opened: Socket[] = []
  try {
    // Answers are broadcast, and those arrive only where no address is bound.
    const listener = await bindSocket({ address: '0.0.0.0', port: CLIENT_PORT })
    opened.push(listener)
    listener.on('error', () => undefined)
    listener.on('message', (bytes: Buffer) => note(bytes, questions, options.ownAddresses, offers))
    for (const question of options.interfaces) {
      if (!hasCarrier(question.name)) unasked.set(question.name, 'it has no link')
      const [plain, pxe] = [options.makeMac(), options.makeMac()]
      questions.set(plain, question).set(pxe, question)
      const sender = await openSender(question.address)
      opened.push(sender)
      for (const bytes of [discover(plain, SYSTEM), discover(pxe, FIRMWARE)])
        sender.send(
          bytes,
          SERVER_PORT,
          '255.255.255.255',
          (error) => error && unasked.set(question.name, error.message),
        )
    }
    await new Promise((resolve) => setTimeout(resolve, options.waitMs))
  } finally {
    for (const socket of opened) socket.close()
  }
  return {
    offers: [...offers.values()],
    unasked: [...unasked].map(([interfaceName, why]) => ({ interfaceName, why })),
  }
}

/** What goes out without one is lost, and no error. */
function hasCarrier(name: string): boolean {
  try {
    return readFileSync(`/sys/class/net/${name}/carrier`, 'latin1').startsWith('1')
  } catch (error) {
    // EINVAL: it is switched off. No such file: a name that is none of the kernel's.
    return (error as NodeJS.ErrnoException).code !== 'EINVAL'
  }
}

function note(
  bytes: Uint8Array,
  questions: ReadonlyMap<string, Question>,
  ownAddresses: readonly string[],
  offers: Map<string, RivalOffer>,
): void {
  const packet = parsePacket(bytes)
  if ('fault' in packet || packet.op !== 2 || messageTypeOf(packet) !== PACKAGE_MESSAGE_TYPES.OFFER) return
  const question = questions.get(renderMac(packet.chaddr.subarray(0, 6)))
  const serverIdentifier = parseIpv4(packet.options.get(OPTION.serverIdentifier))
  if (!question || !serverIdentifier || ownAddresses.includes(serverIdentifier)) return
  const isProxy = packet.yiaddr === '0.0.0.0'
  const bootFile = packet.file || (parseText(packet.options.get(OPTION.bootFileName)) ?? '')
  const key = `${question.name} ${serverIdentifier} ${isProxy}`
  const known = offers.get(key)
  if (known && known.bootFile !== '') return
  const { name: interfaceName, address: askedFrom } = question
  offers.set(key, { serverIdentifier, offeredAddress: packet.yiaddr, bootFile, interfaceName, askedFrom })
}

/** Bound to the interface's own address, so that the broadcast leaves by it. */
async function openSender(address: string): Promise<Socket> {
  const socket = await bindSocket({ address: address as Ipv4, port: CLIENT_PORT })
  socket.on('error', () => undefined)
  socket.setBroadcast(true)
  return socket
}

const SYSTEM: readonly (readonly [number, Uint8Array])[] = [
  [OPTION.parameterRequestList, Uint8Array.of(1, 3, 6, 15, 51, 54, 66, 67)],
]
const FIRMWARE: readonly (readonly [number, Uint8Array])[] = [
  [OPTION.parameterRequestList, Uint8Array.of(1, 3, 43, 54, 60, 66, 67)],
  [OPTION.vendorClass, encodeText('PXEClient:Arch:00000:UNDI:002001')],
  [OPTION.clientArchitecture, Uint8Array.of(0, 0)],
  [OPTION.clientInterface, Uint8Array.of(1, 2, 1)],
]

/** With the broadcast flag: servers would send to the made-up hardware address otherwise, which no interface has. */
function discover(mac: string, asked: readonly (readonly [number, Uint8Array])[]): Uint8Array {
  const chaddr = new Uint8Array(16)
  chaddr.set(mac.split(':').map((pair) => Number.parseInt(pair, 16)))
  const none = '0.0.0.0'
  const options = new Map([[OPTION.messageType, Uint8Array.of(PACKAGE_MESSAGE_TYPES.DISCOVER)], ...asked] as const)
  const packet: DhcpPacket = {
    op: 1,
    htype: 1,
    hlen: 6,
    hops: 0,
    xid: Math.trunc(Math.random() * 0xffff_ffff),
    secs: 0,
    flags: BROADCAST_FLAG,
    ciaddr: none,
    yiaddr: none,
    siaddr: none,
    giaddr: none,
    chaddr,
    sname: '',
    file: '',
    cookie: true,
    options,
  }
  return encodePacket(packet, limits.defaultReplyBytes).bytes
}

/** Without reuse: a DHCP client of this machine would get the answers meant for us, and we those for it. */
function assertPortFree(): Promise<void> {
  const socket = createSocket('udp4')
  return new Promise((resolve, reject) => {
    socket.once('error', (error) => reject(new Error(`the DHCP client port is not free: ${error.message}`)))
    socket.bind(CLIENT_PORT, () => socket.close(() => resolve()))
  })
}
