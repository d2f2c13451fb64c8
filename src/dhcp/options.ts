/** Typed values of the options that this server reads or writes. Readers return undefined for a value of the wrong shape. */
import type { Ipv4 } from '../cluster/model.ts'
import { limits } from './limits.ts'

/** RFC 2132 unless noted. */
export const OPTION = {
  subnetMask: 1,
  router: 3,
  nameServer: 6,
  logServer: 7,
  hostName: 12,
  domainName: 15,
  interfaceMtu: 26,
  broadcastAddress: 28,
  ntpServer: 42,
  vendorSpecific: 43,
  requestedAddress: 50,
  leaseTime: 51,
  overload: 52,
  messageType: 53,
  serverIdentifier: 54,
  parameterRequestList: 55,
  message: 56,
  maximumMessageSize: 57,
  renewalTime: 58,
  rebindingTime: 59,
  vendorClass: 60,
  clientIdentifier: 61,
  tftpServerName: 66,
  bootFileName: 67,
  /** RFC 3004 */
  userClass: 77,
  /** RFC 3046 */
  relayAgent: 82,
  /** RFC 4578 §2.1 */
  clientArchitecture: 93,
  /** RFC 4578 §2.2 */
  clientInterface: 94,
  /** RFC 4578 §2.3 */
  machineIdentifier: 97,
  /** RFC 3011 */
  subnetSelection: 118,
  /** RFC 3397 */
  domainSearch: 119,
  /** RFC 3442 */
  classlessRoutes: 121,
  /** Etherboot encapsulated options, assigned to iPXE. */
  ipxe: 175,
  /** RFC 5071 */
  pxelinuxMagic: 208,
  configurationFile: 209,
  pathPrefix: 210,
  rebootTime: 211,
} as const

const NAMES = new Map<number, string>(Object.entries(OPTION).map(([name, code]) => [code, name]))

/** For reasons and logs: `bootFileName (67)`. */
export function renderOptionName(code: number): string {
  const name = NAMES.get(code)
  return name ? `${name} (${code})` : `option ${code}`
}

export function ipv4ToNumber(address: string): number {
  let value = 0
  let octet = 0
  for (let index = 0; index < address.length; index += 1) {
    const character = address.charCodeAt(index)
    if (character === 46) {
      value = value * 256 + octet
      octet = 0
    } else octet = octet * 10 + character - 48
  }
  return value * 256 + octet
}

export function numberToIpv4(value: number): Ipv4 {
  // The one place that makes the brand from a number: always canonical.
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}` as Ipv4
}

/** A dotted quad as a person writes it, canonical; undefined for anything else. */
export function parseIpv4Text(text: string): Ipv4 | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)
  if (!match) return undefined
  const octets = match.slice(1).map(Number)
  return octets.every((octet) => octet < 256) ? (octets.join('.') as Ipv4) : undefined
}

export function parseIpv4(value: Uint8Array | undefined): Ipv4 | undefined {
  return value?.length === 4 ? numberToIpv4(uint32(value)) : undefined
}

export function encodeIpv4(address: string): Uint8Array {
  return encodeUint32(ipv4ToNumber(address))
}

export function encodeIpv4List(addresses: readonly string[]): Uint8Array {
  const bytes = new Uint8Array(4 * addresses.length)
  for (const [index, address] of addresses.entries()) bytes.set(encodeIpv4(address), 4 * index)
  return bytes
}

export function parseUint16(value: Uint8Array | undefined): number | undefined {
  return value?.length === 2 ? (value[0]! << 8) | value[1]! : undefined
}

export function encodeUint16(value: number): Uint8Array {
  return Uint8Array.of(value >>> 8, value)
}

export function parseUint32(value: Uint8Array | undefined): number | undefined {
  return value?.length === 4 ? uint32(value) : undefined
}

export function encodeUint32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)
}

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8')

/** Text without the NULs that some firmware counts in. */
export function parseText(value: Uint8Array | undefined): string | undefined {
  if (!value || value.length === 0) return undefined
  const text = decoder.decode(value)
  const end = text.indexOf('\0')
  return end === -1 ? text : text.slice(0, end)
}

/** The same few thousand names are sent again and again (boot files, node names), and encoding costs more than a look-up. */
const encodedTexts = new Map<string, Uint8Array>()

/** The result is shared: not to be written to. */
export function encodeText(text: string): Uint8Array {
  const known = encodedTexts.get(text)
  if (known) return known
  if (encodedTexts.size >= limits.encodedTexts) encodedTexts.clear()
  const bytes = encoder.encode(text)
  encodedTexts.set(text, bytes)
  return bytes
}

/**
 * Option 77. iPXE sends the bare text `iPXE`; RFC 3004 §4 says one or more length-prefixed items. Bytes that do not divide
 * evenly into non-empty items are taken as one bare text.
 */
export function parseUserClasses(value: Uint8Array | undefined): readonly string[] {
  if (!value || value.length === 0) return []
  const classes: string[] = []
  let at = 0
  while (at < value.length) {
    const size = value[at]!
    if (size === 0 || at + 1 + size > value.length) return [decoder.decode(value)]
    classes.push(decoder.decode(value.subarray(at + 1, at + 1 + size)))
    at += 1 + size
  }
  return classes
}

/** Option 93, RFC 4578 §2.1: one or more 16-bit types. */
export function parseArchitectures(value: Uint8Array | undefined): readonly number[] {
  if (!value || value.length % 2 !== 0) return []
  const types: number[] = []
  for (let at = 0; at < value.length; at += 2) types.push((value[at]! << 8) | value[at + 1]!)
  return types
}

/** Option 94, RFC 4578 §2.2: UNDI type, major, minor. */
export function parseClientInterface(
  value: Uint8Array | undefined,
): { readonly type: number; readonly major: number; readonly minor: number } | undefined {
  return value?.length === 3 ? { type: value[0]!, major: value[1]!, minor: value[2]! } : undefined
}

/** Option 97, RFC 4578 §2.3: type 0 and a 16-byte UUID, here as 32 hex digits in wire order. Other types: undefined. */
export function parseMachineIdentifier(value: Uint8Array | undefined): string | undefined {
  return value?.length === 17 && value[0] === 0 ? hex(value.subarray(1)) : undefined
}

/** Code, length, value items as in options 43, 82 and 175. Bytes past the last whole item make it undefined. */
export function parseSubOptions(value: Uint8Array | undefined): ReadonlyMap<number, Uint8Array> | undefined {
  if (!value) return undefined
  const items = new Map<number, Uint8Array>()
  let at = 0
  while (at < value.length) {
    const next = at + 2 + (value[at + 1] ?? 0)
    if (at + 1 >= value.length || next > value.length) return undefined
    items.set(value[at]!, value.subarray(at + 2, next))
    at = next
  }
  return items
}

export function encodeSubOptions(items: ReadonlyMap<number, Uint8Array>): Uint8Array {
  const bytes: number[] = []
  for (const [code, value] of items) bytes.push(code, value.length, ...value)
  return Uint8Array.from(bytes)
}

/** Sub-options of option 82 that change an answer. */
export interface RelayAgentInformation {
  /** RFC 3527: the subnet of the client when giaddr is not in it. */
  readonly linkSelection: Ipv4 | undefined
  /** RFC 5107: the client is to talk to the relay as if it were the server. */
  readonly serverIdentifierOverride: Ipv4 | undefined
  /** RFC 8357: the relay wants answers at the port it sent from. */
  readonly sourcePort: boolean
}

export function parseRelayAgentInformation(value: Uint8Array | undefined): RelayAgentInformation | undefined {
  const items = parseSubOptions(value)
  if (!items) return undefined
  return {
    linkSelection: parseIpv4(items.get(5)),
    serverIdentifierOverride: parseIpv4(items.get(11)),
    sourcePort: items.get(19)?.length === 0,
  }
}

/** RFC 3397: domain names in DNS wire form, without compression (every name is written once). Bad labels are left out. */
export function encodeDomainSearch(domains: readonly string[]): Uint8Array {
  const bytes: number[] = []
  for (const domain of domains) {
    const labels = domain.split('.').filter((label) => label !== '')
    if (labels.length === 0 || labels.some((label) => encoder.encode(label).length > 63)) continue
    for (const label of labels) {
      const text = encoder.encode(label)
      bytes.push(text.length, ...text)
    }
    bytes.push(0)
  }
  return Uint8Array.from(bytes)
}

/** RFC 3442: prefix length, significant octets of the destination, router. */
export function encodeClasslessRoutes(
  routes: readonly { readonly destination: Ipv4; readonly prefixLength: number; readonly router: Ipv4 }[],
): Uint8Array {
  const bytes: number[] = []
  for (const { destination, prefixLength, router } of routes) {
    const significant = encodeIpv4(destination).subarray(0, Math.ceil(prefixLength / 8))
    bytes.push(prefixLength, ...significant, ...encodeIpv4(router))
  }
  return Uint8Array.from(bytes)
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}

function uint32(value: Uint8Array): number {
  return ((value[0]! << 24) | (value[1]! << 16) | (value[2]! << 8) | value[3]!) >>> 0
}
