/** The loader programs that the nodes' firmware will ask for. */
import { join } from 'node:path'
import {
  chooseEfiFile,
  type EfiMachine,
  grubProgramNames,
  ipxeProgram,
  parseEfiFileName,
} from '../../../boot/efi-files.ts'
import { chooseLoader, disagreement } from '../../../boot/loader.ts'
import { findLoaders, loaderRemedy } from '../../../boot/loader-files.ts'
import { netbootMethod } from '../../../boot/netboot.ts'
import type { ClusterNode, ImageName, Snapshot } from '../../../cluster/model.ts'
import { findEfiLoaders } from '../../../image/efi-loaders.ts'
import { currentPlace } from '../../../image/generations/layout.ts'
import type { StateliteContext } from '../../../statelite/context.ts'
import { firmwareOf, loaderServer } from '../../effects/facts.ts'
import type { Machine } from './machine.ts'
import { checkPowerLoaders, GRUB_PROGRAM } from './power-loaders.ts'
import type { CheckReport } from './report.ts'

export interface LoaderUse {
  /** Below the TFTP root. */
  readonly file: string
  readonly firmware: string
  /** A program that is looked for in the node's image, and not under this name. */
  readonly ofImage?: { readonly name: ImageName; readonly machine: EfiMachine; readonly protocol: 'tftp' | 'http' }
  /** The program for Open Firmware, one for all nodes that have none of their own. */
  readonly ofPower?: true
}

export interface WantedLoader extends LoaderUse {
  readonly nodes: string[]
}

/** What the node is told to fetch by TFTP, for each firmware it can have. */
export function bootFilesAt(node: ClusterNode, snapshot: Snapshot, context: StateliteContext): LoaderUse[] {
  const server = loaderServer(node, snapshot, context)
  return firmwareOf(node.arch).flatMap(([firmware, kind]) => {
    // iPXE is a second stage, petitboot brings itself along.
    if (kind.kind === 'ipxe' || kind.kind === 'petitboot') return []
    // A POWER machine without netboot is taken for one with petitboot.
    if (kind.kind === 'open-firmware' && !(node.netboot ?? '').startsWith('grub2')) return []
    const { file } = chooseLoader(kind, node, server)
    if (file === undefined) return []
    if (kind.kind === 'open-firmware') return [{ file: GRUB_PROGRAM, firmware, ofPower: true }]
    const efi = parseEfiFileName(file.replace(/^http:\/\/[^/]+\//, ''), snapshot)
    if (efi?.node.imageName !== undefined) {
      const protocol = kind.kind === 'uefi-http' ? 'http' : 'tftp'
      return [{ file, firmware, ofImage: { name: efi.node.imageName, machine: efi.machine, protocol } }]
    }
    // HTTP boot takes the program of plain UEFI.
    if (kind.kind === 'uefi-http') return []
    const more = /^l?pxelinux\.0$/.test(file) ? ['ldlinux.c32'] : []
    return [file, ...more].map((each) => ({ file: each, firmware }))
  })
}

export function wantedLoaders(wanted: Map<string, WantedLoader>, use: LoaderUse, node: string): void {
  const { ofImage, firmware } = use
  const key = ofImage ? `${ofImage.name}\0${ofImage.machine}\0${ofImage.protocol}` : `${use.file}\0${firmware}`
  const known = wanted.get(key)
  if (known) known.nodes.push(node)
  else wanted.set(key, { ...use, nodes: [node] })
}

/** noderes.netboot asks for what some firmware of this kind of machine cannot do. Which one a machine has, no table says. */
export function checkNetboot(node: ClusterNode, report: CheckReport): void {
  const { netboot } = node
  for (const [name, firmware] of firmwareOf(node.arch)) {
    if (firmware.kind !== 'bios-pxe' && firmware.kind !== 'uefi-pxe') continue
    const why = disagreement(firmware, netboot).replace(/^.*?: /, '')
    // A word that means nothing is a finding about the row.
    if (why === '' || netbootMethod(netboot) === undefined) continue
    const message = `netboot=${netboot}: ${why}; nodes with ${name} firmware are given iPXE`
    report.add('info', 'other-loader', 'noderes row', message, '', node)
  }
}

/** Which firmware a machine has is not in the tables: one loader of several that is missing is a warning. */
export async function checkLoaders(
  wanted: Iterable<WantedLoader>,
  snapshot: Snapshot,
  machine: Machine,
  report: CheckReport,
): Promise<void> {
  const { tftpdir } = snapshot.site
  const found = findLoaders(machine.isReadable)
  const isThere = (file: string) => machine.isReadable(join(tftpdir, file)) || found.files.has(file)
  const all = [...wanted]
  const ofServer = all.filter(({ ofImage, ofPower }) => ofImage === undefined && !ofPower)
  for (const use of all) if (use.ofPower) checkPowerLoaders(use.nodes, use.firmware, tftpdir, machine, report)
  for (const use of all) if (use.ofImage) await checkImageLoader(use, use.ofImage, snapshot, machine, report)
  const served = new Set(ofServer.filter(({ file }) => isThere(file)).flatMap(({ nodes }) => nodes))
  const seen = new Set<string>()
  for (const { file, firmware, nodes } of ofServer) {
    if (isThere(file)) continue
    if (firmware === 'BIOS' && file.startsWith('boot/grub2/') && isThere('undionly.kpxe')) {
      const message = 'there is no GRUB for BIOS; nodes with BIOS firmware are given iPXE'
      for (const node of nodes) report.add('info', 'other-loader', `loader ${file}`, message, '', { name: node })
      continue
    }
    for (const node of nodes) {
      // A file of the node's own, or the same for BIOS and UEFI: said once.
      if (seen.has(`${file}\0${node}`)) continue
      seen.add(`${file}\0${node}`)
      const severity = served.has(node) ? 'warning' : 'error'
      const advice = `${loaderRemedy(file)}put it into ${tftpdir}`
      const message = `missing, and needed by nodes with ${firmware} firmware`
      report.add(severity, 'no-loader', `loader ${file}`, message, advice, { name: node })
    }
  }
}

const SIGNED_PACKAGES =
  'Debian: shim-signed and grub-efi-amd64-signed or -arm64-signed; RHEL: shim-x64 and grub2-efi-x64'

/** The same choice as the server makes when the firmware asks. */
async function checkImageLoader(
  { file, firmware, nodes }: WantedLoader,
  { name, machine: efi, protocol }: NonNullable<LoaderUse['ofImage']>,
  snapshot: Snapshot,
  machine: Machine,
  report: CheckReport,
): Promise<void> {
  const image = snapshot.images.get(name)
  if (!image || !(await machine.answers(image.rootimgdir))) return
  const found = await findEfiLoaders(currentPlace(image.rootimgdir).rootimg, efi)
  const own = grubProgramNames('', efi).map((each) => join(snapshot.site.tftpdir, each))
  const ipxe = ipxeProgram(efi)
  const choice = chooseEfiFile('first', protocol, name, {
    image: found,
    ownGrub: own.find((path) => machine.isReadable(path)),
    ipxe: [join(snapshot.site.tftpdir, ipxe), findLoaders(machine.isReadable).files.get(ipxe)].find(
      (path) => path !== undefined && machine.isReadable(path),
    ),
  })
  const about = (severity: 'error' | 'warning' | 'info', message: string, advice: string) => {
    for (const node of nodes) report.add(severity, 'no-shim', `image ${name}`, message, advice, { name: node })
  }
  // What the image lacks is said once, for UEFI PXE.
  if (protocol === 'http' && found?.shim === undefined) return
  if (!choice) {
    about(
      'error',
      `no loader for nodes with ${firmware} firmware (${file})`,
      `install in the image: ${SIGNED_PACKAGES}`,
    )
  } else if (choice.path !== found?.shim) {
    // Only what the image lacks can be mended there; a GRUB that cannot boot by HTTP is as it is.
    const lacks = found?.shim === undefined
    const advice = lacks ? `for Secure Boot install in the image: ${SIGNED_PACKAGES}` : 'for Secure Boot use UEFI PXE'
    about(lacks ? 'warning' : 'info', `nodes with ${firmware} firmware are given ${choice.why}`, advice)
  }
}
