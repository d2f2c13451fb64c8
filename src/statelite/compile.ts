/** All that the statelite tables say about one node: the plan, `lslite` and the kernel command line are made from it. */
import { isStateless } from '../cluster/images.ts'
import type { ClusterNode, Image, LitefileRow, Snapshot } from '../cluster/model.ts'
import type { StateliteContext } from './context.ts'
import { type Entry, selectEntries } from './entries.ts'
import { errorFinding, type Finding, hasErrors } from './finding.ts'
import { compileTrees, type Tree } from './litetree.ts'
import { checkLocalEntries, compileLocalDisk, type LocalDisk } from './local-disk.ts'
import { checkEntries } from './matrix.ts'
import { checkPersistentEntries, compilePersistent, type Persistent } from './persistent.ts'
import { entriesRevision } from './revision.ts'
import { compileRoot, type Root } from './root.ts'

export interface NodeStatelite {
  readonly node: ClusterNode
  readonly image: Image
  readonly entries: readonly Entry[]
  /** Digest of the entries. */
  readonly revision: string
  readonly trees: readonly Tree[]
  /** Absent when there is no usable statelite row. */
  readonly persistent?: Persistent
  /** Absent when the image has no partition file, or one that is not enabled or wrong. */
  readonly localDisk?: LocalDisk
  /** Absent when the root cannot be worked out; a finding says why. */
  readonly root?: Root
  readonly findings: readonly Finding[]
}

/** The node's image, or why it has none. */
export function imageOf(node: ClusterNode, snapshot: Snapshot): Image | Finding {
  const advice = `nodeset ${node.name} osimage=<image>`
  if (node.imageName === undefined)
    return errorFinding(`${node.name}: nodetype row`, 'no image (provmethod is blank)', advice)
  if (['install', 'netboot', 'statelite'].includes(node.imageName)) {
    return errorFinding(`${node.name}: nodetype row`, `provmethod ${node.imageName} is not an image name`, advice)
  }
  const image = snapshot.images.get(node.imageName)
  if (image === undefined) {
    return errorFinding(
      `${node.name}: nodetype row`,
      `provmethod names image ${node.imageName}, which is not defined`,
      advice,
    )
  }
  if (image.provmethod !== undefined && !isStateless(image) && !image.provmethod.includes('statelite')) {
    const message = `image ${image.name} is for ${image.provmethod}, not statelite or netboot`
    return errorFinding(`osimage row imagename=${image.name}`, message, 'set osimage.provmethod=statelite')
  }
  return image
}

export interface CheckedEntries {
  readonly entries: readonly Entry[]
  readonly revision: string
  readonly findings: readonly Finding[]
}

const remembered = new WeakMap<Image, { readonly rows: readonly LitefileRow[]; readonly checked: CheckedEntries }>()

/** The entries of an image with every check passed over them. Thousands of nodes share an image: worked out once for all. */
export function checkedEntriesOf(image: Image, rows: readonly LitefileRow[]): CheckedEntries {
  const known = remembered.get(image)
  if (known?.rows === rows) return known.checked
  const { entries, findings } = isStateless(image) ? { entries: [], findings: [] } : selectEntries(image, rows)
  const checked: CheckedEntries = {
    entries,
    revision: entriesRevision(entries),
    findings: [...findings, ...checkEntries(entries)],
  }
  remembered.set(image, { rows, checked })
  return checked
}

/** Everything is compiled as far as it goes, so that one look shows all faults and not only the first. */
export function compileStatelite(
  node: ClusterNode,
  snapshot: Snapshot,
  context: StateliteContext,
): NodeStatelite | { readonly image?: never; readonly findings: readonly Finding[] } {
  const image = imageOf(node, snapshot)
  if ('severity' in image) return { findings: [image] }
  const checked = checkedEntriesOf(image, snapshot.litefile)
  // A stateless node has all it needs in its packed root.
  const lite = !isStateless(image)
  const { trees, findings: treeFindings } = lite
    ? compileTrees(node, image, snapshot, context)
    : { trees: [], findings: [] }
  const { persistent, findings: persistentFindings } = lite
    ? compilePersistent(node, snapshot, context)
    : { persistent: undefined, findings: [] }
  const { localDisk, findings: diskFindings } = compileLocalDisk(node, image, context)
  const isFileUsable = !hasErrors(diskFindings)
  const { root, findings: rootFindings } = compileRoot(node, image, snapshot, context)
  const missing = persistent === undefined && persistentFindings.length === 0
  return {
    node,
    image,
    entries: checked.entries,
    revision: checked.revision,
    trees,
    ...(persistent === undefined ? {} : { persistent }),
    ...(localDisk === undefined ? {} : { localDisk }),
    ...(root === undefined ? {} : { root }),
    findings: [
      ...checked.findings,
      ...rootFindings,
      ...persistentFindings,
      ...(missing ? checkPersistentEntries(node, checked.entries) : []),
      ...diskFindings,
      // A file that is wrong has been said already.
      ...(isFileUsable ? checkLocalEntries(image, checked.entries, localDisk) : []),
      ...treeFindings,
    ],
  }
}
