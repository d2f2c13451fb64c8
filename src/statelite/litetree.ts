/** litetree rows → the directories that are searched for the content of a node's entries, best first. */
import type { ClusterNode, LitetreeRow, Snapshot } from '../cluster/model.ts'
import { isOwnAddress, type StateliteContext, substituteForNode } from './context.ts'
import { type ImageSelector, rowStrength } from './entries.ts'
import { errorFinding, type Finding, warningFinding } from './finding.ts'
import { hasOption, parseMountOptions, portOptions, readOnlyOptions } from './mount-options.ts'
import { parseServerPath, resolveServer } from './servers.ts'

const TREE_DEFAULTS = ['nolock', 'vers=3', 'proto=tcp'] as const

export interface Tree {
  readonly priority: number
  /** Address literal; undefined: a directory inside the node's root. */
  readonly server: string | undefined
  readonly directory: string
  /** Options to mount with; empty for a directory inside the root. */
  readonly options: string
  /** The boot stops when it cannot be mounted. */
  readonly required: boolean
  /** `server:directory` after substitution, the server as the administrator calls it. */
  readonly shown: string
  readonly row: LitetreeRow
}

export function litetreeRowName(row: LitetreeRow): string {
  return `litetree row priority=${row.priority}`
}

/** The rows that speak for the image, by rising priority number. A number is the key; should two rows share it, the stronger image wins. */
export function selectTreeRows(image: ImageSelector, rows: readonly LitetreeRow[]): LitetreeRow[] {
  const best = new Map<number, { row: LitetreeRow; strength: number }>()
  for (const row of rows) {
    const strength = rowStrength(row.image, image)
    if (strength === undefined) continue
    const other = best.get(row.priority)
    if (other === undefined || strength < other.strength) best.set(row.priority, { row, strength })
  }
  return [...best.values()].map(({ row }) => row).sort((a, b) => a.priority - b.priority)
}

export function compileTrees(
  node: ClusterNode,
  image: ImageSelector,
  snapshot: Snapshot,
  context: StateliteContext,
): { readonly trees: readonly Tree[]; readonly findings: readonly Finding[] } {
  const trees: Tree[] = []
  const findings: Finding[] = []
  for (const row of selectTreeRows(image, snapshot.litetree)) {
    const compiled = compileTree(row, node, snapshot, context)
    findings.push(...compiled.findings)
    if (compiled.tree !== undefined) trees.push(compiled.tree)
  }
  return { trees, findings }
}

function compileTree(
  row: LitetreeRow,
  node: ClusterNode,
  snapshot: Snapshot,
  context: StateliteContext,
): { readonly tree?: Tree; readonly findings: readonly Finding[] } {
  const where = `${node.name}: ${litetreeRowName(row)}`
  const fault = (message: string, advice: string) => ({ findings: [errorFinding(where, message, advice)] })
  const text = substituteForNode(row.directory, node, snapshot, context)
  if ('fault' in text) return fault(text.fault, 'correct litetree.directory, or set the attribute for the node')
  const place = parseServerPath(text.value)
  if ('fault' in place) return fault(place.fault, 'correct litetree.directory')
  // xCAT joins mntopts to the directory with a colon and splits again, which mangles local directories.
  const cell = parseMountOptions(row.mntopts)
  if ('fault' in cell) return fault(cell.fault, 'correct litetree.mntopts')
  const required = hasOption(cell.options, 'required')
  const wanted = cell.options.filter((option) => option.toLowerCase() !== 'required')
  const common = { priority: row.priority, directory: place.path, required, row }
  if (place.server === undefined) {
    const findings =
      wanted.length === 0
        ? []
        : [
            warningFinding(
              where,
              `mntopts ${wanted.join(',')} mean nothing for a directory inside the root`,
              'blank them',
            ),
          ]
    return { tree: { ...common, server: undefined, options: '', shown: place.path }, findings }
  }
  const server = resolveServer(place.server, snapshot, context.resolve)
  if (server === undefined) {
    return fault(
      `the address of server ${place.server} is not known`,
      `write an address, or set hosts.ip for ${place.server}`,
    )
  }
  const ports = context.nfs !== undefined && isOwnAddress(server, context) ? portOptions(context.nfs) : []
  const options = readOnlyOptions([...TREE_DEFAULTS, ...ports], wanted)
  if ('fault' in options) return fault(options.fault, 'remove it from litetree.mntopts')
  const shown = `${place.server.includes(':') ? `[${place.server}]` : place.server}:${place.path}`
  return { tree: { ...common, server, options: options.options, shown }, findings: [] }
}
