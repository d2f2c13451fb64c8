/** mkdef and chdef: definitions wanted → rows to write and what to say. Pure: nothing is written here. */
import type { ObjectChangeRequest, Work } from './change-work.ts'
import { planDynamicGroup, planMembers } from './group-change.ts'
import { Membership } from './membership.ts'
import { type CommandPlan, PlanBuilder } from './messages.ts'
import {
  checkAttributeNames,
  checkObjectName,
  checkTypeRules,
  dropDefaultScripts,
  placeAttributes,
  type WantedObject,
} from './object-rules.ts'
import { type AttributeDefinition, type ObjectType, SITE_OBJECT } from './object-types.ts'
import {
  createMissing,
  findObjectType,
  isLog,
  type ObjectsContext,
  objectExists,
  parseObjectNames,
  readAttribute,
} from './objects.ts'
import { createResolver } from './resolve.ts'
import { splitList, type TablesView } from './row.ts'
import { parseStanzas } from './stanza.ts'

const FAILED = 'One or more errors occured when attempting to create or modify xCAT object definitions.'
const NOTHING = 'No object definitions have been created or modified.'

export type { ObjectChangeRequest } from './change-work.ts'

export function planObjectChange(context: ObjectsContext, request: ObjectChangeRequest): CommandPlan {
  const builder = new PlanBuilder()
  const work: Work = {
    context,
    request,
    builder,
    membership: new Membership(context),
    written: [],
    created: [],
    skipped: 0,
    missing: createMissing(context),
  }
  const wanted = collectWanted(work)
  if (!wanted) return builder.plan(1)
  // One wrong attribute name and nothing is written: a typing error must not half-change a definition.
  const named = wanted.every(({ type, object }) => checkAttributeNames(type, object.attributes.keys(), builder))
  if (named) for (const { type, object } of wanted) planObject(work, type, object)
  work.membership.write(builder)
  return summarize(work)
}

type Wanted = { readonly type: ObjectType; readonly object: WantedObject }[]

function collectWanted(work: Work): Wanted | undefined {
  const { context, request, builder } = work
  if (request.stanzas !== undefined) {
    const parsed = parseStanzas(request.stanzas)
    for (const fault of parsed.faults) builder.error(fault)
    return parsed.faults.length > 0
      ? undefined
      : parsed.objects.map(({ type, name, attributes }) => ({ type, object: { name, attributes } }))
  }
  const type = findObjectType(request.type ?? 'node')
  if ('fault' in type) {
    builder.error(type.fault)
    return undefined
  }
  if (isLog(type)) {
    builder.error(`Objects of type '${type.name}' are written by the server, not by hand.`)
    return undefined
  }
  const attributes = new Map(request.attributes)
  const written = request.names ?? (type.name === 'site' ? SITE_OBJECT : attributes.get(type.key))
  if (written === undefined || written === '') {
    builder.error('No object names were provided.')
    return undefined
  }
  if (attributes.size === 0 && request.where === undefined && !request.dynamic) {
    if (request.command === 'chdef') return []
    builder.error('No object definitions have been created or modified: no attributes were specified.')
    if (type.name === 'node') builder.error("The attribute 'groups' is required for a new node.")
    return undefined
  }
  const { names, faults } = parseObjectNames(context, type, written)
  for (const fault of faults) builder.error(fault)
  if (faults.length > 0) return undefined
  return names.map((name) => ({ type, object: { name, attributes } }))
}

function planObject(work: Work, type: ObjectType, asked: WantedObject): void {
  const { context, request, builder } = work
  const exists = objectExists(context, type, asked.name)
  if (request.command === 'mkdef' && exists && !request.force && type.name !== 'site') {
    builder.warn(
      `A definition for '${asked.name}' already exists. No changes will be made.  Run again with '-f' option to force replace.`,
    )
    work.skipped++
    return
  }
  const isNew = !exists || request.command === 'mkdef'
  if (!exists && request.mode === 'remove') {
    builder.error(work.missing(type, asked.name))
    return
  }
  if (!exists && !checkObjectName(type, asked.name, builder)) return
  if (type.name === 'group' && request.dynamic) {
    planDynamicGroup(work, type, asked)
    return
  }
  const base = isNew && exists ? forget(context, type, asked.name) : context
  let wanted = withDefaults(type, asked, isNew)
  const changed = combine(base, type, wanted, request.mode ?? 'set', builder)
  if (!changed) return
  wanted = dropDefaultScripts(context, type, changed, builder)
  if (!checkTypeRules(base, type, wanted, isNew, builder)) return
  const places = placeAttributes(base, type, wanted, builder)
  if (!places) return
  if (exists && request.command === 'mkdef')
    for (const [table, column] of type.tables) builder.delete(table, { [column]: wanted.name })
  const membersChanged = type.name === 'group' && planMembers(work, asked, wanted.name)
  if (wanted.attributes.size === 0 && !membersChanged) return
  writeAttributes(builder, type, wanted, places)
  // chdef of a group that some node names adds no row, as in xCAT.
  if (type.name === 'group' && (request.command === 'mkdef' || !exists))
    builder.set('nodegroup', { groupname: wanted.name }, { grouptype: 'static', members: 'static' })
  work.written.push(wanted.name)
  if (!exists) work.created.push(wanted.name)
}

/** mkdef -f: the object's old rows are as if they were not there. */
function forget(context: ObjectsContext, type: ObjectType, name: string): ObjectsContext {
  const view: TablesView = {
    read: (table) => {
      const rows = context.view.read(table)
      const column = type.tables.get(table)
      return column === undefined ? rows : rows.filter((row) => row[column] !== name)
    },
  }
  return { ...context, view, resolver: createResolver(view) }
}

function withDefaults(type: ObjectType, wanted: WantedObject, isNew: boolean): WantedObject {
  // xCAT would make it a NIM image and then refuse every Linux attribute.
  if (type.name !== 'osimage' || !isNew || wanted.attributes.has('imagetype')) return wanted
  return { name: wanted.name, attributes: new Map([['imagetype', 'linux'], ...wanted.attributes]) }
}

/** -p and -m: the list as it is now, with items added or taken away. Only what changes is kept. */
function combine(
  context: ObjectsContext,
  type: ObjectType,
  wanted: WantedObject,
  mode: 'set' | 'append' | 'remove',
  builder: PlanBuilder,
): WantedObject | undefined {
  if (mode === 'set') return wanted
  const attributes = new Map<string, string>()
  for (const [attribute, value] of wanted.attributes) {
    if (type.name === 'group' && attribute === 'members') continue
    const now = readAttribute(context, type, wanted.name, attribute)?.value
    const items = splitList(now ?? '')
    const given = splitList(value)
    if (mode === 'append') {
      const added = given.filter((item, at) => !items.includes(item) && given.indexOf(item) === at)
      if (added.length > 0) attributes.set(attribute, [...items, ...added].join(','))
      continue
    }
    const absent = given.find((item) => !items.includes(item))
    if (now === undefined)
      builder.error(`No value got for attribute '${attribute}' for the '${wanted.name}' definition.`)
    else if (absent !== undefined)
      builder.error(`${absent} is not in the attribute of '${attribute}' for the '${wanted.name}' definition.`)
    else {
      attributes.set(attribute, items.filter((item) => !given.includes(item)).join(','))
      continue
    }
    return undefined
  }
  return { name: wanted.name, attributes }
}

function writeAttributes(
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
  for (const [table, values] of byTable)
    builder.set(table, { [type.tables.get(table) ?? type.key]: wanted.name }, values)
}

function summarize(work: Work): CommandPlan {
  const { request, builder, written, created } = work
  const isMkdef = request.command === 'mkdef'
  const count = written.length
  if (builder.failed && isMkdef) builder.error(FAILED)
  if (count > 0) {
    if (request.verbose) {
      builder.info('The database was updated for the following objects:')
      for (const name of [...written].sort()) builder.info(name)
    } else builder.info(`${count} object definitions have been created or modified.`)
    if (!isMkdef && created.length > 0)
      builder.info(`New object definitions '${[...created].sort().join(',')}' have been created.`)
  } else if (!isMkdef) builder.info(NOTHING)
  else if (!builder.failed) builder.error('0 object definitions have been created or modified.')
  return builder.plan()
}
