/** mkdef and chdef: the values asked for, combined with those that are there, and the rows they are written to. */
import { cellForm } from './cells.ts'
import type { PlanBuilder } from './messages.ts'
import { foldNics } from './nic-change.ts'
import { parseNicAttribute } from './nic-values.ts'
import type { WantedObject } from './object-rules.ts'
import type { AttributeDefinition, ObjectType } from './object-types.ts'
import { type ObjectsContext, readAttribute, readObject } from './objects.ts'
import { createResolver } from './resolve.ts'
import { cell, indexRows, type Row, splitList, type TablesView } from './row.ts'
import { TABLES } from './schema.ts'

export type ChangeMode = 'set' | 'append' | 'remove'

/** mkdef -f: the old rows of all objects that are replaced are as if they were not there. */
export function forgetObjects(context: ObjectsContext, type: ObjectType, names: ReadonlySet<string>): ObjectsContext {
  const kept = new Map<string, readonly Row[]>()
  const view: TablesView = {
    read: (table) => {
      const column = type.tables.get(table)
      if (column === undefined) return context.view.read(table)
      let rows = kept.get(table)
      if (!rows) {
        rows = context.view.read(table).filter((row) => !names.has(cell(row, column)))
        kept.set(table, rows)
      }
      return rows
    },
  }
  return { ...context, view, resolver: createResolver(view) }
}

export function withDefaults(type: ObjectType, wanted: WantedObject, isNew: boolean): WantedObject {
  // xCAT would make it a NIM image and then refuse every Linux attribute.
  if (type.name !== 'osimage' || !isNew || wanted.attributes.has('imagetype')) return wanted
  return { name: wanted.name, attributes: new Map([['imagetype', 'linux'], ...wanted.attributes]) }
}

/** -p and -m: the lists as they are now, with items added or taken away. Only what changes is kept. */
export function combine(
  context: ObjectsContext,
  type: ObjectType,
  wanted: WantedObject,
  mode: ChangeMode,
  builder: PlanBuilder,
): WantedObject | undefined {
  const attributes = new Map<string, string>()
  for (const [attribute, value] of wanted.attributes) {
    if (type.name !== 'site' && parseNicAttribute(attribute)) continue
    // As in xCAT, the word NULL unsets.
    if (mode === 'set') attributes.set(attribute, value === 'NULL' ? '' : value)
    else if (type.name !== 'group' || attribute !== 'members') {
      const now = readAttribute(context, type, wanted.name, attribute)?.value
      const next = combineList(wanted.name, attribute, now, value, mode)
      if (typeof next === 'object') {
        builder.error(next.fault)
        return undefined
      }
      if (next !== undefined) attributes.set(attribute, next)
    }
  }
  const nics = type.name === 'site' ? new Map<string, string>() : foldNics(context, type, wanted, mode, builder)
  return nics && { name: wanted.name, attributes: new Map([...attributes, ...nics]) }
}

/** undefined: nothing changes. */
function combineList(
  name: string,
  attribute: string,
  now: string | undefined,
  value: string,
  mode: 'append' | 'remove',
): string | undefined | { readonly fault: string } {
  // As written in the row of a group: a list with a pattern in it would be plain text.
  if (now !== undefined && cellForm(now) !== 'plain')
    return { fault: `'${attribute}' of '${name}' is a value pattern (${now}): write it whole, without -p or -m.` }
  const items = splitList(now ?? '')
  const given = splitList(value)
  if (mode === 'append') {
    const added = given.filter((item, at) => !items.includes(item) && given.indexOf(item) === at)
    return added.length === 0 ? undefined : [...items, ...added].join(',')
  }
  const absent = given.find((item) => !items.includes(item))
  if (now === undefined) return { fault: `No value got for attribute '${attribute}' for the '${name}' definition.` }
  if (absent !== undefined)
    return { fault: `${absent} is not in the attribute of '${attribute}' for the '${name}' definition.` }
  return items.filter((item) => !given.includes(item)).join(',')
}

/**
 * Of a stanza file: whether the object is already what the stanza says. `whole`: it has nothing besides (mkdef -f).
 * lsdef -z shows resolved values; read back, they must not turn what a node has from its groups into rows of its own.
 */
export function isAsWanted(context: ObjectsContext, type: ObjectType, wanted: WantedObject, whole: boolean): boolean {
  const now = readObject(context, type, wanted.name)
  if (!now) return false
  const given = [...wanted.attributes].filter(([name, value]) => name !== type.key && !(whole && value === ''))
  if (whole && given.length !== now.size) return false
  return given.every(([name, value]) => (now.get(name)?.value ?? '') === value)
}

/** Of a stanza file: what a node has already stays as it is written, be it a group's value or a pattern of its own. */
export function keepAsWritten(context: ObjectsContext, type: ObjectType, wanted: WantedObject): WantedObject {
  if (type.name !== 'node') return wanted
  const attributes = new Map<string, string>()
  for (const [name, value] of wanted.attributes) {
    const now = readAttribute(context, type, wanted.name, name)
    const isSame = now !== undefined && value !== '' && now.value === value
    if (!isSame) attributes.set(name, value)
    else if (context.resolver.source(wanted.name, now.table, now.column) === wanted.name)
      attributes.set(name, ownCell(context, now.table, wanted.name, now.column))
  }
  return { name: wanted.name, attributes }
}

function ownCell({ view }: ObjectsContext, table: string, node: string, column: string): string {
  const rows = indexRows(view.read(table), 'node').get(node) ?? []
  return rows.map((row) => cell(row, column)).find((text) => text !== '') ?? ''
}

export function writeAttributes(
  { view }: ObjectsContext,
  builder: PlanBuilder,
  type: ObjectType,
  wanted: WantedObject,
  places: ReadonlyMap<string, AttributeDefinition>,
): void {
  if (type.name === 'site') {
    for (const [key, value] of wanted.attributes) {
      if (value === '') builder.delete('site', { key })
      else builder.set('site', { key }, { value })
    }
    return
  }
  const byTable = new Map<string, Record<string, string>>()
  // The row that makes the object exist is written even when nothing else is known of it.
  if (type.home === 'osimage') byTable.set(type.home, {})
  for (const [attribute, { table, column }] of places) {
    const values = byTable.get(table) ?? {}
    values[column] = wanted.attributes.get(attribute) ?? ''
    byTable.set(table, values)
  }
  for (const [table, values] of byTable) builder.set(table, rowKeys(view, type, table, wanted.name), values)
}

/** Of several rows that an object has in a table (switch), commands see and change the first. */
function rowKeys(view: TablesView, type: ObjectType, table: string, name: string): Record<string, string> {
  const column = type.tables.get(table) ?? type.key
  const key = TABLES.get(table)?.key ?? []
  const [first, second] = key.length > 1 ? (indexRows(view.read(table), column).get(name) ?? []) : []
  if (!first || !second) return { [column]: name }
  return Object.fromEntries(key.map((each) => [each, cell(first, each)]))
}
