/** Values a node has from its image, its network or the site. */
import type { ClusterNode, Snapshot } from '../../../cluster/model.ts'
import { explainColumn } from '../../../tables/explain.ts'
import { renderSource } from '../../../tables/explain-text.ts'
import type { AttributeDefinition } from '../../../tables/object-types.ts'
import type { ObjectsContext } from '../../../tables/objects.ts'
import { cell, enabledRows, indexRows, type Row, type TablesView } from '../../../tables/row.ts'
import type { Compiled } from '../context.ts'
import type { NodeResult } from '../per-node.ts'

/** Columns that have a value without being set, and how it is made. */
const IMAGE_DEFAULTS: Readonly<Record<string, string>> = {
  rootimgdir: 'default: <installdir>/netboot/<osvers>/<osarch>/<profile>',
  permission: 'default',
  rootfstype: 'default',
}

export function explainImage(
  objects: ObjectsContext,
  node: ClusterNode,
  { snapshot }: Compiled,
  { name: attribute, table, column }: AttributeDefinition,
): NodeResult {
  const provmethod = explainColumn(objects, node.name, 'nodetype', 'provmethod')
  if (provmethod.value === null)
    return failed(node, `no image: provmethod is not set (nodeset ${node.name} osimage=<image>)`)
  const image = node.imageName === undefined ? undefined : snapshot.images.get(node.imageName)
  if (!image) return failed(node, `provmethod names image ${provmethod.value}, which is not defined`)
  const row = indexRows(objects.view.read(table), 'imagename').get(image.name)?.[0]
  const written = row ? cell(row, column) : ''
  const fallback = IMAGE_DEFAULTS[column]
  const usual = column === 'rootimgdir' ? image.rootimgdir : column === 'permission' ? '755' : 'nfs'
  const value = written !== '' ? written : fallback === undefined ? null : usual
  const where = `${table} row imagename=${image.name}`
  const reason =
    written !== '' ? `from ${where}, ${column}` : `${where} does not set ${column}${fallback ? `: ${fallback}` : ''}`
  const chosen = provmethod.sources.map((source) => `    image ${image.name}: from ${renderSource(source)}`)
  return {
    output: [headLine(node.name, attribute, value), `    ${reason}`, ...chosen],
    errors: [],
    data: {
      node: node.name,
      attribute,
      table,
      column,
      value,
      image: image.name,
      isDefault: written === '',
      provmethod,
    },
  }
}

export function explainNetwork(view: TablesView, node: ClusterNode, snapshot: Snapshot, column: string): NodeResult {
  if (node.ip === undefined) return failed(node, `no address, so no network (chdef ${node.name} ip=<address>)`)
  const network = snapshot.networkOf(node.ip)
  if (!network) return failed(node, `no network contains ${node.ip}: add a networks row for it`)
  const row = enabledRows(view, 'networks').find(
    (each) => cell(each, 'net') === network.net && cell(each, 'mask') === network.mask,
  )
  const value = columnValue(row, column)
  const where = `networks row net=${network.net},mask=${network.mask} (${network.netname})`
  return {
    output: [
      headLine(node.name, `networks.${column}`, value),
      `    from ${where}: it contains the node's address ${node.ip}`,
    ],
    errors: [],
    data: {
      node: node.name,
      attribute: `networks.${column}`,
      table: 'networks',
      column,
      value,
      network: network.netname,
    },
  }
}

export function explainSite(view: TablesView, node: string, key: string): NodeResult {
  const row = enabledRows(view, 'site').find((each) => cell(each, 'key') === key)
  const value = columnValue(row, 'value')
  const reason = value === null ? `no site row has key=${key}: its default holds` : `from site row key=${key}`
  return {
    output: [headLine(node, `site.${key}`, value), `    ${reason}`],
    errors: [],
    data: { node, attribute: `site.${key}`, table: 'site', column: 'value', key, value },
  }
}

function columnValue(row: Row | undefined, column: string): string | null {
  const text = row ? cell(row, column) : ''
  return text === '' ? null : text
}

function headLine(node: string, attribute: string, value: string | null): string {
  return value === null ? `${node}: ${attribute} is not set` : `${node}: ${attribute}=${value}`
}

function failed(node: ClusterNode, message: string): NodeResult {
  return { output: [], errors: [`${node.name}: Error: ${message}`] }
}
