/** Where each word of a node's kernel command line comes from (docs/reference/kernel-command-line.md). */
import type { ClusterNode, Image } from '../../../cluster/model.ts'
import { rootServerName } from '../../../statelite/root.ts'
import { explainColumn } from '../../../tables/explain.ts'
import { renderSource } from '../../../tables/explain-text.ts'
import type { ObjectsContext } from '../../../tables/objects.ts'
import { findingLine, tableFinding } from '../../findings.ts'
import type { Compiled } from '../context.ts'
import type { NodeResult } from '../per-node.ts'

interface Place {
  readonly objects: ObjectsContext
  readonly node: ClusterNode
  readonly image: Image
}

export function explainKernelLine(
  objects: ObjectsContext,
  node: ClusterNode,
  { snapshot, answers }: Compiled,
): NodeResult {
  const line = answers.kernelLine(node, snapshot)
  const image = node.imageName === undefined ? undefined : snapshot.images.get(node.imageName)
  if ('findings' in line || !image) {
    const findings = 'findings' in line ? line.findings : []
    return { output: [], errors: findings.map((finding) => findingLine(tableFinding(finding), node.name)) }
  }
  const place = { objects, node, image }
  const words = line.value.commandLine.split(' ').map((word) => ({ word, reasons: reasonsOf(word, place) }))
  return {
    output: [
      `${node.name}: kernel command line`,
      ...words.flatMap(({ word, reasons }) => [`    ${word}`, ...reasons.map((reason) => `        ${reason}`)]),
    ],
    errors: [],
    data: { node: node.name, attribute: 'kcmdline', value: line.value.commandLine, words },
  }
}

function reasonsOf(word: string, place: Place): string[] {
  const name = word.includes('=') ? word.slice(0, word.indexOf('=')) : word
  const added = addedBy(word, place)
  if (added) return added
  const reasons = REASONS[name]
  return reasons ? reasons(place, word) : ['written by the server']
}

const REASONS: Readonly<Record<string, (place: Place, word: string) => string[]>> = {
  root: rootReasons,
  STATEMNT: (place) => column(place, 'statelite', 'statemnt'),
  MNTOPTS: (place) => column(place, 'statelite', 'mntopts'),
  'liteboot.plan': (place) => ['URL of the plan, on the server of the node', ...column(place, 'noderes', 'xcatmaster')],
  NODE: () => ['name of the node'],
  nonodestatus: () => ['site row key=nodestatus: reports are off'],
  XCATHTTPPORT: () => ['site row key=httpport, or where HTTP listens'],
  selinux: ({ image }) => [`osimage row imagename=${image.name}, osvers: ${image.osvers ?? ''}`],
  netdev: bootInterface,
  BOOTIF: bootInterface,
  console: (place) => [...column(place, 'nodehm', 'serialport'), ...column(place, 'nodehm', 'serialspeed')],
}

function rootReasons(place: Place): string[] {
  const named = rootServerName(place.node)
  const server = named
    ? column(place, 'noderes', named.column)
    : ['server: this one (nfsserver, tftpserver and xcatmaster are not set)']
  const nfsdir = place.node.attribute('noderes', 'nfsdir')
  const { image } = place
  const directory = nfsdir
    ? column(place, 'noderes', 'nfsdir')
    : [
        image.attribute('rootimgdir')
          ? `linuximage row imagename=${image.name}, rootimgdir: ${image.attribute('rootimgdir')}`
          : `rootimgdir of image ${image.name}, by default: ${image.rootimgdir}`,
      ]
  const options = image.attribute('nfsrootopts')
  return [
    ...server,
    ...directory,
    ...(options ? [`osimage row imagename=${image.name}, nfsrootopts: ${options}`] : []),
    ...column(place, 'nodetype', 'provmethod'),
  ]
}

function bootInterface(place: Place): string[] {
  for (const name of ['installnic', 'primarynic']) {
    const value = place.node.attribute('noderes', name)?.trim() ?? ''
    if (value !== '' && value !== 'mac') return column(place, 'noderes', name)
  }
  const fallback = place.image.attribute('nodebootif')
  if (fallback) return [`linuximage row imagename=${place.image.name}, nodebootif: ${fallback}`]
  return column(place, 'mac', 'mac')
}

/** Of addkcmdline: of the node, then of the image. References to attributes are already replaced. */
function addedBy(word: string, place: Place): string[] | undefined {
  const { node, image } = place
  const has = (text: string | undefined) =>
    (text ?? '').split(' ').some((each) => each === word || isTemplateOf(each, word))
  if (has(node.attribute('bootparams', 'addkcmdline'))) return column(place, 'bootparams', 'addkcmdline')
  if (has(image.attribute('addkcmdline')))
    return [`linuximage row imagename=${image.name}, addkcmdline: ${image.attribute('addkcmdline')}`]
  return undefined
}

/** `ip=#TABLE:hosts:$NODE:ip#` and `ip=10.0.0.1`: the same up to the reference. */
function isTemplateOf(written: string, word: string): boolean {
  const at = written.search(/#(?:NODEATTRIB|TABLE):/)
  return at > 0 && word.startsWith(written.slice(0, at))
}

function column({ objects, node }: Place, table: string, name: string): string[] {
  const { sources } = explainColumn(objects, node.name, table, name)
  return sources.length === 0 ? [`${table}.${name} is not set`] : sources.map(renderSource)
}
