/** Members of groups: named in nodelist.groups (static), or found by the conditions of nodegroup.wherevals (dynamic). */
import { SlowMatch } from './bounded-regexp.ts'
import { type Condition, parseCondition } from './conditions.ts'
import { nicItems, parseNicAttribute } from './nic-values.ts'
import { attributeDefinitions, OBJECT_TYPES, type ObjectType } from './object-types.ts'
import type { Resolver } from './resolve.ts'
import { cell, enabledRows, indexRows, type Row, splitList, type TablesView } from './row.ts'

const staticMembers = new WeakMap<readonly Row[], ReadonlyMap<string, readonly string[]>>()

/** Group → members in table order. Kept as long as the rows live. */
export function staticGroups(view: TablesView): ReadonlyMap<string, readonly string[]> {
  const rows = view.read('nodelist')
  const known = staticMembers.get(rows)
  if (known) return known
  const groups = new Map<string, string[]>()
  for (const [node, [row]] of indexRows(rows, 'node')) {
    for (const group of new Set(splitList(row ? cell(row, 'groups') : ''))) {
      const members = groups.get(group)
      if (members) members.push(node)
      else groups.set(group, [node])
    }
  }
  staticMembers.set(rows, groups)
  return groups
}

export function nodeNames(view: TablesView): string[] {
  return [...indexRows(view.read('nodelist'), 'node').keys()]
}

export function isNode(view: TablesView, name: string): boolean {
  return indexRows(view.read('nodelist'), 'node').has(name)
}

/** Every group there is: nodegroup rows and words of nodelist.groups, sorted. */
export function groupNames(view: TablesView): string[] {
  const names = new Set(staticGroups(view).keys())
  for (const row of enabledRows(view, 'nodegroup')) names.add(cell(row, 'groupname'))
  return [...names].sort()
}

export function isGroup(view: TablesView, name: string): boolean {
  return staticGroups(view).has(name) || indexRows(view.read('nodegroup'), 'groupname').has(name)
}

/** undefined: there is no such group. A group that only nodegroup knows has no members. */
export function groupMembers(view: TablesView, resolver: Resolver, group: string): readonly string[] | undefined {
  const [row] = indexRows(view.read('nodegroup'), 'groupname').get(group) ?? []
  if (row && cell(row, 'grouptype') === 'dynamic') return dynamicMembers(view, resolver, cell(row, 'wherevals'))
  return staticGroups(view).get(group) ?? (row ? [] : undefined)
}

/** Conditions of a dynamic group are about object attributes: `mgt==ipmi::os=~rhels`. Broken ones match nothing. */
function dynamicMembers(view: TablesView, resolver: Resolver, wherevals: string): string[] {
  const conditions = parseWherevals(wherevals)
  if ('fault' in conditions) return []
  try {
    return nodeNames(view).filter((node) => matchesAll(resolver, node, conditions.conditions))
  } catch (error) {
    if (error instanceof SlowMatch) return []
    throw error
  }
}

export function parseWherevals(
  text: string,
): { readonly conditions: readonly Condition[] } | { readonly fault: string } {
  const conditions: Condition[] = []
  for (const part of text.split('::')) {
    const condition = parseCondition(part)
    if (!condition) return { fault: `"${part}" is not a condition: attribute, ==, !=, =~ or !~, value` }
    if ('fault' in condition) return condition
    if (
      condition.name !== 'node' &&
      attributeDefinitions(OBJECT_TYPES.get('node') as ObjectType, condition.name).length === 0
    )
      return { fault: `"${condition.name}" is not an attribute of nodes` }
    conditions.push(condition)
  }
  return { conditions }
}

/** As in lsdef -w: a node that lacks the attribute never matches, not even `!=`. */
export function matchesAll(resolver: Resolver, node: string, conditions: readonly Condition[]): boolean {
  return conditions.every((condition) => {
    const value = nodeAttribute(resolver, node, condition.name)
    return value !== undefined && condition.matches(value)
  })
}

/** An object attribute of a node, resolved: the first definition whose condition holds. */
export function nodeAttribute(resolver: Resolver, node: string, name: string): string | undefined {
  if (name === 'node') return node
  const type = OBJECT_TYPES.get('node') as ObjectType
  for (const { table, column, condition } of attributeDefinitions(type, name)) {
    if (condition && !hasWord(nodeAttribute(resolver, node, condition.attribute), condition.words)) continue
    const value = resolver.value(node, table, column)
    const part = parseNicAttribute(name)
    return part && value !== undefined ? nicItems(value)?.get(part.nic) || undefined : value
  }
  return undefined
}

/** Whether the value contains one of the words, whole. */
export function hasWord(value: string | undefined, words: readonly string[]): boolean {
  return words.some((word) => (value ?? '').split(/\W+/).includes(word))
}
