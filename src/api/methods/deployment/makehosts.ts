/** makehosts: the nodes in the hosts file of the server. */
import { copyFileSync, existsSync, realpathSync, statSync } from 'node:fs'
import type { ClusterNode, Ipv4, Snapshot } from '../../../cluster/model.ts'
import { parseOtherInterfaces } from '../../../cluster/ports.ts'
import { OperatorError } from '../../errors.ts'
import { commandResult } from '../../protocol.ts'
import type { Method } from '../context.ts'
import { expandKnown } from '../per-node.ts'
import { overwriteFile, readIfThere, replaceFile } from './file-write.ts'
import { type HostEntry, type HostsChange, hostEntry, keepOwnLines, putEntries, removeEntries } from './hosts-text.ts'

const HOSTS_FILE = '/etc/hosts'

export const makehosts: Method<'hosts.make'> = async (context, params) => {
  const { noderange, file = HOSTS_FILE, fresh, remove, longNames } = params
  if (fresh && remove) throw new OperatorError('LB_USAGE', "The flags '-n' and '-d' cannot be used together.")
  if (remove && noderange === undefined) throw new OperatorError('LB_USAGE', '-d needs a noderange')
  const names = noderange === undefined ? undefined : expandKnown(context.store, noderange)
  const { snapshot } = await context.compiled()
  const nodes = (names ?? snapshot.nodeNames).flatMap((name) => snapshot.node(name) ?? [])
  const { entries, without, doubles } = entriesOf(nodes, snapshot)
  const longFirst = longNames === true || /^(1|yes|y|enable)$/i.test(snapshot.site.get('FQDNfirst') ?? '')
  // From here to the end nothing may come in between: the file is read, changed and written in one go.
  const old = onDisk(file, () => readIfThere(file)) ?? ''
  const base = fresh ? keepOwnLines(old) : old
  const change = remove ? removeEntries(base, entries) : putEntries(base, entries, longFirst)
  const isSame = change.text === old
  if (!isSame && !context.dryRun) onDisk(file, () => writeHosts(file, change.text))
  return commandResult(
    context.dryRun ? [`${file}: ${isSame ? 'would stay as it is' : renderCounts(change)}`] : [],
    {
      file,
      written: !isSame && !context.dryRun,
      lines: counts(change),
      conflicts: change.conflicts,
      withoutAddress: without,
    },
    [
      ...(remove ? [] : renderWithout(without)),
      ...doubles,
      ...change.conflicts.map((text) => `Warning: ${file} ${text}`),
    ],
    doubles.length > 0 ? 1 : 0,
  )
}

function entriesOf(
  nodes: readonly ClusterNode[],
  snapshot: Snapshot,
): { readonly entries: HostEntry[]; readonly without: string[]; readonly doubles: string[] } {
  const owners = new Map<string, HostEntry>()
  const without: string[] = []
  const doubles: string[] = []
  const add = (entry: HostEntry) => {
    const owner = owners.get(entry.ip)
    if (owner === undefined) owners.set(entry.ip, entry)
    else if (owner.name !== entry.name)
      doubles.push(`${entry.name}: Error: ${entry.ip} is the address of ${owner.name} already: no line was written`)
  }
  for (const node of nodes) {
    if (node.ip === undefined) without.push(node.name)
    else add(hostEntry(node.ip, node.name, domainOf(node.ip, snapshot), node.attribute('hosts', 'hostnames') ?? ''))
    for (const [name, ip] of parseOtherInterfaces(node.name, node.attribute('hosts', 'otherinterfaces') ?? ''))
      add(hostEntry(ip, name, domainOf(ip, snapshot), ''))
  }
  return { entries: [...owners.values()], without, doubles }
}

function domainOf(ip: Ipv4, snapshot: Snapshot): string | undefined {
  return snapshot.networkOf(ip)?.domain ?? snapshot.site.domain
}

function counts({ added, changed, removed }: HostsChange): Pick<HostsChange, 'added' | 'changed' | 'removed'> {
  return { added, changed, removed }
}

function renderCounts({ added, changed, removed }: HostsChange): string {
  return `${added} lines would be added, ${changed} changed, ${removed} removed`
}

function renderWithout(names: readonly string[]): string[] {
  if (names.length === 0) return []
  const shown = names.length > 10 ? `${names.slice(0, 10).join(',')},… (${names.length} in all)` : names.join(',')
  return [`Warning: without an address (hosts.ip), and so without a line: ${shown}`]
}

/** The old file stays beside it, as xCAT keeps it. */
function writeHosts(file: string, text: string): void {
  if (!existsSync(file)) {
    replaceFile(file, text, true)
    return
  }
  const real = realpathSync(file)
  const { mode } = statSync(real)
  copyFileSync(real, `${file}.xcatbak`)
  try {
    replaceFile(real, text, true)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // EBUSY: a mount point (containers). EROFS, EACCES: the directory cannot be written, the file perhaps can.
    if ((code !== 'EBUSY' && code !== 'EROFS' && code !== 'EACCES') || (mode & 0o200) === 0) throw error
    overwriteFile(real, text)
  }
}

/** @throws OperatorError LB_FILE */
function onDisk<T>(path: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    throw new OperatorError('LB_FILE', `${path}: ${error instanceof Error ? error.message : String(error)}`)
  }
}
