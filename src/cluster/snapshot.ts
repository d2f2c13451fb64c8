/** Tables → snapshot. Pure: the same tables give the same snapshot, whatever was there before. */
import { createResolver, type Resolver } from '../tables/resolve.ts'
import type { Row, TablesView } from '../tables/row.ts'
import { TABLE_NAMES } from '../tables/schema.ts'
import { compileImages, compileLitefile, compileLitetree } from './images.ts'
import type { ClusterNode, Image, ImageName, Ipv4, MacAddress, NodeName, NodePort, Snapshot } from './model.ts'
import { compileNetworks } from './networks.ts'
import { compileNodeIndex, type NodeAddresses, type NodeIndex } from './node-index.ts'
import { compileSite } from './site.ts'

/** What the next snapshot may take over from this one. */
const indexes = new WeakMap<Snapshot, NodeIndex>()

export function compileSnapshot(source: TablesView, previous: Snapshot | undefined, number: number): Snapshot {
  const view = freezeView(source)
  const faults: string[] = []
  const site = compileSite(view, faults)
  const networks = compileNetworks(view, site, faults)
  const images = compileImages(view, site, faults)
  const litefile = compileLitefile(view)
  const litetree = compileLitetree(view, faults)
  const resolver = createResolver(view)
  const index = compileNodeIndex(view, resolver, previous && indexes.get(previous))
  faults.push(...index.faults)

  const nodes = new Map<string, ClusterNode>()
  const node = (name: string): ClusterNode | undefined => {
    const known = nodes.get(name)
    if (known) return known
    const addresses = index.addresses.get(name)
    if (!addresses) return undefined
    const made = createNode(name as NodeName, addresses, resolver, images)
    nodes.set(name, made)
    return made
  }
  const snapshot: Snapshot = Object.freeze({
    number,
    site,
    networks,
    nodeNames: index.names,
    images,
    litefile,
    litetree,
    node,
    portByMac(mac: MacAddress) {
      const owner = index.nodeByMac.get(mac)
      return owner === undefined ? undefined : node(owner)?.ports.find((port) => port.mac === mac)
    },
    nodeByIp(ip: Ipv4) {
      const owner = index.nodeByIp.get(ip)
      return owner === undefined ? undefined : node(owner)
    },
    networkOf: (ip: Ipv4) => networks.find((network) => network.contains(ip)),
    faults: Object.freeze(faults),
  })
  indexes.set(snapshot, index)
  return snapshot
}

/** Node values are worked out later, from the rows of now. */
function freezeView(source: TablesView): TablesView {
  const tables = new Map<string, readonly Row[]>(TABLE_NAMES.map((table) => [table, source.read(table)]))
  return { read: (table) => tables.get(table) ?? [] }
}

/** Values are worked out when somebody asks, and kept: most requests ask for a few columns of a few nodes. */
function createNode(
  name: NodeName,
  addresses: NodeAddresses,
  resolver: Resolver,
  images: ReadonlyMap<ImageName, Image>,
): ClusterNode {
  const values = new Map<string, string | undefined>()
  const attribute = (table: string, column: string): string | undefined => {
    const key = `${table}.${column}`
    if (values.has(key)) return values.get(key)
    const value = resolver.value(name, table, column)
    values.set(key, value)
    return value
  }
  let ports: readonly NodePort[] | undefined
  const node: ClusterNode = {
    name,
    get groups() {
      return resolver.groups(name)
    },
    ip: addresses.ip,
    get ports() {
      ports ??= Object.freeze(
        addresses.ports.map(({ mac, ip, refused }) =>
          Object.freeze({ node, mac, interfaceName: addresses.interfaceName, ip, refused }),
        ),
      )
      return ports
    },
    get imageName() {
      return attribute('nodetype', 'provmethod') as ImageName | undefined
    },
    get arch() {
      return (
        attribute('nodetype', 'arch') ?? images.get((attribute('nodetype', 'provmethod') ?? '') as ImageName)?.osarch
      )
    },
    get netboot() {
      return attribute('noderes', 'netboot')
    },
    attribute,
  }
  return Object.freeze(node)
}
