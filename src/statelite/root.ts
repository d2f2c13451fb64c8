/** osimage and noderes → where a node's root file system comes from. */
import type { ClusterNode, Image, Snapshot } from '../cluster/model.ts'
import { isOwnAddress, type StateliteContext } from './context.ts'
import { errorFinding, type Finding } from './finding.ts'
import { parseMountOptions, portOptions, readOnlyOptions } from './mount-options.ts'
import { compileRamdiskRoot, type RamdiskRoot } from './packed-root.ts'
import { cleanDirectory, resolveServer } from './servers.ts'

// actimeo=1: an image that is edited in place shows the change within seconds.
const ROOT_DEFAULTS = ['nolock', 'vers=3', 'proto=tcp', 'actimeo=1'] as const

export type Root = NfsRoot | RamdiskRoot

export interface NfsRoot {
  readonly type: 'nfs'
  /** Address literal. */
  readonly server: string
  readonly directory: string
  readonly options: string
  /** What the administrator asked for beyond `ro`: the kernel command line carries it for other root handlers. */
  readonly nfsrootopts: string
}

/**
 * The server of the root: nfsserver, else tftpserver, else xcatmaster, else us. The literal `<xcatmaster>` counts as unset
 * in all of them, so that it can never end up in a boot file.
 */
export function rootServerName(node: ClusterNode): { readonly column: string; readonly name: string } | undefined {
  for (const column of ['nfsserver', 'tftpserver', 'xcatmaster']) {
    const name = node.attribute('noderes', column)?.trim() ?? ''
    if (name !== '' && name !== '<xcatmaster>') return { column, name }
  }
  return undefined
}

export function compileRoot(
  node: ClusterNode,
  image: Image,
  snapshot: Snapshot,
  context: StateliteContext,
): { readonly root?: Root; readonly findings: readonly Finding[] } {
  const imageRow = `osimage row imagename=${image.name}`
  if (image.rootfstype === 'ramdisk') return compileRamdiskRoot(image, context)
  const findings: Finding[] = []
  const server = rootServer(node, snapshot, context)
  if (typeof server !== 'string') findings.push(server)
  const isOwn = typeof server === 'string' && isOwnAddress(server, context)
  const directory = rootDirectory(node, image, isOwn, context)
  if (typeof directory !== 'string') findings.push(directory)
  const nfsrootopts = image.attribute('nfsrootopts')?.trim() ?? ''
  const parsed = parseMountOptions(nfsrootopts)
  const ports = context.nfs !== undefined && isOwn ? portOptions(context.nfs) : []
  const options = 'fault' in parsed ? parsed : readOnlyOptions([...ROOT_DEFAULTS, ...ports], parsed.options)
  if ('fault' in options) findings.push(errorFinding(imageRow, options.fault, 'correct osimage.nfsrootopts'))
  if (typeof server !== 'string' || typeof directory !== 'string' || 'fault' in options || 'fault' in parsed) {
    return { findings }
  }
  const asked = parsed.options.filter((option) => option.toLowerCase() !== 'ro').join(',')
  return { root: { type: 'nfs', server, directory, options: options.options, nfsrootopts: asked }, findings }
}

function rootServer(node: ClusterNode, snapshot: Snapshot, context: StateliteContext): string | Finding {
  const named = rootServerName(node)
  if (named === undefined) return context.serverIp
  const address = resolveServer(named.name, snapshot, context.resolve)
  if (address !== undefined) return address
  const message = `the address of ${named.column} ${named.name} is not known`
  return errorFinding(`${node.name}: noderes row`, message, `write an address, or set hosts.ip for ${named.name}`)
}

/**
 * nfsdir blank: the image's own place; `/x`: the standard place below it; `//x`: exactly `/x/rootimg`. The generation is
 * named, so that a running node keeps its own; what another server has below its own nfsdir is not known here.
 */
function rootDirectory(node: ClusterNode, image: Image, isOwn: boolean, context: StateliteContext): string | Finding {
  const nfsdir = node.attribute('noderes', 'nfsdir')?.trim() ?? ''
  const where = `${node.name}: noderes row`
  const text = nfsdir === '' ? image.rootimgdir : nfsdir.startsWith('//') ? nfsdir : standardPlace(nfsdir, image)
  if (text === undefined) {
    const message = `nfsdir ${nfsdir} needs osvers, osarch and profile of image ${image.name}`
    return errorFinding(where, message, 'set them in the osimage row, or write nfsdir with two leading slashes')
  }
  const directory = cleanDirectory(`${text}/rootimg`)
  if (typeof directory === 'string') {
    const place = nfsdir === '' || isOwn ? directory.slice(0, -'/rootimg'.length) : undefined
    return (place !== undefined && context.generationOf?.(place)?.rootimg) || directory
  }
  return nfsdir === ''
    ? errorFinding(`linuximage row imagename=${image.name}`, directory.fault, 'correct linuximage.rootimgdir')
    : errorFinding(where, directory.fault, 'correct noderes.nfsdir')
}

function standardPlace(nfsdir: string, image: Image): string | undefined {
  const { osvers, osarch, profile } = image
  if (osvers === undefined || osarch === undefined || profile === undefined) return undefined
  return `${nfsdir}/netboot/${osvers}/${osarch}/${profile}`
}
