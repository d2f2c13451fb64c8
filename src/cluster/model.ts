/**
 * What the tables mean, as frozen values: the cluster room's vocabulary.
 *
 * A `Snapshot` is compiled from the tables on every change and swapped in whole; services hold a `Cluster` and read
 * `cluster.current` once per request. Nothing here touches a database, a socket or a clock.
 */

/** Dotted quad, canonical (`10.77.0.11`). */
export type Ipv4 = string & { readonly brand: 'Ipv4' }
/** Lower-case hex pairs joined by colons: 6 bytes (Ethernet) or 20 bytes (IPoIB hardware address). */
export type MacAddress = string & { readonly brand: 'MacAddress' }
export type NodeName = string & { readonly brand: 'NodeName' }
export type ImageName = string & { readonly brand: 'ImageName' }

/** The `site` table with its defaults (tables-and-commands: site) applied. */
export interface Site {
  readonly master: string | undefined
  readonly domain: string | undefined
  readonly installdir: string
  readonly tftpdir: string
  readonly httpport: number
  /** `dhcplease`, seconds. */
  readonly leaseSeconds: number
  readonly nameservers: readonly string[]
  readonly ntpservers: readonly string[]
  /** false when `nodestatus` is n, N or 0. */
  readonly nodestatus: boolean
  /** Any key as written, without default. */
  get(key: string): string | undefined
}

/** One enabled row of `networks`. Addresses are validated; a bad row is reported and left out. */
export interface Network {
  readonly netname: string
  readonly net: Ipv4
  readonly mask: Ipv4
  readonly prefixLength: number
  readonly gateway: Ipv4 | undefined
  readonly nameservers: readonly Ipv4[]
  readonly ntpservers: readonly Ipv4[]
  readonly logservers: readonly Ipv4[]
  readonly dhcpserver: Ipv4 | undefined
  readonly tftpserver: Ipv4 | undefined
  readonly domain: string | undefined
  readonly mtu: number | undefined
  readonly mgtifname: string | undefined
  readonly vlanid: string | undefined
  /** `dynamicrange`: inclusive pairs, empty when strangers get no address. */
  readonly dynamicRanges: readonly { readonly first: Ipv4; readonly last: Ipv4 }[]
  contains(ip: Ipv4): boolean
}

/** One network port of a node: a row (or `|` item) of `mac`. */
export interface NodePort {
  readonly node: ClusterNode
  readonly mac: MacAddress
  /** `mac.interface`, when set. */
  readonly interfaceName: string | undefined
  /** Address this port gets: `hosts.ip` for the boot port; undefined for `*NOIP*` and for ports without an address. */
  readonly ip: Ipv4 | undefined
  /** `*NOIP*`: this hardware address is refused on purpose. */
  readonly refused: boolean
}

export interface ClusterNode {
  readonly name: NodeName
  readonly groups: readonly string[]
  readonly ip: Ipv4 | undefined
  readonly ports: readonly NodePort[]
  /** `nodetype.provmethod`: the image name as written, whether or not such an image exists. */
  readonly imageName: ImageName | undefined
  /** `nodetype.arch`, else the image's `osarch`. */
  readonly arch: string | undefined
  /** `noderes.netboot`. */
  readonly netboot: string | undefined
  /** Resolved value (node row, groups in order, value patterns) of any node-table column; undefined when unset. */
  attribute(table: string, column: string): string | undefined
}

/** `osimage` joined with `linuximage`. */
export interface Image {
  readonly name: ImageName
  /** `osimage.groups`, split at commas, trimmed, in order. */
  readonly groups: readonly string[]
  readonly provmethod: string | undefined
  /** Of a stateless image always ramdisk. */
  readonly rootfstype: 'nfs' | 'ramdisk'
  readonly osvers: string | undefined
  readonly osarch: string | undefined
  readonly profile: string | undefined
  /** `linuximage.rootimgdir`, defaulted; holds `rootimg/`, `kernel`, `initrd-statelite.gz`. Absolute, no trailing slash. */
  readonly rootimgdir: string
  /** Any column of osimage or linuximage. */
  attribute(column: string): string | undefined
}

/** Enabled rows, in table order, cells as written (blank = ''). */
export interface LitefileRow {
  readonly image: string
  readonly file: string
  readonly options: string
}
export interface LitetreeRow {
  readonly priority: number
  readonly image: string
  readonly directory: string
  readonly mntopts: string
}

export interface Snapshot {
  /** Counts up by one with every compiled change of this process; printed by commands that wait for an edit. */
  readonly number: number
  readonly site: Site
  readonly networks: readonly Network[]
  readonly nodeNames: readonly NodeName[]
  readonly images: ReadonlyMap<ImageName, Image>
  readonly litefile: readonly LitefileRow[]
  readonly litetree: readonly LitetreeRow[]
  node(name: string): ClusterNode | undefined
  portByMac(mac: MacAddress): NodePort | undefined
  nodeByIp(ip: Ipv4): ClusterNode | undefined
  /** The network that contains the address, longest prefix first. */
  networkOf(ip: Ipv4): Network | undefined
  /** Rows that could not be understood, for logs and `liteboot check`: `networks row netname=x: mask …`. */
  readonly faults: readonly string[]
}

/** Holder of the current snapshot; the only mutable thing services see. */
export interface Cluster {
  readonly current: Snapshot
  /** Called after `current` was swapped. Returns the unsubscribe function. */
  onChange(listener: (snapshot: Snapshot) => void): () => void
}
