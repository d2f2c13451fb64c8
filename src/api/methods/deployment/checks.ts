/** What must hold before a node is told to boot an image: one list of errors per node, in xCAT's words where it has them. */
import { existsSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { NodeAnswers } from '../../../boot/node-answers.ts'
import { nodeBootFile } from '../../../boot/node-boot-file.ts'
import { isStateless } from '../../../cluster/images.ts'
import type { ClusterNode, Image, Snapshot } from '../../../cluster/model.ts'
import { type FindImageFile, imageFilePath } from '../../../image/image-files.ts'
import type { Finding } from '../../../statelite/finding.ts'
import { renderFinding } from '../../../tables/findings.ts'
import { tableFinding } from '../../findings.ts'

export interface NodeCheck {
  readonly errors: readonly string[]
  readonly warnings: readonly string[]
}

/** The tables as they would be after the change. */
export interface Outlook {
  readonly snapshot: Snapshot
  readonly answers: NodeAnswers
  readonly findFile: FindImageFile
  /** Looked at once per image. */
  readonly onDisk: (image: Image) => ImageOnDisk
}

export interface ImageOnDisk {
  /** Kernel or initrd is missing. */
  readonly errors: readonly string[]
  /** Of the litefile rows it was prepared for; undefined: not prepared; null: the root is not on this server. */
  readonly revision: string | undefined | null
}

export const NO_MAC = 'No MAC address available for this node'
export const NO_IMAGE_NAME = 'OS image name must be specified in nodetype.provmethod'

export const shortHostName = (): string => hostname().split('.', 1)[0] ?? ''

/** @param node as it would be @param arch nodetype.arch as it is now */
export function checkImageBoot(node: ClusterNode, image: Image, arch: string | undefined, outlook: Outlook): NodeCheck {
  const errors = [...checkOwnRow(node, image), ...checkHardware(node, image, arch), ...outlook.onDisk(image).errors]
  if (errors.length === 0) errors.push(...checkPlan(node, image, outlook))
  return { errors, warnings: checkNetboot(node, image) }
}

/** A shell, or switching off, needs kernel and initrd and a way to be asked for them. */
export function checkInitrdBoot(node: ClusterNode, { snapshot, answers, findFile }: Outlook): NodeCheck {
  if (!hasMac(node)) return { errors: [NO_MAC], warnings: [] }
  const file = nodeBootFile('ipxe', node, snapshot, answers, findFile)
  return { errors: file.kind === 'refused' ? file.reasons : [], warnings: [] }
}

function hasMac(node: ClusterNode): boolean {
  return node.ports.some((port) => !port.refused)
}

/** A disabled row is written and does not count. */
function checkOwnRow(node: ClusterNode, image: Image): string[] {
  if (node.imageName === image.name) return []
  return [`nodetype row node=${node.name} is disabled: enable or remove it, then run nodeset again`]
}

function checkHardware(node: ClusterNode, image: Image, arch: string | undefined): string[] {
  const errors = hasMac(node) ? [] : [NO_MAC]
  const osarch = image.osarch
  const supported = (node.attribute('nodetype', 'supportedarchs') ?? '').split(',').map((name) => name.trim())
  const suits = osarch === undefined || arch === undefined || sameArch(arch, osarch)
  if (!suits && !supported.some((name) => name !== '' && sameArch(name, osarch)))
    errors.push("The value of 'arch' attribute of node does not match the 'osarch' attribute of osimage.")
  return errors
}

/** ppc64, ppc64le and ppc64el run on the same machines. */
function sameArch(one: string, other: string): boolean {
  return one === other || (one.startsWith('ppc64') && other.startsWith('ppc64'))
}

export function lookAtImages(): (image: Image) => ImageOnDisk {
  const known = new Map<string, ImageOnDisk>()
  return (image) => {
    let found = known.get(image.name)
    if (!found) {
      found = { errors: checkFiles(image), revision: preparedRevision(image) }
      known.set(image.name, found)
    }
    return found
  }
}

function checkFiles(image: Image): string[] {
  const { rootimgdir } = image
  const host = shortHostName()
  const [tool, initrd] = isStateless(image) ? ['packimage', 'initrd-stateless.gz'] : ['liteimg', 'initrd-statelite.gz']
  const forgot = (what: string, path: string) =>
    `Did you run "genimage" before running "${tool}"? ${what} cannot be found at ${path} on ${host}`
  if (!existsSync(imageFilePath(image, 'kernel'))) return [forgot('kernel', join(rootimgdir, 'kernel'))]
  if (!existsSync(imageFilePath(image, 'initrd')))
    return [forgot(`initrd.gz or ${initrd}`, join(rootimgdir, 'initrd.gz'))]
  return []
}

/** The root of another NFS server cannot be looked at. */
function preparedRevision(image: Image): ImageOnDisk['revision'] {
  const rootimg = join(image.rootimgdir, 'rootimg')
  if (!existsSync(rootimg)) return null
  const file = join(rootimg, '.statelite/revision')
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined
}

function checkPlan(node: ClusterNode, image: Image, { snapshot, answers, onDisk }: Outlook): string[] {
  const compiled = answers.plan(node, snapshot)
  if (compiled.plan === undefined) return renderErrors(compiled.findings)
  const line = answers.kernelLine(node, snapshot)
  if ('findings' in line) return renderErrors(line.findings)
  // The plan has looked for the packed root; its tree is prepared for whoever else runs it.
  return isStateless(image) ? [] : checkPrepared(image, onDisk(image).revision, compiled.plan.image.revision)
}

function renderErrors(findings: readonly Finding[]): string[] {
  return findings.filter(({ severity }) => severity === 'error').map((found) => renderFinding(tableFinding(found)))
}

/** A node refuses a root that was prepared for other litefile rows. */
function checkPrepared(image: Image, prepared: ImageOnDisk['revision'], wanted: string): string[] {
  if (prepared === null || prepared === wanted) return []
  const what =
    prepared === undefined
      ? `${image.rootimgdir}/rootimg is not prepared for statelite`
      : `the litefile rows of ${image.name} have changed since it was prepared`
  return [`${what}: please run "liteimg ${image.name}"`]
}

const GRUB = ['grub2', 'grub2-tftp', 'grub2-http']
const NETBOOTS: readonly (readonly [arch: RegExp, values: readonly string[]])[] = [
  [/^x86_64$/, ['xnba', 'ipxe', 'ipxe-drivers', 'pxe', 'pxelinux', 'pxe-tftp', 'pxe-http', ...GRUB]],
  [/^ppc64/, ['petitboot', ...GRUB]],
  [/^aarch64$/, [...GRUB, 'ipxe', 'ipxe-drivers', 'xnba']],
]

/** Unset is right everywhere: the firmware says what it needs. */
function checkNetboot(node: ClusterNode, image: Image): string[] {
  const valid = NETBOOTS.find(([arch]) => arch.test(image.osarch ?? ''))?.[1]
  if (node.netboot === undefined || valid === undefined || valid.includes(node.netboot)) return []
  return [
    `${node.name}: ${node.netboot} might be invalid when provisioning ${image.name},valid options: "${valid.join(',')}"`,
  ]
}
