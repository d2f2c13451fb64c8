/** Objects read from tables: what lsdef shows, and what chdef and its sisters look at before they change anything. */
import { groupMembers, groupNames, hasWord, isGroup, isNode, nodeNames } from './groups.ts'
import { renderHint } from './nearest-name.ts'
import { nicItems, parseNicAttribute } from './nic-values.ts'
import { expandNodeRange } from './noderange.ts'
import {
  type AttributeDefinition,
  attributeDefinitions,
  attributeNames,
  OBJECT_TYPES,
  type ObjectType,
  SITE_OBJECT,
} from './object-types.ts'
import type { Resolver } from './resolve.ts'
import { cell, enabledRows, indexRows, splitList, type TablesView } from './row.ts'
import { tableSchema } from './schema.ts'

export interface ObjectsContext {
  readonly view: TablesView
  readonly resolver: Resolver
  /** For `^file` in node ranges. */
  readonly readFile?: (path: string) => string | undefined
}

export interface AttributeValue {
  readonly value: string
  /** Row the value was found in. */
  readonly table: string
  readonly key: string
  readonly column: string
}

export type ObjectAttributes = ReadonlyMap<string, AttributeValue>

/** Types lsdef -a lists, in this order. The logs are not among them: they have no end. */
export const TYPE_ORDER = [
  'node',
  'osimage',
  'site',
  'group',
  'network',
  'policy',
  'osdistro',
  'route',
  'boottarget',
  'osdistroupdate',
  'rack',
  'zone',
  'kit',
  'kitcomponent',
  'kitrepo',
  'monitoring',
  'notification',
  'pdu',
  'firmware',
  'taskstate',
  'zvmivp',
] as const

export function objectNames({ view }: ObjectsContext, type: ObjectType): string[] {
  if (type.name === 'node') return nodeNames(view).sort()
  if (type.name === 'group') return groupNames(view)
  if (type.name === 'site') return [SITE_OBJECT]
  const names = enabledRows(view, type.home).map((row) => cell(row, type.key))
  if (isLog(type)) return names.sort((a, b) => Number(a) - Number(b))
  return [...new Set(names)].filter((name) => name !== '').sort()
}

export function objectExists({ view }: ObjectsContext, type: ObjectType, name: string): boolean {
  if (type.name === 'node') return isNode(view, name)
  if (type.name === 'group') return isGroup(view, name)
  if (type.name === 'site') return name === SITE_OBJECT
  return indexRows(view.read(type.home), type.key).has(name)
}

/** Names as written on the command line. Node ranges are not verified, but regular expressions find nodes only. */
export function parseObjectNames(
  { view, resolver, readFile }: ObjectsContext,
  type: ObjectType,
  written: string,
): { readonly names: readonly string[]; readonly faults: readonly string[] } {
  if (type.name !== 'node') return { names: splitList(written), faults: [] }
  const context = readFile ? { view, resolver, readFile } : { view, resolver }
  const { nodes, unknown, faults } = expandNodeRange(written, context, { verify: written.startsWith('/') })
  return { names: [...nodes, ...unknown], faults }
}

/** Set attributes only. undefined: there is no such object. */
export function readObject(context: ObjectsContext, type: ObjectType, name: string): ObjectAttributes | undefined {
  if (!objectExists(context, type, name)) return undefined
  if (type.name === 'site') return readSite(context.view)
  const attributes = new Map<string, AttributeValue>()
  for (const attribute of attributeNames(type)) {
    const value = readAttribute(context, type, name, attribute)
    if (value?.table === 'nics') for (const [shown, part] of splitNics(attribute, value)) attributes.set(shown, part)
    else if (value) attributes.set(attribute, value)
  }
  return attributes
}

/** `nicips` → `nicips.eth0`, `nicips.ib0`; what is not such a list stays whole. */
export function splitNics(attribute: string, value: AttributeValue): (readonly [string, AttributeValue])[] {
  const items = nicItems(value.value)
  if (!items) return [[attribute, value]]
  return [...items].map(([nic, part]) => [`${attribute}.${nic}`, { ...value, value: part }] as const)
}

function readSite(view: TablesView): ObjectAttributes {
  const attributes = new Map<string, AttributeValue>()
  for (const row of enabledRows(view, 'site')) {
    const key = cell(row, 'key')
    if (cell(row, 'value') !== '')
      attributes.set(key, { value: cell(row, 'value'), table: 'site', key, column: 'value' })
  }
  return attributes
}

/** One attribute: of the first definition whose condition holds. Values of nodes are resolved, of groups as written. */
export function readAttribute(
  context: ObjectsContext,
  type: ObjectType,
  name: string,
  attribute: string,
): AttributeValue | undefined {
  if (type.name === 'site') return readSite(context.view).get(attribute)
  if (type.name === 'group' && attribute === 'members') {
    const members = groupMembers(context.view, context.resolver, name) ?? []
    return members.length === 0
      ? undefined
      : { value: members.join(','), table: 'nodelist', key: name, column: 'groups' }
  }
  const stored = (other: string) => readAttribute(context, type, name, other)?.value
  const definition = chooseDefinition(type, attribute, stored)
  const found = definition && readCell(context, type, name, definition)
  const part = parseNicAttribute(attribute)
  if (!found || !part) return found
  const value = nicItems(found.value)?.get(part.nic) ?? ''
  return value === '' ? undefined : { ...found, value }
}

/** `current`: what another attribute is or will be. undefined: unknown attribute, or no condition holds. */
export function chooseDefinition(
  type: ObjectType,
  attribute: string,
  current: (attribute: string) => string | undefined,
): AttributeDefinition | undefined {
  return attributeDefinitions(type, attribute).find(
    ({ condition }) => !condition || hasWord(current(condition.attribute), condition.words),
  )
}

function readCell(
  { view, resolver }: ObjectsContext,
  type: ObjectType,
  name: string,
  { table, column }: AttributeDefinition,
): AttributeValue | undefined {
  if (type.name === 'node') {
    const value = resolver.value(name, table, column)
    return value === undefined ? undefined : { value, table, key: name, column }
  }
  const keyColumn = type.tables.get(table) ?? type.key
  const [row] = indexRows(view.read(table), keyColumn).get(name) ?? []
  const value = row ? cell(row, column) : ''
  return value === '' ? undefined : { value, table, key: name, column }
}

/** What the server writes about itself: shown, never made by hand. */
export function isLog({ name }: ObjectType): boolean {
  return name === 'auditlog' || name === 'eventlog'
}

/** Names asked for that do not exist: to compare each of many with a hundred thousand would take minutes. */
const MOST_HINTS = 3

/** Words the fault, and what may have been meant. One for each command: it counts. */
export function createMissing(context: ObjectsContext): (type: ObjectType, name: string) => string {
  let hints = 0
  return (type, name) => {
    const hint = hints++ < MOST_HINTS ? renderHint(name, objectNames(context, type)) : ''
    return `Could not find an object named '${name}' of type '${type.name}'.${hint}`
  }
}

/** Words the fault, and what may have been meant. */
export function renderUnknownAttribute(type: ObjectType, name: string): string {
  return `'${name}' is not a valid attribute name for an object type of '${type.name}'.${renderHint(name, attributeNames(type))}`
}

/** The type of this name, or what to say when there is none. */
export function findObjectType(name: string): ObjectType | { readonly fault: string } {
  const type = OBJECT_TYPES.get(name)
  return (
    (type && type.name !== 'site' && !tableSchema(type.home) ? undefined : type) ?? {
      fault: `\nType '${name}' is not a valid xCAT object type.${renderHint(name, OBJECT_TYPES.keys())}`,
    }
  )
}
