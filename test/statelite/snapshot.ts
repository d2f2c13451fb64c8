/** A snapshot in memory, for tests of rooms that read one: only what is asked for is filled in. */
import type {
  ClusterNode,
  Image,
  ImageName,
  Ipv4,
  LitefileRow,
  LitetreeRow,
  MacAddress,
  Network,
  NodeName,
  NodePort,
  Site,
  Snapshot,
} from '../../src/cluster/model.ts'
import type { StateliteContext } from '../../src/statelite/context.ts'

export interface NodeSpec {
  readonly name: string
  readonly ip?: string
  readonly mac?: string
  readonly image?: string
  readonly arch?: string
  readonly netboot?: string
  /** `table.column` → value. */
  readonly attributes?: Readonly<Record<string, string>>
}

export interface ImageSpec {
  readonly name: string
  readonly groups?: readonly string[]
  readonly provmethod?: string
  readonly rootfstype?: 'nfs' | 'ramdisk'
  readonly osvers?: string
  readonly osarch?: string
  readonly profile?: string
  readonly rootimgdir?: string
  readonly attributes?: Readonly<Record<string, string>>
}

export interface SnapshotSpec {
  readonly nodes?: readonly NodeSpec[]
  readonly images?: readonly ImageSpec[]
  readonly networks?: readonly Partial<Network>[]
  /** `[image, file, options]`. */
  readonly litefile?: readonly (readonly [string, string, string])[]
  readonly litetree?: readonly Partial<LitetreeRow>[]
  readonly site?: Readonly<Record<string, string>>
  readonly nodestatus?: boolean
}

export const litefileRows = (rows: readonly (readonly [string, string, string])[]): LitefileRow[] =>
  rows.map(([image, file, options]) => ({ image, file, options }))

export const imageSpec = (spec: ImageSpec): Image => ({
  name: spec.name as ImageName,
  groups: spec.groups ?? [],
  provmethod: spec.provmethod ?? 'statelite',
  rootfstype: spec.rootfstype ?? 'nfs',
  osvers: spec.osvers ?? 'rhels9.4',
  osarch: spec.osarch ?? 'x86_64',
  profile: spec.profile ?? 'compute',
  rootimgdir: spec.rootimgdir ?? `/install/netboot/${spec.name}`,
  attribute: (column) => spec.attributes?.[column],
})

export const nodeSpec = (spec: NodeSpec): ClusterNode => {
  const ports: NodePort[] = []
  const node: ClusterNode = {
    name: spec.name as NodeName,
    groups: ['all'],
    ip: spec.ip as Ipv4 | undefined,
    ports,
    imageName: spec.image as ImageName | undefined,
    arch: spec.arch ?? 'x86_64',
    netboot: spec.netboot,
    attribute: (table, column) => spec.attributes?.[`${table}.${column}`],
  }
  if (spec.mac !== undefined) {
    ports.push({
      node,
      mac: spec.mac as MacAddress,
      interfaceName: undefined,
      ip: spec.ip as Ipv4 | undefined,
      refused: false,
    })
  }
  return node
}

const ipNumber = (ip: string): number => ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)

export const networkSpec = (spec: Partial<Network>): Network => {
  const net = spec.net ?? ('10.20.0.0' as Ipv4)
  const prefixLength = spec.prefixLength ?? 24
  const size = 2 ** (32 - prefixLength)
  return {
    netname: 'prov',
    net,
    mask: '255.255.255.0' as Ipv4,
    prefixLength,
    gateway: '10.20.0.1' as Ipv4,
    nameservers: [],
    ntpservers: [],
    logservers: [],
    dhcpserver: undefined,
    tftpserver: undefined,
    domain: undefined,
    mtu: undefined,
    mgtifname: undefined,
    vlanid: undefined,
    dynamicRanges: [],
    contains: (ip) => Math.floor(ipNumber(ip) / size) === Math.floor(ipNumber(net) / size),
    ...spec,
  }
}

export function buildSnapshot(spec: SnapshotSpec): Snapshot {
  const nodes = (spec.nodes ?? []).map(nodeSpec)
  const networks = (spec.networks ?? [{}]).map(networkSpec)
  const site: Site = {
    master: spec.site?.master,
    domain: spec.site?.domain,
    installdir: '/install',
    tftpdir: spec.site?.tftpdir ?? '/tftpboot',
    httpport: 80,
    leaseSeconds: 43200,
    nameservers: spec.site?.nameservers?.split(',') ?? [],
    ntpservers: [],
    nodestatus: spec.nodestatus ?? true,
    get: (key) => spec.site?.[key],
  }
  return {
    number: 1,
    site,
    networks,
    nodeNames: nodes.map((node) => node.name),
    images: new Map((spec.images ?? []).map(imageSpec).map((image) => [image.name, image])),
    litefile: litefileRows(spec.litefile ?? []),
    litetree: (spec.litetree ?? []).map((row) => ({ priority: 1, image: '', directory: '', mntopts: '', ...row })),
    node: (name) => nodes.find((node) => node.name === name),
    portByMac: (mac) => nodes.flatMap((node) => node.ports).find((port) => port.mac === mac),
    nodeByIp: (ip) => nodes.find((node) => node.ip === ip),
    networkOf: (ip) => networks.find((network) => network.contains(ip)),
    faults: [],
  }
}

export const testContext = (over: Partial<StateliteContext> = {}): StateliteContext => ({
  serverIp: '10.20.0.2',
  httpPort: 80,
  ...over,
})

/** A node and an image that boot; tests change what they look at. */
export const exampleNode: NodeSpec = {
  name: 'cn07',
  ip: '10.20.0.107',
  mac: '0c:42:a1:7e:10:07',
  image: 'hpc9-lite',
}
export const exampleImage: ImageSpec = {
  name: 'hpc9-lite',
  groups: ['blue', 'green'],
  rootimgdir: '/install/netboot/hpc9',
}
