/** Options that say what a network is like: the same for all its clients, encoded once. Pure. */
import type { Ipv4, Network, Snapshot } from '../cluster/model.ts'
import type { Link } from './link.ts'
import {
  encodeDomainSearch,
  encodeIpv4,
  encodeIpv4List,
  encodeText,
  encodeUint16,
  encodeUint32,
  ipv4ToNumber,
  numberToIpv4,
  OPTION,
  parseIpv4Text,
} from './options.ts'

type NetworkOptions = ReadonlyMap<number, Uint8Array>
const optionsOfSnapshot = new WeakMap<Snapshot, Map<Network, Map<Ipv4, NetworkOptions>>>()

/** Options that every client of a network gets, encoded once per snapshot and address of ours. */
export function networkOptions(snapshot: Snapshot, { network, serverAddress }: Link): NetworkOptions {
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
