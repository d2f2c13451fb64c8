/** What each node has mounted, kept in one small file: a server that starts again must not forget its running nodes. */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import type { MountedExports, NodeDirectory } from './exports.ts'

/** The newest so many per node: a root, a persistent directory, trees, of this boot and some before. */
const KEPT_PER_NODE = 32

/** @throws when the file is there and cannot be read: starting without it would cut off running nodes. */
export function openMounted(file: string): MountedExports {
  const nodes = new Map<string, NodeDirectory[]>(readFile(file))

  function save(): void {
    mkdirSync(dirname(file), { recursive: true })
    // On disk before it counts: an empty file after a power cut would keep the server from starting.
    const descriptor = openSync(`${file}.new`, 'w', 0o600)
    try {
      writeSync(descriptor, `${JSON.stringify(Object.fromEntries(nodes), null, 1)}\n`)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(`${file}.new`, file)
  }

  return {
    of: (node) => nodes.get(node) ?? [],
    nodes: () => nodes.keys(),
    add(node, directory) {
      const known = nodes.get(node) ?? []
      const last = known.at(-1)
      if (last?.path === directory.path && last.access === directory.access) return
      const others = known.filter((other) => other.path !== directory.path)
      const unchanged =
        others.length < known.length && known.some((o) => o.path === directory.path && o.access === directory.access)
      nodes.set(node, [...others, directory].slice(-KEPT_PER_NODE))
      // Only the order changed: not worth a write at every mount of every boot.
      if (!unchanged) save()
    },
  }
}

function readFile(file: string): [string, NodeDirectory[]][] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
  try {
    return Object.entries(JSON.parse(text) as Record<string, NodeDirectory[]>)
  } catch {
    throw new Error(`${file} is damaged: remove it (running nodes must then be rebooted), or restore it from a backup`)
  }
}
