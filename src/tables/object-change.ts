/** mkdef and chdef: definitions wanted → rows to write and what to say. Pure: nothing is written here. */
import type { ObjectChangeRequest, Work } from './change-work.ts'
import { planDynamicGroup, planMembers } from './group-change.ts'
import { isNode } from './groups.ts'
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
import { type ObjectType, SITE_OBJECT } from './object-types.ts'
import { combine, forgetObjects, isAsWanted, keepAsWritten, withDefaults, writeAttributes } from './object-values.ts'
import { createMissing, findObjectType, isLog, type ObjectsContext, objectExists, parseObjectNames } from './objects.ts'
import { hasValue, splitList } from './row.ts'
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
    forgotten: new Map(),
  }
  const wanted = collectWanted(work)
  if (!wanted) return builder.plan(1)
  // One wrong attribute name and nothing is written: a typing error must not half-change a definition.
  const named = wanted.every(({ type, object }) => checkAttributeNames(type, object.attributes.keys(), builder))
  if (named && request.command === 'mkdef' && request.force) forgetReplaced(work, wanted)
  if (named) for (const { type, object } of wanted) planObject(work, type, object)
  work.membership.write(builder)
  return summarize(work)
}

/** Once for all objects of a type: to do it for each of ten thousand nodes would take minutes. */
function forgetReplaced({ context, forgotten }: Work, wanted: Wanted): void {
  for (const [type, objects] of Map.groupBy(wanted, (each) => each.type))
    forgotten.set(type, forgetObjects(context, type, new Set(objects.map(({ object }) => object.name))))
}

type Wanted = { readonly type: ObjectType; readonly object: WantedObject }[]

function collectWanted(work: Work): Wanted | undefined {
  const { context, request, builder } = work
  if (request.stanzas !== undefined) {
    const parsed = parseStanzas(request.stanzas)
    for (const fault of parsed.faults) builder.error(fault)
    if (parsed.faults.length > 0) return undefined
    // Groups name their members: those must be known by then.
    const nodesFirst = parsed.objects.toSorted(
      (a, b) => Number(b.type.name === 'node') - Number(a.type.name === 'node'),
    )
    return nodesFirst.map(({ type, name, attributes }) => ({ type, object: { name, attributes } }))
  }
  if (request.type?.includes(',')) {
    builder.error("Cannot combine multiple types with 'att=val' pairs on the command line.")
    return undefined
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
  if (names.length === 0 && faults.length === 0)
    builder.error(`No ${type.name} in '${written}': is it the name of a group without members?`)
  if (names.length === 0 || faults.length > 0) return undefined
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
  if (request.stanzas !== undefined && exists) {
    if (isAsWanted(context, type, asked, request.command === 'mkdef')) {
      work.written.push(asked.name)
      return
    }
  }
  const base = isNew && exists ? (work.forgotten.get(type) ?? context) : context
  const changed = combine(base, type, withDefaults(type, asked, isNew), request.mode ?? 'set', builder)
  if (!changed) return
  let wanted = dropDefaultScripts(context, type, changed, builder)
  if (!checkTypeRules(base, type, wanted, isNew, builder)) return
  const placed = placeAttributes(base, type, wanted, builder)
  if (!placed) return
  let places = placed
  if (request.stanzas !== undefined && exists) {
    wanted = keepAsWritten(context, type, wanted)
    places = new Map([...placed].filter(([name]) => wanted.attributes.has(name)))
  }
  if (exists && request.command === 'mkdef') deleteRows(work, type, wanted.name)
  const isDynamic = type.name === 'group' && asked.attributes.get('grouptype') === 'dynamic'
  const membersChanged = type.name === 'group' && !isDynamic && planMembers(work, asked, wanted.name)
  if (wanted.attributes.size === 0 && !membersChanged) return
  writeAttributes(base, builder, type, wanted, places)
  const groups = type.name === 'node' ? wanted.attributes.get('groups') : undefined
  if (groups !== undefined) work.membership.assign(wanted.name, splitList(groups))
  // chdef of a group that some node names adds no row, as in xCAT.
  if (type.name === 'group' && (request.command === 'mkdef' || !exists)) {
    const grouptype = isDynamic ? 'dynamic' : 'static'
    builder.set('nodegroup', { groupname: wanted.name }, { grouptype, members: grouptype })
  }
  work.written.push(wanted.name)
  if (!exists) work.created.push(wanted.name)
}

/** mkdef -f. A node that has the same name as the group keeps its rows. */
function deleteRows({ context: { view }, builder }: Work, type: ObjectType, name: string): void {
  for (const [table, column] of type.tables) {
    if (type.name === 'group' && column === 'node' && isNode(view, name)) continue
    if (hasValue(view.read(table), column, name)) builder.delete(table, { [column]: name })
  }
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
