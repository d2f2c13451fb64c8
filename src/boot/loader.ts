/** Firmware + node → which program or file it is to load, and from where. Pure; what it says goes into a DHCP reply. */
import type { ClusterNode, ImageName, Ipv4 } from '../cluster/model.ts'
import { type EfiMachine, efiFileName } from './efi-files.ts'
import type { Firmware } from './firmware.ts'
import { type NetbootMethod, netbootMethod } from './netboot.ts'
import { quirkChangeOf } from './quirks.ts'
import { bootStateOf } from './state.ts'

export interface LoaderReason {
  readonly text: string
  /** The table row that led there, when one did. */
  readonly row?: string
  readonly clause?: string
}

/** What is known of the server and the tables besides the node itself. */
export interface LoaderServer {
  /** Our address as this node reaches it. */
  readonly address: Ipv4
  readonly httpPort: number
  /** `networks.tftpserver` of the node's network. */
  readonly networkTftpserver: Ipv4 | undefined
  /** A host name to an address, from the tables; undefined when they do not know it. */
  resolve(name: string): Ipv4 | undefined
  hasImage(name: ImageName): boolean
}

export interface LoaderChoice {
  /** Next server, header field siaddr. */
  readonly siaddr?: Ipv4
  /** Boot file: header field `file` and option 67. */
  readonly file?: string
  /** Option 60 to be sent back, always. */
  readonly vendorClass?: string
  /** Option 175.176 = 1: iPXE is not to wait for ProxyDHCP offers (saves 2 to 3 seconds). */
  readonly noProxyDhcp?: true
  /** Option 209, always. */
  readonly configurationFile?: string
  /** Option 210, always. */
  readonly pathPrefix?: string
  /** Options 66 and 67 are to be sent although not asked for. */
  readonly forceBootFile?: true
  /** Option 67 with a NUL behind it. */
  readonly terminateBootFile?: true
  /** Beside a site's DHCP server, option 43: take the boot file of this offer. */
  readonly proxyTakesOffer?: true
  readonly reasons: readonly LoaderReason[]
}

/** What is there for one kind of firmware only comes from the quirks. */
interface Chosen extends Pick<LoaderChoice, 'file' | 'configurationFile' | 'pathPrefix'> {
  readonly why: string
  readonly row?: string
}

export function chooseLoader(firmware: Firmware, node: ClusterNode, server: LoaderServer): LoaderChoice {
  const image = node.imageName
  if (!image)
    return { reasons: [{ text: 'address only: the node has no image', row: `nodetype node=${node.name} provmethod` }] }
  if (!server.hasImage(image)) {
    const row = `nodetype node=${node.name} provmethod=${image}`
    return { reasons: [{ text: `address only: there is no osimage ${image}`, row }] }
  }
  if (bootStateOf(node) === 'none')
    return {
      reasons: [{ text: 'address only: the node is offline (nodeset)', row: `chain node=${node.name} currstate` }],
    }
  const reasons: LoaderReason[] = []
  const next = chooseNextServer(node, server, reasons)
  const chosen = chooseFile(firmware, node, `http://${next}${server.httpPort === 80 ? '' : `:${server.httpPort}`}`)
  reasons.push({ text: chosen.why, ...(chosen.row ? { row: chosen.row } : {}) })
  const { why: _why, row: _row, ...options } = chosen
  const boots = options.file !== undefined || options.configurationFile !== undefined
  return boots ? { siaddr: next, ...options, ...quirkChangeOf(firmware), reasons } : { reasons }
}

function chooseFile(firmware: Firmware, node: ClusterNode, base: string): Chosen {
  const { netboot } = node
  const method = netbootMethod(netboot)
  const row = netboot === undefined ? undefined : `noderes node=${node.name} netboot=${netboot}`
  const grubProgram = `boot/grub2/grub2-${node.name}`
  const say = (why: string) => ({
    why: `${firmware.description}: ${why}${disagreement(firmware, netboot)}`,
    ...(row ? { row } : {}),
  })

  switch (firmware.kind) {
    case 'ipxe':
      if (isPxelinux(method) && isBios(firmware)) return { ...pxelinuxFiles(node, method), ...say('pxelinux') }
      return { file: `${base}/boot/ipxe/${node.name}`, ...say('the node’s iPXE script') }
    case 'bios-pxe':
      if (isPxelinux(method)) return { ...pxelinuxFiles(node, method), ...say('pxelinux') }
      if (method === 'grub') return { file: grubProgram, ...say('GRUB') }
      return {
        file: method === 'ipxe-drivers' ? 'ipxe.pxe' : 'undionly.kpxe',
        ...say('iPXE for BIOS'),
      }
    case 'uefi-pxe':
    case 'uefi-http': {
      const { machine } = firmware
      if (machine !== 'x86_64' && machine !== 'arm64') return say('no loader for this architecture, address only')
      const program = uefiProgram(method, machine, node)
      if (firmware.kind === 'uefi-pxe') return { file: program.tftp, ...say(program.why) }
      // UEFI specification, HTTP boot: an offer without option 60 `HTTPClient` is ignored for ever.
      const file = `${base}/${program.http}`
      return { file, ...say(`${program.why}, by URL`) }
    }
    case 'petitboot': {
      const configurationFile = `${base}/boot/petitboot/${node.name}`
      const pathPrefix = `${base}/boot/`
      // No boot file: petitboot would list it as a kernel to be fetched by TFTP (quirk boot-file-is-a-kernel).
      return { configurationFile, pathPrefix, ...say('petitboot configuration (option 209)') }
    }
    case 'open-firmware':
      return { file: grubProgram, ...say('GRUB') }
    case 'plain':
      // SLOF's DISCOVER and GRUB's own DHCP say nothing about themselves: the tables decide.
      // A word without a meaning (`yaboot`) counts as none, as it does where the firmware names itself.
      if (method === 'grub' || (method === undefined && isPower(node)))
        return { file: grubProgram, ...say('GRUB, chosen by the tables') }
      if (method === 'petitboot') {
        const configurationFile = `${base}/boot/petitboot/${node.name}`
        return { configurationFile, ...say('petitboot, chosen by the tables') }
      }
      return say('address only')
    case 'unsupported':
      return say('no loader for this platform, address only')
  }
}

const MACHINE_NAMES = { x86_64: 'x86_64 UEFI', arm64: 'ARM 64-bit UEFI' } as const

/** Under which names a UEFI program is served by TFTP and by HTTP: one for all nodes, or the node's own. */
function uefiProgram(method: NetbootMethod | undefined, machine: EfiMachine, node: ClusterNode) {
  if (method === 'grub') {
    const name = efiFileName(node.name, machine)
    return { tftp: name, http: name, why: 'shim and GRUB of the node’s image' }
  }
  const drivers = method === 'ipxe-drivers'
  const name = `${drivers ? 'ipxe' : 'snponly'}${machine === 'arm64' ? '-arm64' : ''}.efi`
  const why = `iPXE for ${MACHINE_NAMES[machine]}${drivers ? ' with its own drivers' : ''}`
  return { tftp: name, http: `boot/loader/${name}`, why }
}

/** What noderes.netboot asks for and this firmware cannot do, or ''. It gets what can boot it, and the timeline says so. */
export function disagreement(firmware: Firmware, netboot: string | undefined): string {
  if (netboot === undefined || netboot.trim() === '') return ''
  const method = netbootMethod(netboot)
  const instead = (why: string) => `, although netboot is ${netboot}: ${why}`
  if (method === undefined) return instead('this word means nothing here')
  const isX86 = firmware.machine === 'i386' || firmware.machine === 'x86_64'
  if (isPxelinux(method) && (firmware.kind.startsWith('uefi') || (firmware.kind === 'ipxe' && !isBios(firmware))))
    return instead('pxelinux is a BIOS program')
  if (method === 'petitboot' && isX86) return instead('petitboot is firmware of POWER machines')
  if (method === 'grub' && firmware.kind === 'ipxe') return instead('iPXE is there already')
  if (method === 'grub' && firmware.kind === 'petitboot') return instead('petitboot needs no loader')
  if (method !== 'grub' && firmware.kind === 'open-firmware') return instead('Open Firmware loads GRUB')
  return ''
}

function isPxelinux(method: NetbootMethod | undefined): method is 'pxelinux' | 'pxelinux-http' {
  return method === 'pxelinux' || method === 'pxelinux-http'
}

function pxelinuxFiles(
  node: ClusterNode,
  method: 'pxelinux' | 'pxelinux-http',
): Pick<LoaderChoice, 'file' | 'configurationFile' | 'pathPrefix'> {
  const file = method === 'pxelinux-http' ? 'lpxelinux.0' : 'pxelinux.0'
  return { file, configurationFile: `pxelinux.cfg/${node.name}`, pathPrefix: '/' }
}

function isBios(firmware: Firmware): boolean {
  return firmware.architecture === undefined || firmware.architecture === 0
}

function isPower(node: ClusterNode): boolean {
  return node.arch?.startsWith('ppc64') ?? false
}

/** noderes.tftpserver, noderes.xcatmaster, networks.tftpserver, else ourselves: always an address, never a name. */
function chooseNextServer(node: ClusterNode, server: LoaderServer, reasons: LoaderReason[]): Ipv4 {
  for (const column of ['tftpserver', 'xcatmaster']) {
    const value = node.attribute('noderes', column)
    // The literal <xcatmaster> means "whoever serves the node".
    if (!value || value === '<xcatmaster>') continue
    const address = server.resolve(value)
    const row = `noderes node=${node.name} ${column}=${value}`
    if (address) {
      if (address !== server.address) reasons.push({ text: `next server ${address}`, row })
      return address
    }
    reasons.push({ text: `${value} has no address in the tables (hosts.ip): ignored`, row })
  }
  return server.networkTftpserver ?? server.address
}
