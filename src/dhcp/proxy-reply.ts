/** The message of a ProxyDHCP service. Pure. */
import type { LoaderChoice } from '../boot/loader.ts'
import type { Ipv4 } from '../cluster/model.ts'
import { limits } from './limits.ts'
import { encodeIpv4, encodeText, OPTION, parseSubOptions } from './options.ts'
import type { DhcpPacket } from './packet.ts'
import { BYTE, echoClientIdentifier, echoRelayAgent, header, MESSAGE } from './reply.ts'

export interface ProxyContent {
  readonly type: (typeof MESSAGE)['OFFER' | 'ACK']
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
