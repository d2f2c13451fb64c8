/**
 * What an unknown machine boots on a network that opts in: kernel and lean initrd of an image, told to take stock. The
 * same code as for nodes answers it; a stand-in takes the place of the node.
 */
import { discoversOn, discoveryNetworkOf } from '../cluster/discovery.ts'
import type { ClusterNode, Image, ImageName, Ipv4, Network, NodeName, Snapshot } from '../cluster/model.ts'
import { renderFinding } from '../statelite/finding.ts'
import { bracketed } from '../statelite/servers.ts'
import { splitList } from '../tables/row.ts'
import { compileDiscoveryLine } from './cmdline.ts'
import type { Firmware } from './firmware.ts'
import type { BootFileKind } from './names.ts'
import type { NodeAnswers } from './node-answers.ts'
import { type FindImageFile, imageUrls, type NodeBootFile } from './node-boot-file.ts'
import { renderBootFile } from './render.ts'

/** No node can have this name: it begins with what node names must not begin with. */
export const DISCOVERY_NAME = '_discovery' as NodeName

/** ARM machines: their GRUB asks by names that say nothing of the architecture, so the name it is told does. */
export const ARM_DISCOVERY_NAME = '_discovery-aarch64' as NodeName

export type DiscoveryArch = 'x86_64' | 'ppc64le' | 'aarch64'

/** The image for this architecture, or why there is none. Needs the disk, so it is handed in. */
export type FindDiscoveryImage = (snapshot: Snapshot, arch: DiscoveryArch) => Image | { readonly fault: string }

const forSnapshot = new WeakMap<Snapshot, { readonly common: ClusterNode; readonly arm: ClusterNode }>()

/** For a DHCP answer: undefined where strangers boot nothing. */
export function discoveryNode(snapshot: Snapshot, network: Network, { machine }: Firmware): ClusterNode | undefined {
  if (!discoversOn(snapshot, network) || (machine !== undefined && !MACHINES.has(machine))) return undefined
  // One object for a snapshot: what loaders it is told is remembered by it.
  let nodes = forSnapshot.get(snapshot)
  if (!nodes) {
    nodes = { common: standIn(snapshot, undefined, undefined), arm: standIn(snapshot, undefined, 'aarch64') }
    forSnapshot.set(snapshot, nodes)
  }
  return machine === 'arm64' ? nodes.arm : nodes.common
}

/** i386: a BIOS names no other, whatever the processor is. */
const MACHINES: ReadonlySet<string> = new Set(['i386', 'x86_64', 'ppc64', 'arm64'])

/** @param arch undefined: not known yet */
function standIn(snapshot: Snapshot, ip: Ipv4 | undefined, arch: DiscoveryArch | undefined): ClusterNode {
  const { site } = snapshot
  const settings = new Map<string, string | undefined>([
    ['nodehm serialport', site.get('defserialport')],
    ['nodehm serialspeed', site.get('defserialspeed') ?? '115200'],
    ['nodehm serialflow', site.get('defserialflow')],
  ])
  const [image] = splitList(site.get('discoveryimage') ?? '')
  return Object.freeze({
    name: arch === 'aarch64' ? ARM_DISCOVERY_NAME : DISCOVERY_NAME,
    groups: [],
    ip,
    ports: [],
    imageName: (image ?? snapshot.images.keys().next().value) as ImageName | undefined,
    arch,
    // iPXE for ARM is in few distributions; GRUB, or iPXE where there is no GRUB, comes under this name.
    netboot: arch === 'aarch64' ? 'grub2-http' : undefined,
    attribute: (table: string, column: string) => settings.get(`${table} ${column}`),
  })
}

/** Those of ARM machines, whose GRUB is told a name of its own. */
const ARM_PLACES: readonly (readonly [RegExp, BootFileKind])[] = [
  [new RegExp(`^boot/ipxe/${ARM_DISCOVERY_NAME}$`), 'ipxe'],
  [new RegExp(`^boot/efi/${ARM_DISCOVERY_NAME}/grub\\.cfg(-[^/]+)?$`), 'grub'],
  [new RegExp(`^boot/grub2/${ARM_DISCOVERY_NAME}$`), 'grub'],
  [/^grub\/(arm64-efi\/)?grub\.cfg$/, 'grub'],
]

/** What strangers ask for: the name they were told, and whatever their loader tries by itself. */
const PLACES: readonly { readonly pattern: RegExp; readonly kind: BootFileKind; readonly arch: DiscoveryArch }[] = [
  ...ARM_PLACES.map(([pattern, kind]) => ({ pattern, kind, arch: 'aarch64' as const })),
  { pattern: /^(boot\/ipxe|xcat\/xnba\/nets)\/[^/]+$/, kind: 'ipxe', arch: 'x86_64' },
  { pattern: /^pxelinux\.cfg\/[^/]+$/, kind: 'pxelinux', arch: 'x86_64' },
  { pattern: /^boot\/petitboot\/[^/]+$/, kind: 'petitboot', arch: 'ppc64le' },
  { pattern: /^pxelinux\.cfg\/p\/[^/]+$/, kind: 'petitboot', arch: 'ppc64le' },
  { pattern: new RegExp(`^boot/grub2/(grub\\.cfg(-[^/]+)?|${DISCOVERY_NAME})$`), kind: 'grub', arch: 'ppc64le' },
]

export interface DiscoveryBootFile {
  readonly kind: BootFileKind
  readonly file: NodeBootFile
}

/** The image whose GRUB, or the server's iPXE, a strange ARM machine is given, as the node that would have it. */
export function armDiscoveryNode(
  clientIp: string,
  snapshot: Snapshot,
  findImage: FindDiscoveryImage,
): ClusterNode | { readonly fault: string } | undefined {
  if (!discoveryNetworkOf(snapshot, clientIp) || snapshot.nodeByIp(clientIp as Ipv4)) return undefined
  const image = findImage(snapshot, 'aarch64')
  if ('fault' in image) return image
  return { ...standIn(snapshot, clientIp as Ipv4, 'aarch64'), imageName: image.name }
}

/** The boot file of a machine that no table knows; undefined: not a boot file, or no network of discovery. */
export function discoveryBootFile(
  path: string,
  clientIp: string,
  snapshot: Snapshot,
  answers: NodeAnswers,
  findImage: FindDiscoveryImage,
  findFile: FindImageFile,
): DiscoveryBootFile | undefined {
  const name = path.replace(/^\/+/, '').replace(/^tftpboot\//, '')
  const place = PLACES.find(({ pattern }) => pattern.test(name))
  if (!place || !discoveryNetworkOf(snapshot, clientIp) || snapshot.nodeByIp(clientIp as Ipv4)) return undefined
  const { kind, arch } = place
  const found = bootFileOf(clientIp as Ipv4, kind, arch, snapshot, answers, findImage, findFile)
  // GRUB of the server asks everywhere for this one.
  const isCommon = kind === 'grub' && arch === 'ppc64le' && !name.endsWith(DISCOVERY_NAME)
  if (!isCommon || 'fault' in findImage(snapshot, 'aarch64')) return found
  const context = answers.context(standIn(snapshot, clientIp as Ipv4, 'aarch64'), snapshot)
  if ('findings' in context) return found
  const { file } = found
  const rest = file.kind === 'text' ? file.text : ''
  const other = `configfile (tftp,${context.value.serverIp})/boot/grub2/${ARM_DISCOVERY_NAME}`
  const text = `if [ "$grub_cpu" = arm64 ]; then ${other}; fi\n${rest}`
  return { kind, file: { kind: 'text', text, image: file.kind === 'text' ? file.image : undefined } }
}

function bootFileOf(
  clientIp: Ipv4,
  kind: BootFileKind,
  arch: DiscoveryArch,
  snapshot: Snapshot,
  answers: NodeAnswers,
  findImage: FindDiscoveryImage,
  findFile: FindImageFile,
): DiscoveryBootFile {
  const node = standIn(snapshot, clientIp, arch)
  const context = answers.context(node, snapshot)
  if ('findings' in context)
    return { kind, file: { kind: 'refused', reasons: context.findings.map(renderFinding), url: '' } }
  const { serverIp, httpPort } = context.value
  const base = `http://${bracketed(serverIp)}${httpPort === 80 ? '' : `:${httpPort}`}`
  const refuse = (reasons: readonly string[]): DiscoveryBootFile => ({
    kind,
    file: { kind: 'refused', reasons, url: `${base}/boot/ipxe/${node.name}` },
  })
  const image = findImage(snapshot, arch)
  if ('fault' in image) return refuse([image.fault])
  const line = compileDiscoveryLine(node, image, `${base}/discover/v1`)
  if ('findings' in line) return refuse(line.findings.map(renderFinding))
  const files = imageUrls(kind, image, base, undefined, findFile)
  if ('fault' in files) return refuse([files.fault])
  const facts = { node, image, line, files, serverIp, httpPort, stateLine: 'discover' }
  return { kind, file: { kind: 'text', text: renderBootFile(kind, facts), image } }
}
