/** A decision's content as a reply message: header fields and options in order of importance. Pure. */

import { classifyFirmware, type Firmware } from '../boot/firmware.ts'
import { chooseLoader, type LoaderChoice } from '../boot/loader.ts'
import type { ClusterNode, ImageName, Ipv4, Network, Snapshot } from '../cluster/model.ts'
import { INFINITE_LEASE_SECONDS } from '../cluster/nfs-root-lease.ts'
import { limits } from './limits.ts'
import type { Link } from './link.ts'
import {
  encodeDomainSearch,
  encodeIpv4,
  encodeIpv4List,
  encodeSubOptions,
  encodeText,
  encodeUint16,
  encodeUint32,
  ipv4ToNumber,
  numberToIpv4,
  OPTION,
  parseArchitectures,
  parseIpv4,
  parseIpv4Text,
  parseSubOptions,
  parseText,
  parseUint16,
  parseUserClasses,
} from './options.ts'
import type { DhcpPacket } from './packet.ts'

/** Message types of RFC 2132 §9.6. */
export const MESSAGE = {
  DISCOVER: 1,
  OFFER: 2,
  REQUEST: 3,
  DECLINE: 4,
  ACK: 5,
  NAK: 6,
  RELEASE: 7,
  INFORM: 8,
} as const

export function firmwareOf(packet: DhcpPacket): Firmware {
  const { options } = packet
  return classifyFirmware({
    architectures: parseArchitectures(options.get(OPTION.clientArchitecture)),
    vendorClass: parseText(options.get(OPTION.vendorClass)),
    userClasses: parseUserClasses(options.get(OPTION.userClass)),
    ipxeOptions: options.has(OPTION.ipxe),
  })
}

interface RememberedLoader {
  readonly description: string
  readonly architecture: number | undefined
  readonly serverAddress: Ipv4
  readonly httpPort: number
  readonly choice: LoaderChoice
}
const loadersOfSnapshot = new WeakMap<Snapshot, Map<ClusterNode, RememberedLoader>>()

/**
 * What a known node is to load. The last choice of each node is remembered as long as the tables stay the same: a DISCOVER
 * is followed by its REQUEST, and the strings stay the same ones, which makes their encoding a cheap look-up.
 */
export function loaderOf(
  firmware: Firmware,
  node: ClusterNode,
  link: Link,
  snapshot: Snapshot,
  httpPort: number,
): LoaderChoice {
  const { description, architecture } = firmware
  const { serverAddress } = link
  let remembered = loadersOfSnapshot.get(snapshot)
  if (!remembered) {
    remembered = new Map()
    loadersOfSnapshot.set(snapshot, remembered)
  }
  const last = remembered.get(node)
  if (
    last?.description === description &&
    last.architecture === architecture &&
    last.serverAddress === serverAddress &&
    last.httpPort === httpPort
  )
    return last.choice
  const choice = chooseLoader(firmware, node, {
    address: serverAddress,
    httpPort,
    networkTftpserver: link.network.tftpserver,
    resolve: (name) => parseIpv4Text(name) ?? snapshot.node(name)?.ip,
    hasImage: (name: ImageName) => snapshot.images.has(name),
  })
  remembered.set(node, { description, architecture, serverAddress, httpPort, choice })
  return choice
}

export interface ReplyContent {
  readonly type: (typeof MESSAGE)[keyof typeof MESSAGE] | 'BOOTREPLY'
  readonly yiaddr: Ipv4 | undefined
  /** undefined: no lease time is said (INFORM, BOOTP). */
  readonly leaseSeconds: number | undefined
  readonly serverIdentifier: Ipv4
  readonly link: Link
  readonly snapshot: Snapshot
  readonly hostname: string | undefined
  readonly loader: LoaderChoice | undefined
}

/** RFC 2131 §4.3.1 table 3: the fields of OFFER and ACK. */
export function buildReply(request: DhcpPacket, content: ReplyContent): DhcpPacket {
  const { type, link, loader } = content
  const options = new Map<number, Uint8Array>()
  if (type !== 'BOOTREPLY') {
    options.set(OPTION.messageType, BYTE[type]!)
    options.set(OPTION.serverIdentifier, encodeIpv4(content.serverIdentifier))
    if (content.leaseSeconds !== undefined) options.set(OPTION.leaseTime, leaseTimes(content.leaseSeconds).lease)
  }
  const facts = networkOptions(content.snapshot, link)
  options.set(OPTION.subnetMask, facts.get(OPTION.subnetMask)!)
  echoClientIdentifier(request, options)

  const wanted = request.options.get(OPTION.parameterRequestList)
  // Without a list (SLOF, GRUB, BOOTP) the client gets everything it may need.
  const wants = (code: number) => wanted === undefined || wanted.includes(code)
  if (loader) setBootOptions(options, loader, wants, wanted !== undefined)
  const router = facts.get(OPTION.router)
  if (router) options.set(OPTION.router, router)
  for (const code of OPTIONAL) {
    const value = facts.get(code)
    if (value && wants(code)) options.set(code, value)
    if (code === OPTION.domainName && content.hostname && wants(OPTION.hostName))
      options.set(OPTION.hostName, encodeText(content.hostname))
  }
  // For ever: nothing to renew, and the times would be 34 and 60 years.
  if (content.leaseSeconds !== undefined && content.leaseSeconds !== INFINITE_LEASE_SECONDS) {
    const { renewal, rebinding } = leaseTimes(content.leaseSeconds)
    options.set(OPTION.renewalTime, renewal)
    options.set(OPTION.rebindingTime, rebinding)
  }
  const machine = request.options.get(OPTION.machineIdentifier)
  if (machine && wanted?.includes(OPTION.machineIdentifier)) options.set(OPTION.machineIdentifier, machine)
  echoSubnetSelection(request, link, options)
  echoRelayAgent(request, options)

  const file = loader?.file !== undefined && loader.file.length <= limits.fileNameBytes ? loader.file : ''
  return {
    ...header(request),
    ciaddr: type === MESSAGE.ACK || type === 'BOOTREPLY' ? request.ciaddr : '0.0.0.0',
    yiaddr: content.yiaddr ?? '0.0.0.0',
    siaddr: loader?.siaddr ?? '0.0.0.0',
    file,
    options,
    // RFC 1497: a BOOTP client that sent no cookie reads no options.
    cookie: type !== 'BOOTREPLY' || request.cookie,
  }
}

export interface ProxyContent {
  readonly type: typeof MESSAGE.OFFER | typeof MESSAGE.ACK
  readonly serverIdentifier: Ipv4
  readonly siaddr: Ipv4
  readonly vendorClass: string
  readonly loader: LoaderChoice
}

/** PXE 2.1: no address, no lease; what to load, and from where. */
export function buildProxyReply(request: DhcpPacket, content: ProxyContent): DhcpPacket {
  const { loader } = content
  const { file = '' } = loader
  const options = new Map<number, Uint8Array>()
  options.set(OPTION.messageType, BYTE[content.type]!)
  options.set(OPTION.serverIdentifier, encodeIpv4(content.serverIdentifier))
  options.set(OPTION.vendorClass, encodeText(content.vendorClass))
  echoClientIdentifier(request, options)
  const machine = request.options.get(OPTION.machineIdentifier)
  if (machine) options.set(OPTION.machineIdentifier, machine)
  const vendor = proxyVendorOptions(request, content)
  if (vendor) options.set(OPTION.vendorSpecific, vendor)
  options.set(OPTION.bootFileName, encodeText(loader.terminateBootFile ? `${file}\0` : file))
  if (loader.configurationFile) options.set(OPTION.configurationFile, encodeText(loader.configurationFile))
  if (loader.pathPrefix) options.set(OPTION.pathPrefix, encodeText(loader.pathPrefix))
  echoRelayAgent(request, options)
  const fits = file.length <= limits.fileNameBytes
  const ciaddr = content.type === MESSAGE.ACK ? request.ciaddr : '0.0.0.0'
  return { ...header(request), ciaddr, siaddr: content.siaddr, file: fits ? file : '', options }
}

/** A client that chose a boot item (43.71) wants it named again; else discovery control, where the firmware needs it. */
function proxyVendorOptions(request: DhcpPacket, { type, loader }: ProxyContent): Uint8Array | undefined {
  const item = parseSubOptions(withoutEnd(request.options.get(OPTION.vendorSpecific)))?.get(71)
  if (type === MESSAGE.ACK) return item && Uint8Array.of(71, item.length, ...item, END)
  return loader.proxyTakesOffer ? TAKE_THIS_FILE : undefined
}

const END = 255
/** Discovery control, bit 3: no discovery, no menu, load the file named here. */
const TAKE_THIS_FILE = Uint8Array.of(6, 1, 8, END)

/** PXE closes option 43 with an END of its own. */
function withoutEnd(value: Uint8Array | undefined): Uint8Array | undefined {
  return value?.at(-1) === END ? value.subarray(0, -1) : value
}

/** RFC 2131 §4.3.1 table 3, column DHCPNAK: only these options. */
export function buildNak(request: DhcpPacket, serverIdentifier: Ipv4, message: string, flags: number): DhcpPacket {
  const options = new Map<number, Uint8Array>()
  options.set(OPTION.messageType, BYTE[MESSAGE.NAK]!)
  options.set(OPTION.serverIdentifier, encodeIpv4(serverIdentifier))
  options.set(OPTION.message, encodeText(message.slice(0, 255)))
  echoClientIdentifier(request, options)
  echoRelayAgent(request, options)
  return { ...header(request), flags, options }
}

/** Bytes of UDP payload the client can take: option 57 (RFC 2132 §9.10) within our bounds. */
export function maximumReplyBytes(request: DhcpPacket, bootp: boolean): number {
  if (bootp) return limits.bootpReplyBytes
  const asked = parseUint16(request.options.get(OPTION.maximumMessageSize))
  if (asked === undefined) return limits.defaultReplyBytes
  return Math.min(Math.max(asked - 28, limits.defaultReplyBytes), limits.maximumReplyBytes)
}

/** The base reply, made in one place. */
function header(request: DhcpPacket): Omit<DhcpPacket, 'options'> {
  return {
    op: 2,
    htype: request.htype,
    hlen: request.hlen,
    hops: 0,
    xid: request.xid,
    secs: 0,
    flags: request.flags,
    ciaddr: '0.0.0.0',
    yiaddr: '0.0.0.0',
    siaddr: '0.0.0.0',
    giaddr: request.giaddr,
    chaddr: request.chaddr,
    sname: '',
    file: '',
    cookie: true,
  }
}

const BYTE = Array.from({ length: 9 }, (_, value) => Uint8Array.of(value))
/** 175.176 = 1: do not wait for ProxyDHCP. */
const NO_PROXY_DHCP = encodeSubOptions(new Map([[176, Uint8Array.of(1)]]))
const OPTIONAL = [
  OPTION.nameServer,
  OPTION.domainName,
  OPTION.broadcastAddress,
  OPTION.interfaceMtu,
  OPTION.ntpServer,
  OPTION.logServer,
  OPTION.domainSearch,
] as const

function setBootOptions(
  options: Map<number, Uint8Array>,
  loader: LoaderChoice,
  wants: (code: number) => boolean,
  hasList: boolean,
): void {
  // Forced ones first: the firmware concerned does not ask for what it needs (OVMF HTTP: 60; petitboot: 209).
  if (loader.vendorClass) options.set(OPTION.vendorClass, encodeText(loader.vendorClass))
  if (loader.configurationFile) options.set(OPTION.configurationFile, encodeText(loader.configurationFile))
  if (loader.pathPrefix) options.set(OPTION.pathPrefix, encodeText(loader.pathPrefix))
  const { file } = loader
  if (file !== undefined) {
    const long = file.length > limits.fileNameBytes
    // Without a list the header field is enough, and some boot monitors know nothing else.
    if (loader.forceBootFile || long || (hasList && wants(OPTION.bootFileName)))
      options.set(OPTION.bootFileName, encodeText(loader.terminateBootFile ? `${file}\0` : file))
    if (loader.siaddr && (loader.forceBootFile || (hasList && wants(OPTION.tftpServerName))))
      options.set(OPTION.tftpServerName, encodeText(loader.siaddr))
  }
  if (loader.noProxyDhcp) options.set(OPTION.ipxe, NO_PROXY_DHCP)
}

/** RFC 6842 §3: a client identifier that was sent must come back unaltered. */
function echoClientIdentifier(request: DhcpPacket, options: Map<number, Uint8Array>): void {
  const id = request.options.get(OPTION.clientIdentifier)
  if (id) options.set(OPTION.clientIdentifier, id)
}

/** RFC 3011 §2: the option comes back when it was used, and only then. */
function echoSubnetSelection(request: DhcpPacket, { network }: Link, options: Map<number, Uint8Array>): void {
  const value = request.options.get(OPTION.subnetSelection)
  const subnet = parseIpv4(value)
  if (value && subnet && network.contains(subnet)) options.set(OPTION.subnetSelection, value)
}

/** RFC 3046 §2.2: verbatim; the encoder puts it last. */
function echoRelayAgent(request: DhcpPacket, options: Map<number, Uint8Array>): void {
  const relay = request.options.get(OPTION.relayAgent)
  if (relay) options.set(OPTION.relayAgent, relay)
}

let lastLeaseTimes = encodeLeaseTimes(0)

/** Nearly every reply has the lease time of the one before. */
function leaseTimes(seconds: number): ReturnType<typeof encodeLeaseTimes> {
  if (lastLeaseTimes.seconds !== seconds) lastLeaseTimes = encodeLeaseTimes(seconds)
  return lastLeaseTimes
}

/** RFC 2131 §4.4.5: T1 is half, T2 seven eighths of the lease. */
function encodeLeaseTimes(seconds: number) {
  const lease = encodeUint32(seconds)
  const renewal = encodeUint32(Math.floor(seconds / 2))
  const rebinding = encodeUint32(Math.floor((seconds * 7) / 8))
  return { seconds, lease, renewal, rebinding }
}

type NetworkOptions = ReadonlyMap<number, Uint8Array>
const optionsOfSnapshot = new WeakMap<Snapshot, Map<Network, Map<Ipv4, NetworkOptions>>>()

/** Options that every client of a network gets, encoded once per snapshot and address of ours. */
function networkOptions(snapshot: Snapshot, { network, serverAddress }: Link): NetworkOptions {
  const ofNetworks = optionsOfSnapshot.get(snapshot) ?? new Map<Network, Map<Ipv4, NetworkOptions>>()
  const ofAddresses = ofNetworks.get(network) ?? new Map<Ipv4, NetworkOptions>()
  const known = ofAddresses.get(serverAddress)
  if (known) return known
  const options = compileNetworkOptions(snapshot, network, serverAddress)
  optionsOfSnapshot.set(snapshot, ofNetworks.set(network, ofAddresses.set(serverAddress, options)))
  return options
}

function compileNetworkOptions(snapshot: Snapshot, network: Network, serverAddress: Ipv4): NetworkOptions {
  const { site } = snapshot
  const resolve = (names: readonly string[]): readonly string[] =>
    names
      .map((name) => (name === '<xcatmaster>' ? serverAddress : (parseIpv4Text(name) ?? snapshot.node(name)?.ip)))
      .filter((address) => address !== undefined)
  const options = new Map<number, Uint8Array>()
  const setList = (code: number, addresses: readonly string[]) => {
    if (addresses.length > 0) options.set(code, encodeIpv4List(addresses))
  }
  const mask = ipv4ToNumber(network.mask)
  options.set(OPTION.subnetMask, encodeUint32(mask))
  options.set(OPTION.broadcastAddress, encodeIpv4(numberToIpv4((ipv4ToNumber(network.net) | ~mask) >>> 0)))
  if (network.gateway && network.contains(network.gateway)) options.set(OPTION.router, encodeIpv4(network.gateway))
  setList(OPTION.nameServer, network.nameservers.length > 0 ? network.nameservers : resolve(site.nameservers))
  setList(OPTION.ntpServer, network.ntpservers.length > 0 ? network.ntpservers : resolve(site.ntpservers))
  setList(OPTION.logServer, network.logservers)
  const domain = network.domain ?? site.domain
  if (domain) {
    options.set(OPTION.domainName, encodeText(domain))
    const search = encodeDomainSearch([domain])
    if (search.length > 0) options.set(OPTION.domainSearch, search)
  }
  // RFC 2132 §5.1: the smallest legal value is 68.
  if (network.mtu !== undefined && network.mtu >= 68 && network.mtu <= 65535)
    options.set(OPTION.interfaceMtu, encodeUint16(network.mtu))
  return options
}
