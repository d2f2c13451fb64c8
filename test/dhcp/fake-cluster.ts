/** A small stand-in for the compiled tables, for tests of this room: exactly the shapes of cluster/model.ts, no SQL. */
import type {
  Cluster,
  ClusterNode,
  Image,
  ImageName,
  Ipv4,
  MacAddress,
  Network,
  NodeName,
  NodePort,
  Site,
  Snapshot,
} from '../../src/cluster/model.ts'
import { ipv4ToNumber } from '../../src/dhcp/options.ts'

export interface FakeNode {
  readonly name: string
  readonly mac: string
  readonly ip?: string
  readonly image?: string
  readonly netboot?: string
  readonly arch?: string
  readonly refused?: boolean
  /** Further ports, behind the boot port. */
  readonly others?: readonly { readonly mac: string; readonly ip?: string }[]
  readonly attributes?: Readonly<Record<string, string>>
}

export interface FakeNetwork {
  readonly net: string
  readonly mask?: string
  readonly gateway?: string
  readonly range?: readonly [string, string]
  readonly dhcpserver?: string
  readonly tftpserver?: string
  readonly mgtifname?: string
  readonly vlanid?: string
  readonly mtu?: number
  readonly nameservers?: readonly string[]
}

export interface FakeTables {
  readonly nodes?: readonly FakeNode[]
  readonly networks?: readonly FakeNetwork[]
  readonly site?: Partial<Site>
  /** Keys of the site table that have no column of their own. */
  readonly settings?: Readonly<Record<string, string>>
  /** Of the image `img`. */
  readonly rootfstype?: 'nfs' | 'ramdisk'
}

export const ip = (text: string) => text as Ipv4
export const mac = (text: string) => text as MacAddress

let number = 0

export function fakeSnapshot(tables: FakeTables): Snapshot {
  const networks = (tables.networks ?? [{ net: '10.77.0.0' }]).map(fakeNetwork)
  const nodes = new Map((tables.nodes ?? []).map((row) => [row.name, fakeNode(row)]))
  const ports = new Map([...nodes.values()].flatMap(({ ports }) => ports).map((port) => [port.mac as string, port]))
  const byIp = new Map([...nodes.values()].map((node) => [node.ip as string | undefined, node]))
  const site: Site = {
    master: undefined,
    domain: 'cluster.test',
    installdir: '/install',
    tftpdir: '/tftpboot',
    httpport: 80,
    leaseSeconds: 43200,
    nameservers: ['<xcatmaster>'],
    ntpservers: [],
    nodestatus: true,
    get: (key) => tables.settings?.[key],
    ...tables.site,
  }
  number += 1
  return {
    number,
    site,
    networks,
    nodeNames: [...nodes.keys()] as NodeName[],
    images: new Map([['img' as ImageName, { rootfstype: tables.rootfstype } as Image]]),
    litefile: [],
    litetree: [],
    faults: [],
    node: (name) => nodes.get(name),
    portByMac: (address) => ports.get(address),
    nodeByIp: (address) => byIp.get(address),
    networkOf: (address) =>
      networks.filter((network) => network.contains(address)).sort((a, b) => b.prefixLength - a.prefixLength)[0],
  }
}

export function fakeCluster(tables: FakeTables): Cluster & { current: Snapshot } {
  return { current: fakeSnapshot(tables), onChange: () => () => undefined }
}

function fakeNetwork(row: FakeNetwork): Network {
  const mask = ip(row.mask ?? '255.255.255.0')
  const bits = ipv4ToNumber(mask)
  const base = ipv4ToNumber(row.net)
  return {
    netname: row.net.replaceAll('.', '_'),
    net: ip(row.net),
    mask,
    prefixLength: Math.clz32(~bits),
    gateway: row.gateway === undefined ? undefined : ip(row.gateway),
    nameservers: (row.nameservers ?? []).map(ip),
    ntpservers: [],
    logservers: [],
    dhcpserver: row.dhcpserver === undefined ? undefined : ip(row.dhcpserver),
    tftpserver: row.tftpserver === undefined ? undefined : ip(row.tftpserver),
    domain: undefined,
    mtu: row.mtu,
    mgtifname: row.mgtifname,
    vlanid: row.vlanid,
    dynamicRanges: row.range ? [{ first: ip(row.range[0]), last: ip(row.range[1]) }] : [],
    contains: (address) => (ipv4ToNumber(address) & bits) >>> 0 === base,
  }
}

function fakeNode(row: FakeNode): ClusterNode {
  const address = row.ip === undefined ? undefined : ip(row.ip)
  const ports: NodePort[] = []
  const node: ClusterNode = {
    name: row.name as NodeName,
    groups: [],
    ip: address,
    ports,
    imageName: row.image as ImageName | undefined,
    arch: row.arch,
    netboot: row.netboot,
    attribute: (table, column) => row.attributes?.[`${table}.${column}`],
  }
  ports.push({ node, mac: mac(row.mac), interfaceName: undefined, ip: address, refused: row.refused ?? false })
  for (const other of row.others ?? []) {
    const own = other.ip === undefined ? undefined : ip(other.ip)
    ports.push({ node, mac: mac(other.mac), interfaceName: undefined, ip: own, refused: false })
  }
  return node
}
