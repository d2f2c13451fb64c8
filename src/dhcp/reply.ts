/** A decision's content as a reply message: header fields and options in order of importance. Pure. */

import { classifyFirmware, type Firmware } from '../boot/firmware.ts'
import { chooseLoader, type LoaderChoice } from '../boot/loader.ts'
import type { ClusterNode, ImageName, Ipv4, Snapshot } from '../cluster/model.ts'
import { INFINITE_LEASE_SECONDS } from '../cluster/nfs-root-lease.ts'
import { limits } from './limits.ts'
import type { Link } from './link.ts'
import { networkOptions } from './network-options.ts'
import {
  encodeIpv4,
  encodeSubOptions,
  encodeText,
  encodeUint32,
  OPTION,
  parseArchitectures,
  parseIpv4,
  parseIpv4Text,
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
export function header(request: DhcpPacket): Omit<DhcpPacket, 'options'> {
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

/** One-byte values, such as message types. */
export const BYTE = Array.from({ length: 9 }, (_, value) => Uint8Array.of(value))
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
export function echoClientIdentifier(request: DhcpPacket, options: Map<number, Uint8Array>): void {
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
export function echoRelayAgent(request: DhcpPacket, options: Map<number, Uint8Array>): void {
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
