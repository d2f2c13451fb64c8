/** The table that `image ls` prints. */
export interface ListedGeneration {
  readonly image: string
  readonly generation: number
  readonly current: boolean
  readonly madeAt: string
  readonly by: string
  readonly reason: string
  readonly size: { readonly bytes: number; readonly ownBytes: number } | null
  /** Of a node, when the root is in memory: of all of it, or of a squashfs without what is written over it. */
  readonly memory: number | null
  readonly nodes: readonly { readonly node: string; readonly connected: boolean }[]
}

/** Names of so many nodes are shown; --json has all. */
const NAMES_SHOWN = 4

export function renderGenerations(listed: readonly ListedGeneration[]): string[] {
  if (listed.length === 0) return []
  const hasSizes = listed.some(({ size }) => size !== null)
  const hasMemory = listed.some(({ memory }) => memory !== null)
  const rows = [
    [
      'IMAGE',
      'GENERATION',
      'MADE',
      ...(hasSizes ? ['SIZE', 'OWN'] : []),
      ...(hasMemory ? ['MEMORY'] : []),
      'NODES',
      'WHAT',
    ],
    ...listed.map((item) => [
      item.image,
      `${item.generation}${item.current ? ' (current)' : ''}`,
      renderTime(item.madeAt),
      ...(hasSizes ? [renderSize(item.size?.bytes), renderSize(item.size?.ownBytes)] : []),
      ...(hasMemory ? [renderSize(item.memory ?? undefined)] : []),
      renderNodes(item),
      // Makers usually begin with their own name.
      item.reason.startsWith(item.by) ? item.reason : `${item.by}: ${item.reason}`,
    ]),
  ]
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  return rows.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

function renderNodes({ nodes, current }: ListedGeneration): string {
  if (nodes.length === 0) return '-'
  const names = nodes.map(({ node, connected }) => (connected ? node : `(${node})`))
  const more = names.length > NAMES_SHOWN ? ` … ${names.length} in all` : ''
  return `${names.slice(0, NAMES_SHOWN).join(' ')}${more}${current ? '' : ' stale'}`
}

/** `2026-11-22 20:10`, local time. */
function renderTime(iso: string): string {
  const date = new Date(iso)
  if (Number.isNaN(date.getTime())) return '-'
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`
}

function renderSize(bytes: number | undefined): string {
  if (bytes === undefined) return '-'
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let [value, unit] = [bytes, 0]
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}
