/** statelite.statemnt → the node's own persistent directory. */
import type { ClusterNode, Snapshot } from '../cluster/model.ts'
import { isOwnAddress, type StateliteContext, substituteForNode } from './context.ts'
import type { Entry } from './entries.ts'
import { litefileRowName } from './entries.ts'
import { errorFinding, type Finding } from './finding.ts'
import { hasOption, mergeMountOptions, parseMountOptions, portOptions } from './mount-options.ts'
import { isPersistentOption } from './options.ts'
import { parseServerPath, resolveServer } from './servers.ts'

const PERSISTENT_DEFAULTS = ['rw', 'hard', 'nolock', 'vers=3', 'proto=tcp'] as const

export interface Persistent {
  /** Address literal. */
  readonly server: string
  /** Ends in the node's name: no two nodes share one. */
  readonly directory: string
  readonly options: string
  /** `server:path` after substitution, without the node's name: what STATEMNT= and lslite show. */
  readonly statemnt: string
  /** statelite.mntopts as written: what MNTOPTS= shows. */
  readonly mntopts: string
}

/** Names that can stand as one component of a path, and in a URL or a kernel argument, without further thought. */
export function isPlainName(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name) && name.length <= 253
}

/** undefined without findings: no statelite row for this node (its own or a group's). */
export function compilePersistent(
  node: ClusterNode,
  snapshot: Snapshot,
  context: StateliteContext,
): { readonly persistent?: Persistent; readonly findings: readonly Finding[] } {
  const cell = node.attribute('statelite', 'statemnt')?.trim() ?? ''
  if (cell === '') return { findings: [] }
  const where = `${node.name}: statelite row`
  const fault = (message: string, advice: string) => ({ findings: [errorFinding(where, message, advice)] })
  const text = substituteForNode(cell, node, snapshot, context)
  if ('fault' in text) return fault(text.fault, 'correct statelite.statemnt, or set the attribute for the node')
  const place = parseServerPath(text.value)
  if ('fault' in place) return fault(place.fault, 'correct statelite.statemnt')
  if (place.server === undefined) {
    return fault(`statemnt ${place.path} names no server`, 'write statelite.statemnt=<server>:<directory>')
  }
  if (place.path === '/') return fault('statemnt is the root of the server', 'name a directory')
  if (!isPlainName(node.name)) {
    return fault(`node name ${JSON.stringify(node.name)} cannot be a directory name`, 'use letters, digits, . _ and -')
  }
  const server = resolveServer(place.server, snapshot, context.resolve)
  if (server === undefined) {
    return fault(
      `the address of server ${place.server} is not known`,
      `write an address, or set hosts.ip for ${place.server}`,
    )
  }
  const mntopts = node.attribute('statelite', 'mntopts')?.trim() ?? ''
  const parsed = parseMountOptions(mntopts)
  if ('fault' in parsed) return fault(parsed.fault, 'correct statelite.mntopts')
  if (hasOption(parsed.options, 'ro'))
    return fault('option ro: persistent paths must be writable', 'remove ro from statelite.mntopts')
  const ports = context.nfs !== undefined && isOwnAddress(server, context) ? portOptions(context.nfs) : []
  const options = mergeMountOptions([...PERSISTENT_DEFAULTS, ...ports], parsed.options)
  const shownServer = place.server.includes(':') ? `[${place.server}]` : place.server
  return {
    persistent: {
      server,
      directory: `${place.path}/${node.name}`,
      options,
      statemnt: `${shownServer}:${place.path}`,
      mntopts: parsed.options.join(','),
    },
    findings: [],
  }
}

/** A persistent entry with nowhere to persist: xCAT makes it volatile without a word. */
export function checkPersistentEntries(node: ClusterNode, entries: readonly Entry[]): Finding[] {
  const persistent = entries.filter((entry) => isPersistentOption(entry.option))
  if (persistent.length === 0) return []
  const rows = persistent.map((entry) => litefileRowName(entry.row)).join('; ')
  const message = `no statelite row for ${node.name}: it has persistent entries (${rows})`
  const advice = `add one with chtab node=${node.name} statelite.statemnt=<server>:<directory>`
  return [errorFinding(`${node.name}: statelite`, message, advice)]
}
