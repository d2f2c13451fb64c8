/** What is to be checked: everything, or the nodes and images that were named. */
import type { Image, ImageName, NodeName, Snapshot } from '../../../cluster/model.ts'
import { groupNames, isNode } from '../../../tables/groups.ts'
import type { TablesView } from '../../../tables/row.ts'
import { OperatorError } from '../../errors.ts'
import { expandKnown } from '../per-node.ts'

export interface Subject {
  /** Nothing was named. */
  readonly isWhole: boolean
  /** The word `dhcp`, when nothing else is called so: look for other servers. */
  readonly rivals: boolean
  readonly nodes: readonly NodeName[]
  /** Named, or run by the nodes. */
  readonly images: readonly Image[]
  /** Names of nodes and of their groups: node tables' rows about them. */
  readonly nodeKeys: ReadonlySet<string>
  /** Images and their groups: rows of litefile and the like. */
  readonly imageKeys: ReadonlySet<string>
}

/** @throws OperatorError LB_NO_NODE for what is neither */
export function compileSubject(targets: readonly string[], view: TablesView, snapshot: Snapshot): Subject {
  const isWhole = targets.length === 0
  const isImage = (target: string) => snapshot.images.has(target as ImageName)
  const isTaken = isImage('dhcp') || isNode(view, 'dhcp') || groupNames(view).includes('dhcp')
  const named = targets.filter(isImage)
  const ranges = targets.filter((target) => !isImage(target) && (target !== 'dhcp' || isTaken))
  const nodes = isWhole ? snapshot.nodeNames : (expandTargets(view, ranges, snapshot) as NodeName[])
  const images = new Set<Image>()
  for (const name of named) addImage(images, snapshot, name)
  for (const name of nodes) addImage(images, snapshot, snapshot.node(name)?.imageName ?? '')
  if (isWhole) for (const image of snapshot.images.values()) images.add(image)
  const nodeKeys = new Set(nodes.flatMap((name) => [name, ...(snapshot.node(name)?.groups ?? [])]))
  const imageKeys = new Set([...images].flatMap(({ name, groups }) => [name, ...groups, 'ALL', '']))
  const rivals = !isTaken && targets.includes('dhcp')
  return { isWhole, rivals, nodes, images: [...images], nodeKeys, imageKeys }
}

function addImage(images: Set<Image>, snapshot: Snapshot, name: string): void {
  const image = snapshot.images.get(name as ImageName)
  if (image !== undefined) images.add(image)
}

function expandTargets(view: TablesView, ranges: readonly string[], snapshot: Snapshot): readonly string[] {
  if (ranges.length === 0) return []
  try {
    return expandKnown(view, ranges.join(','))
  } catch (error) {
    if (!(error instanceof OperatorError) || error.code !== 'LB_NO_NODE') throw error
    const images = [...snapshot.images.keys()].join(' ')
    throw new OperatorError('LB_NO_NODE', `${error.message}\n       The images are: ${images === '' ? 'none' : images}`)
  }
}

/** The row as findings write it: `node=cn01`, `image=ALL,file=/etc/motd`. */
export function isAbout({ isWhole, nodeKeys, imageKeys }: Subject, table: string, row: string): boolean {
  if (isWhole) return true
  const values = new Map(row.split(',').map((part) => part.split('=', 2) as [string, string]))
  const node = values.get('node')
  if (node !== undefined) return nodeKeys.has(node)
  if (table === 'osimage' || table === 'linuximage') return imageKeys.has(values.get('imagename') ?? '')
  if (table === 'litefile') return imageKeys.has(values.get('image') ?? '')
  return ['site', 'networks', 'litetree'].includes(table)
}
