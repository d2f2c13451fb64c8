/** Nodes that no row tells apart, with their values: a site of a hundred thousand nodes has a few hundred such kinds. */
import { createResolver, type Resolver } from './resolve.ts'
import { cell, indexRows, type TablesView } from './row.ts'

export type Attribute = readonly [table: string, column: string]

export interface NodeKind {
  readonly nodes: readonly string[]
  /** In the order of the attributes. */
  readonly values: readonly (string | undefined)[]
}

/** Nodes by the values of these attributes; kinds that differ in rows but not in values may stand apart. */
export function nodeKinds(
  view: TablesView,
  attributes: readonly Attribute[],
  resolver: Resolver = createResolver(view),
): readonly NodeKind[] {
  const tables = [...new Set(attributes.map(([table]) => table))]
  const own = tables.map((table) => indexRows(view.read(table), 'node'))
  // A pattern gives each node a value of its own.
  const isPatterned = attributes.some(([table, column]) =>
    view.read(table).some((row) => /^[|/]/.test(cell(row, column))),
  )
  const kinds = new Map<string, string[]>()
  for (const [name, rows] of indexRows(view.read('nodelist'), 'node')) {
    const isAlone = isPatterned || own.some((index) => index.has(name))
    const key = isAlone ? `node ${name}` : `groups ${rows.map((row) => cell(row, 'groups')).join('\n')}`
    const members = kinds.get(key)
    if (members) members.push(name)
    else kinds.set(key, [name])
  }
  return [...kinds.values()].map((nodes) => ({
    nodes,
    values: attributes.map(([table, column]) => resolver.value(nodes[0] as string, table, column)),
  }))
}

/** The row that gives the node its value: where an administrator has to look. */
export function originOf(resolver: Resolver, node: string, [table, column]: Attribute): string {
  return resolver.explain(node, table, column).origins[0]?.key ?? node
}
