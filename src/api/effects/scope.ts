/**
 * Which nodes an edit can bear on at all. Never too few: what cannot be told from the rows alone counts as every node,
 * and comparing their answers shows that nothing has changed.
 */
import type { Snapshot } from '../../cluster/model.ts'
import type { RowChange } from '../../store/store.ts'
import { staticGroups } from '../../tables/groups.ts'
import { cell, type Row, type TablesView } from '../../tables/row.ts'
import { TABLES } from '../../tables/schema.ts'

export interface Tables {
  readonly view: TablesView
  readonly snapshot: Snapshot
}

/** Settings that answers are made of; any other counts only where a row names it as `$site.key`. */
const SITE_KEYS = new Set(
  (
    'master domain installdir tftpdir httpport dhcplease nfsrootlease proxydhcp nameservers ntpservers nodestatus ' +
    'hierarchicalattrs clusterid'
  ).split(' '),
)

const ADDRESS_TABLES = new Set(['nodelist', 'hosts', 'mac'])

/** Tables with cells that name servers: by a node's name, and through variables by a setting. */
const SERVER_TABLES = ['noderes', 'statelite', 'litetree', 'networks', 'site']
/** Columns that name no server, but a node or anything at all. */
const OTHER_COLUMNS = new Set(['node', 'key', 'comments', 'disable'])

export function affectedNodes(changes: readonly RowChange[], before: Tables, after: Tables): readonly string[] {
  const names = new Set<string>()
  const images = new Set<string>()
  const all = () => [...new Set([...before.snapshot.nodeNames, ...after.snapshot.nodeNames])].sort()
  const addressed = new Set<string>()
  for (const { table, before: was, after: is } of changes) {
    const rows = [was, is].filter((row) => row !== undefined)
    if (table === 'networks') return all()
    if (table === 'site' && rows.some((row) => SITE_KEYS.has(cell(row, 'key')) || isNamed(before, after, row)))
      return all()
    if (table === 'osimage' || table === 'linuximage') for (const row of rows) images.add(cell(row, 'imagename'))
    if (table === 'litefile' || table === 'litetree')
      for (const row of rows) addImages(images, cell(row, 'image'), before, after)
    if (!TABLES.get(table)?.nodeTable) continue
    for (const row of rows) {
      const key = cell(row, 'node')
      const keys = [key, ...membersOf(before, key), ...membersOf(after, key)]
      for (const name of keys) names.add(name)
      if (ADDRESS_TABLES.has(table)) for (const name of keys) addressed.add(name)
    }
  }
  if (addressed.size > 0) for (const name of movedAddresses(before, after)) addressed.add(name)
  for (const name of addressed) names.add(name)
  if (namesServer(addressed, before, after)) return all()
  if (images.size > 0)
    for (const { snapshot } of [before, after])
      for (const name of snapshot.nodeNames) if (images.has(snapshot.node(name)?.imageName ?? '')) names.add(name)
  return [...names].filter((name) => before.snapshot.node(name) || after.snapshot.node(name)).sort()
}

function membersOf({ view }: Tables, group: string): readonly string[] {
  return staticGroups(view).get(group) ?? []
}

/** The image cell of litefile and litetree: a name, an image group, ALL or blank. */
function addImages(images: Set<string>, image: string, before: Tables, after: Tables): void {
  const cellText = image.trim()
  for (const { snapshot } of [before, after])
    for (const { name, groups } of snapshot.images.values())
      if (cellText === '' || cellText === 'ALL' || cellText === name || groups.includes(cellText)) images.add(name)
}

function serverCells(view: TablesView): string[] {
  return SERVER_TABLES.flatMap((table) =>
    view
      .read(table)
      .flatMap((row) =>
        Object.entries(row).flatMap(([column, text]) => (text === null || OTHER_COLUMNS.has(column) ? [] : text)),
      ),
  )
}

function isNamed(before: Tables, after: Tables, row: Row): boolean {
  const variable = `site.${cell(row, 'key')}`
  return [before, after].some(({ view }) => serverCells(view).some((text) => text.includes(variable)))
}

/** A node whose address changes may be the server that others are sent to. */
function namesServer(nodes: ReadonlySet<string>, before: Tables, after: Tables): boolean {
  if (nodes.size === 0) return false
  return [before, after].some(({ view }) =>
    serverCells(view).some((text) => {
      // A pattern may make any name.
      if (text.startsWith('|')) return true
      return text.split(/[^A-Za-z0-9_-]+/).some((word) => nodes.has(word))
    }),
  )
}

/** One address is never given to two nodes: what one node takes another may lose, and what one gives up another may get. */
function movedAddresses(before: Tables, after: Tables): string[] {
  // Two nodes with one address are a fault.
  if (before.snapshot.faults.length + after.snapshot.faults.length === 0) return []
  const addressesOf = ({ snapshot }: Tables, name: string) => {
    const node = snapshot.node(name)
    return node && [node.ip, ...node.ports.flatMap(({ mac, ip }) => [mac, ip])].join()
  }
  return after.snapshot.nodeNames.filter((name) => addressesOf(before, name) !== addressesOf(after, name))
}
