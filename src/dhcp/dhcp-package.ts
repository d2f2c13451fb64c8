/**
 * The one place that touches the npm package `dhcp`: its option registry, its constants, its client and its listener, with
 * types. They serve probes and tests. The server's own path does not go through it: the package's parser rejects valid
 * messages (PAD, hardware types other than 1), see test/dhcp/package-findings.test.ts.
 */
import type { EventEmitter } from 'node:events'
import { createRequire } from 'node:module'
import { OPTION } from './options.ts'

/** A message as the package parses it. */
export interface PackageMessage {
  readonly op: number
  readonly xid: number
  readonly yiaddr: string
  readonly siaddr: string
  readonly giaddr: string
  /** `52-54-00-77-00-01` */
  readonly chaddr: string
  readonly file: string
  readonly options: Readonly<Record<number, unknown>>
}

export interface PackageClient extends EventEmitter {
  listen(port?: number, host?: string, ready?: () => void): void
  sendDiscover(): void
  /** Called by the package for each OFFER; it answers with a REQUEST. Replace it to only look. */
  handleOffer(message: PackageMessage): void
  close(done?: () => void): void
}

export interface PackageListener extends EventEmitter {
  listen(port?: number, host?: string, ready?: () => void): void
  close(done?: () => void): void
}

interface OptionDescription {
  readonly name: string
  readonly type: 'IP' | 'IPs' | 'ASCII' | 'UTF8' | 'UInt8' | 'UInt8s' | 'UInt16' | 'UInt16s' | 'UInt32' | 'Bool' | 'Hex'
  readonly attr?: string
}

interface DhcpPackage {
  createClient(options: { readonly mac: string; readonly features?: readonly string[] }): PackageClient
  createBroadcastHandler(): PackageListener
  addOption(code: number, description: OptionDescription): void
  readonly DHCPDISCOVER: number
  readonly DHCPOFFER: number
  readonly DHCPREQUEST: number
  readonly DHCPDECLINE: number
  readonly DHCPACK: number
  readonly DHCPNAK: number
  readonly DHCPRELEASE: number
  readonly DHCPINFORM: number
}

// The package is CommonJS and has no types: this is its shape as of 0.2.20.
const dhcp = createRequire(import.meta.url)('dhcp') as DhcpPackage

export const PACKAGE_MESSAGE_TYPES = {
  DISCOVER: dhcp.DHCPDISCOVER,
  OFFER: dhcp.DHCPOFFER,
  REQUEST: dhcp.DHCPREQUEST,
  DECLINE: dhcp.DHCPDECLINE,
  ACK: dhcp.DHCPACK,
  NAK: dhcp.DHCPNAK,
  RELEASE: dhcp.DHCPRELEASE,
  INFORM: dhcp.DHCPINFORM,
} as const

/** What the package's registry lacks and boot traffic carries: without them it prints to stderr for every message. */
const MISSING_OPTIONS: readonly (readonly [number, OptionDescription])[] = [
  [OPTION.vendorSpecific, { name: 'Vendor Specific', type: 'Hex', attr: 'vendorSpecific' }],
  [OPTION.userClass, { name: 'User Class', type: 'Hex', attr: 'userClass' }],
  [OPTION.relayAgent, { name: 'Relay Agent Information', type: 'Hex', attr: 'relayAgent' }],
  [OPTION.clientArchitecture, { name: 'Client Architecture', type: 'UInt16s', attr: 'clientArchitecture' }],
  [OPTION.clientInterface, { name: 'Client Interface', type: 'Hex', attr: 'clientInterface' }],
  [OPTION.machineIdentifier, { name: 'Machine Identifier', type: 'Hex', attr: 'machineIdentifier' }],
  [OPTION.ipxe, { name: 'iPXE Encapsulated', type: 'Hex', attr: 'ipxe' }],
  [OPTION.configurationFile, { name: 'Configuration File', type: 'ASCII', attr: 'configurationFile' }],
  [OPTION.pathPrefix, { name: 'Path Prefix', type: 'ASCII', attr: 'pathPrefix' }],
]

let registered = false

function registerOptions(): void {
  if (registered) return
  registered = true
  for (const [code, description] of MISSING_OPTIONS) dhcp.addOption(code, description)
}

/** A client that sends one DISCOVER when told and takes no offer. `mac` with colons or hyphens. */
export function createProbeClient(mac: string): PackageClient {
  registerOptions()
  // Without `features` it would send a parameter list of one undefined code, and throw.
  const client = dhcp.createClient({ mac, features: [] })
  client.handleOffer = () => undefined
  return client
}

/** Hears requests (never replies: the package drops op 2) on a port; emits `message` with a PackageMessage. */
export function createRequestListener(): PackageListener {
  registerOptions()
  return dhcp.createBroadcastHandler()
}
