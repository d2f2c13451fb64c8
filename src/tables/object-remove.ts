/** rmdef and chdef -n: rows of an object leave, or take another name, in every table that knows it. */
import { isNode } from './groups.ts'
import { Membership } from './membership.ts'
import { type CommandPlan, PlanBuilder } from './messages.ts'
import { checkObjectName } from './object-rules.ts'
import { OBJECT_TYPES, type ObjectType } from './object-types.ts'
import {
  createMissing,
  findObjectType,
  type ObjectsContext,
  objectExists,
  objectNames,
  parseObjectNames,
  TYPE_ORDER,
} from './objects.ts'
import { cell, enabledRows, hasValue } from './row.ts'
import { NODE_TABLE_NAMES } from './schema.ts'

export interface ObjectRemoveRequest {
  readonly type?: string
  readonly names?: string
  /** -a: every object of every type but site. Needs `force`. */
  readonly all?: boolean
  readonly force?: boolean
  readonly verbose?: boolean
}

export function planObjectRemove(context: ObjectsContext, request: ObjectRemoveRequest): CommandPlan {
  const builder = new PlanBuilder()
  const membership = new Membership(context)
  const removed: string[] = []
  const missing = createMissing(context)
  const targets = collectTargets(context, request, builder)
  if (!targets) return builder.plan(1)
  const gone = new Set(targets.filter(({ type }) => type.name === 'node').map(({ name }) => name))
  for (const { type, name } of targets) {
    if (!objectExists(context, type, name)) {
      builder.error(missing(type, name))
      continue
    }
    if (type.name === 'group')
      for (const node of membership.members(name)) if (!gone.has(node)) membership.remove(node, name)
    for (const [table, column] of tablesToClear(type)) {
      // A node that has the same name as the group keeps its rows.
      if (type.name === 'group' && column === 'node' && isNode(context.view, name) && !gone.has(name)) continue
      if (hasValue(context.view.read(table), column, name)) builder.delete(table, { [column]: name })
    }
    removed.push(name)
  }
  membership.write(builder)
  if (removed.length === 0) builder.info('No objects have been removed from the xCAT database.')
  else if (request.verbose) {
    builder.info('The following objects were removed:')
    builder.info('')
    for (const name of removed.sort()) builder.info(name)
  } else builder.info(`${removed.length} object definitions have been removed.`)
  return builder.plan()
}

/** Nodes and groups leave every node table, statelite included: xCAT forgets that one. */
function tablesToClear(type: ObjectType): readonly (readonly [table: string, column: string])[] {
  if (type.name !== 'node' && type.name !== 'group') return [...type.tables]
  const nodeTables = NODE_TABLE_NAMES.filter((table) => type.name === 'node' || table !== 'nodelist')
  const own = type.name === 'group' ? ([['nodegroup', 'groupname']] as const) : []
  return [...own, ...nodeTables.map((table) => [table, 'node'] as const)]
}

function collectTargets(context: ObjectsContext, request: ObjectRemoveRequest, builder: PlanBuilder) {
  if (request.all) {
    if (!request.force) {
      builder.error("You must use the '-f' option when using the '-a' option.")
      return undefined
    }
    return TYPE_ORDER.filter((name) => name !== 'site').flatMap((typeName) => {
      const type = OBJECT_TYPES.get(typeName) as ObjectType
      return objectNames(context, type).map((name) => ({ type, name }))
    })
  }
  const type = findObjectType(request.type ?? 'node')
  if ('fault' in type) builder.error(type.fault)
  else if (type.name === 'site')
    builder.error(
      "The site definition cannot be removed: it would empty the site table. Remove single settings with 'chdef -t site <key>='.",
    )
  else if (request.names === undefined || request.names === '') builder.error('No object names were provided.')
  else {
    const { names, faults } = parseObjectNames(context, type, request.names)
    for (const fault of faults) builder.error(fault)
    if (faults.length === 0) return names.map((name) => ({ type, name }))
  }
  return undefined
}

/** References to images by name, besides the image's own rows. */
const IMAGE_REFERENCES = [
  ['litefile', 'image'],
  ['litetree', 'image'],
  ['nodetype', 'provmethod'],
] as const

/** chdef -n */
export function planObjectRename(context: ObjectsContext, typeName: string, from: string, to: string): CommandPlan {
  const builder = new PlanBuilder()
  const type = findObjectType(typeName)
  if ('fault' in type) {
    builder.error(type.fault)
    return builder.plan()
  }
  if (type.name === 'site') builder.error('The site definition cannot be renamed.')
  else if (!objectExists(context, type, from)) builder.error(`The ${from} is not a valid object.`)
  else if (objectExists(context, type, to)) builder.error(`Object ${to} already exists.`)
  else if (checkObjectName(type, to, builder)) {
    rename(context, type, from, to, builder)
    builder.info(`Changed the object name from ${from} to ${to}.`)
  }
  return builder.plan()
}

function rename(context: ObjectsContext, type: ObjectType, from: string, to: string, builder: PlanBuilder): void {
  const places: (readonly [string, string])[] = [
    ...tablesToClear(type),
    ...(type.name === 'osimage' ? IMAGE_REFERENCES : []),
  ]
  for (const [table, column] of places) {
    if (hasValue(context.view.read(table), column, from)) builder.set(table, { [column]: from }, { [column]: to })
  }
  if (type.name !== 'group') return
  const membership = new Membership(context)
  for (const row of enabledRows(context.view, 'nodelist')) {
    const node = cell(row, 'node')
    if (context.resolver.groups(node).includes(from)) membership.rename(node, from, to)
  }
  membership.write(builder)
}
