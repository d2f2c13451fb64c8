/** What mkdef and chdef refuse before anything is written, in the words administrators know. */
import type { PlanBuilder } from './messages.ts'
import { type AttributeDefinition, attributeDefinitions, OBJECT_TYPES, type ObjectType } from './object-types.ts'
import { chooseDefinition, type ObjectsContext, readAttribute, renderUnknownAttribute } from './objects.ts'
import { cell, enabledRows, splitList } from './row.ts'
import { checkNfsrootopts, NODE_NAME, OBJECT_NAME } from './values.ts'

/** A definition as it was asked for: one object and its new values. */
export interface WantedObject {
  readonly name: string
  readonly attributes: ReadonlyMap<string, string>
}

export function checkAttributeNames(type: ObjectType, names: Iterable<string>, builder: PlanBuilder): boolean {
  let fine = true
  for (const name of names) {
    if (type.name === 'site' || name === type.key || attributeDefinitions(type, name).length > 0) continue
    builder.error(renderUnknownAttribute(type, name))
    builder.error('Skipping to the next attribute.')
    fine = false
  }
  return fine
}

export function checkObjectName(type: ObjectType, name: string, builder: PlanBuilder): boolean {
  if (type.name === 'site') return true
  if (type.name === 'node') {
    if (name.includes('.')) {
      builder.error(`The object name '${name}' is invalid, Cannot use '.' in node name.`)
      return false
    }
    if (NODE_NAME.test(name)) {
      if (/[A-Z]/.test(name))
        builder.warn(
          `The node name '${name}' contains capital letters which may not be resolved correctly by the dns server.`,
        )
      return true
    }
  } else if (OBJECT_NAME.test(name)) return true
  builder.error(
    `The object name '${name}' is invalid, please refer to "man xcatdb" for the valid "xCAT Object Name Format"`,
  )
  return false
}

/** Where each wanted attribute goes. undefined: one of them cannot be set; said so. */
export function placeAttributes(
  context: ObjectsContext,
  type: ObjectType,
  wanted: WantedObject,
  builder: PlanBuilder,
): ReadonlyMap<string, AttributeDefinition> | undefined {
  const places = new Map<string, AttributeDefinition>()
  let fine = true
  const current = (other: string) =>
    wanted.attributes.get(other) ||
    readAttribute(context, type, wanted.name, other)?.value ||
    groupProvided(context, type, wanted, other)
  for (const name of wanted.attributes.keys()) {
    if (type.name === 'site' || name === type.key || (type.name === 'group' && name === 'members')) continue
    const definition = chooseDefinition(type, name, current)
    if (definition) places.set(name, definition)
    else {
      builder.error(
        `Cannot set the attr='${name}' attribute unless ${renderConditions(attributeDefinitions(type, name))}.`,
      )
      fine = false
    }
  }
  return fine ? places : undefined
}

/** What a node gets from the groups it is about to have. */
function groupProvided(
  context: ObjectsContext,
  type: ObjectType,
  wanted: WantedObject,
  attribute: string,
): string | undefined {
  if (type.name !== 'node') return undefined
  for (const group of splitList(wanted.attributes.get('groups') ?? '')) {
    const value = readAttribute(context, OBJECT_TYPES.get('group') as ObjectType, group, attribute)?.value
    if (value) return value
  }
  return undefined
}

/** `mgt value is ipmi or openbmc` */
function renderConditions(definitions: readonly AttributeDefinition[]): string {
  const attribute = definitions[0]?.condition?.attribute ?? ''
  const words = definitions.flatMap(({ condition }) => condition?.words ?? [])
  return `${attribute} value is ${words.join(' or ')}`
}

/** Rules of single types. `isNew`: the object does not exist yet. */
export function checkTypeRules(
  context: ObjectsContext,
  type: ObjectType,
  wanted: WantedObject,
  isNew: boolean,
  builder: PlanBuilder,
): boolean {
  const { name, attributes } = wanted
  if (type.name === 'node' && isNew && !attributes.get('groups')) {
    builder.error(`Attribute 'groups' is not specified for node '${name}', skipping to the next node.`)
    return false
  }
  if (type.name === 'osimage') {
    const fault = checkNfsrootopts(attributes.get('nfsrootopts') || 'ro')
    if (fault !== undefined) builder.error(fault)
    return fault === undefined
  }
  if (type.name !== 'network' || !(isNew || attributes.has('net') || attributes.has('mask'))) return true
  const net = attributes.get('net') ?? readAttribute(context, type, name, 'net')?.value ?? ''
  const mask = attributes.get('mask') ?? readAttribute(context, type, name, 'mask')?.value ?? ''
  if (net === '' || mask === '') {
    builder.error(`Net or mask value should not be empty for xCAT network object '${name}'.`)
    return false
  }
  const other = enabledRows(context.view, 'networks').find(
    (row) => cell(row, 'net') === net && cell(row, 'mask') === mask && cell(row, 'netname') !== name,
  )
  if (!other) return true
  builder.error(
    `A network definition called '${cell(other, 'netname')}' already exists that contains the same net and mask values. Cannot create a definition for '${name}'.`,
  )
  return false
}

/** Scripts that every node runs anyway are dropped from a node's own list. */
export function dropDefaultScripts(
  context: ObjectsContext,
  type: ObjectType,
  wanted: WantedObject,
  builder: PlanBuilder,
): WantedObject {
  if (type.name !== 'node' && type.name !== 'group') return wanted
  const attributes = new Map(wanted.attributes)
  for (const name of ['postscripts', 'postbootscripts']) {
    const list = attributes.get(name)
    if (!list) continue
    const defaults = new Set(splitList(defaultScripts(context, name)))
    const items = splitList(list)
    const kept = items.filter((item) => !defaults.has(item))
    for (const item of items.filter((each) => defaults.has(each)))
      builder.warn(`${wanted.name}: ${name} '${item}' is already included in the 'xcatdefaults'.`)
    if (kept.length < items.length) attributes.set(name, kept.join(','))
  }
  return { name: wanted.name, attributes }
}

export function defaultScripts({ view }: ObjectsContext, column: string): string {
  const row = enabledRows(view, 'postscripts').find((each) => cell(each, 'node') === 'xcatdefaults')
  return row ? cell(row, column) : ''
}
