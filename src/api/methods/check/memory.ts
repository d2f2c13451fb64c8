/** Whether the root of a node fits into its memory. */
import type { ClusterNode } from '../../../cluster/model.ts'
import type { Plan } from '../../../statelite/plan.ts'
import { cell, enabledRows, type TablesView } from '../../../tables/row.ts'
import type { CheckReport } from './report.ts'

/** What the initrd leaves for itself and the kernel (initrd-scripts/steps/packed.sh). */
const MEMORY_RESERVE_MIB = 64

/** Only where the memory is known: as the machine itself said it, or as it is defined. */
export function checkMemory(
  node: ClusterNode,
  root: Plan['root'] | undefined,
  memory: ReadonlyMap<string, number>,
  report: CheckReport,
): void {
  const has = memory.get(node.name) ?? mebibytesOf(node.attribute('vm', 'memory') ?? '')
  if (root?.type !== 'ramdisk' || has === undefined) return
  const needs = Math.ceil((root.format === 'squashfs' ? root.sizeBytes : root.unpackedBytes) / 1024 / 1024)
  if (needs + MEMORY_RESERVE_MIB <= has) return
  const message = `its root takes ${needs} MiB of memory, and it has ${has} MiB`
  const advice = 'leave more out (exlist), pack as squashfs, or use rootfstype=nfs'
  report.add('error', 'no-memory', `image ${node.imageName}`, message, advice, node)
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
