/** Whether the root of a node fits into its memory. */
import type { ClusterNode, Image } from '../../../cluster/model.ts'
import { memoryBytes } from '../../../image/pack/record.ts'
import type { Plan } from '../../../statelite/plan.ts'
import { cell, enabledRows, type TablesView } from '../../../tables/row.ts'
import type { CheckReport } from './report.ts'

/** What the initrd leaves for itself and the kernel (initrd-scripts/steps/memory.sh). */
const MEMORY_RESERVE_MIB = 64
/** The largest tmpfs it makes for a root unless rootlimit= names another. */
const MOST_OF_MEMORY = 0.9

/** Only where the memory is known: as the machine itself said it, or as it is defined. */
export function checkMemory(
  node: ClusterNode,
  image: Image | undefined,
  root: Plan['root'] | undefined,
  memory: ReadonlyMap<string, number>,
  report: CheckReport,
): void {
  const has = memory.get(node.name) ?? mebibytesOf(node.attribute('vm', 'memory') ?? '')
  if (root?.type !== 'ramdisk' || has === undefined) return
  const needs = Math.ceil(memoryBytes(root) / 1024 / 1024)
  const bound = root.format === 'squashfs' || hasOwnBound(node, image) ? has : has * MOST_OF_MEMORY
  if (needs + MEMORY_RESERVE_MIB <= has && needs <= bound) return
  const message = `its root takes ${needs} MiB of memory, and it has ${has} MiB`
  const advice = 'leave more out (exlist), pack as squashfs, or use rootfstype=nfs'
  report.add('error', 'no-memory', `image ${node.imageName}`, message, advice, node)
}

function hasOwnBound(node: ClusterNode, image: Image | undefined): boolean {
  const lines = [node.attribute('bootparams', 'addkcmdline'), image?.attribute('addkcmdline')]
  return lines.some((line) => line?.includes('rootlimit=') === true)
}

/** MiB, of machines that were discovered. */
export function knownMemory(view: TablesView): Map<string, number> {
  const found = new Map<string, number>()
  for (const row of enabledRows(view, 'discoverydata')) {
    const mebibytes = mebibytesOf(cell(row, 'memory'))
    if (mebibytes !== undefined && cell(row, 'node') !== '') found.set(cell(row, 'node'), mebibytes)
  }
  return found
}

/** `4096`, `4096MB`, `4g`. */
function mebibytesOf(text: string): number | undefined {
  const [, number, unit = 'm'] = /^(\d+)\s*([kmgt])?i?b?$/i.exec(text.trim()) ?? []
  const size = Number(number) * ({ k: 1 / 1024, m: 1, g: 1024, t: 1024 * 1024 }[unit.toLowerCase()] ?? 1)
  return size > 0 ? Math.floor(size) : undefined
}
