/** mkdef and chdef of groups: who belongs to them. */
import type { Work } from './change-work.ts'
import { matchesAll, nodeNames, parseWherevals } from './groups.ts'
import { parseMembers } from './membership.ts'
import type { WantedObject } from './object-rules.ts'
import type { ObjectType } from './object-types.ts'
import { objectExists } from './objects.ts'
import { cell, indexRows } from './row.ts'

/** Returns whether the request said anything about members. */
export function planMembers(work: Work, asked: WantedObject, group: string): boolean {
  const { context, request, builder, membership } = work
  const written = asked.attributes.get('members')
  const nodes = written === undefined ? whereNodes(work) : parseMembers(context, written, membership, builder)
  if (!nodes) return false
  if (request.mode === 'remove') for (const node of nodes) membership.remove(node, group)
  else {
    const staying = new Set(request.mode === 'append' ? membership.members(group) : nodes)
    for (const node of membership.members(group)) if (!staying.has(node)) membership.remove(node, group)
    for (const node of nodes) membership.add(node, group)
  }
  return true
}

/** -w without -d: the members are those that match now. */
function whereNodes({ context, request, builder }: Work): string[] | undefined {
  if (!request.where || request.where.length === 0) return undefined
  const parsed = parseWherevals(request.where.join('::'))
  if (!('fault' in parsed))
    return nodeNames(context.view).filter((node) => matchesAll(context.resolver, node, parsed.conditions))
  builder.error('Incorrect selection string specified with -w flag.')
  return []
}

export function planDynamicGroup(work: Work, type: ObjectType, asked: WantedObject): void {
  const { context, builder } = work
  const { name } = asked
  const wherevals = combineWherevals(work, name)
  const fault = dynamicGroupFault(asked, wherevals)
  if (fault !== undefined) {
    builder.error(fault)
    return
  }
  if (!objectExists(context, type, name)) work.created.push(name)
  builder.set('nodegroup', { groupname: name }, { grouptype: 'dynamic', members: 'dynamic', wherevals })
  work.written.push(name)
}

/** chdef -p and -m: conditions added to those that are there, or taken away. */
function combineWherevals({ context, request }: Work, name: string): string {
  const given = request.where ?? []
  const [row] = indexRows(context.view.read('nodegroup'), 'groupname').get(name) ?? []
  const now = row && request.mode !== undefined && request.mode !== 'set' ? cell(row, 'wherevals') : ''
  const conditions = now === '' ? [] : now.split('::')
  if (request.mode === 'remove') return conditions.filter((each) => !given.includes(each)).join('::')
  return [...conditions, ...given.filter((each) => !conditions.includes(each))].join('::')
}

function dynamicGroupFault({ name, attributes }: WantedObject, wherevals: string): string | undefined {
  if ([...attributes.keys()].some((attribute) => attribute !== 'members' && attribute !== 'grouptype'))
    return `Can not assign attributes to dynamic node group '${name}'.`
  if (wherevals === '') return `The 'where' attributes and values were not provided for dynamic group '${name}'.`
  const parsed = parseWherevals(wherevals)
  return 'fault' in parsed ? `Incorrect selection string specified with -w flag. ${parsed.fault}` : undefined
}
